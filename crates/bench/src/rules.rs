//! `exec` of a query on one gateway through two connections: one that no rule reaches,
//! and one with guardrails, masking rules and the lineage of its columns.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::servers::Postgres;

use crate::contestant::{Binary, Gateway};
use crate::fault::Fault;
use crate::load::{Plan, Report, Tool, measure};
use crate::show;

/// The connection that no rule reaches.
const PLAIN: &str = "plain";
/// The connection that all rules reach.
const RULED: &str = "ruled";

/// Measure what rules cost: `exec` with guardrails, masking rules and lineage, against
/// `exec` without.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Guardrails on the connection, each with three input rules and one output rule.
    #[arg(long, default_value_t = 20)]
    guardrails: usize,
    /// Masking rules on the connection, each with entity types and a column rule.
    #[arg(long, default_value_t = 10)]
    masking: usize,
    /// Rows that the query answers.
    #[arg(long, default_value_t = 1)]
    rows: usize,
    /// Numbers of clients.
    #[arg(long, value_delimiter = ',', default_value = "1,8")]
    clients: Vec<usize>,
    /// Turns of each connection at each number of clients.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of one turn.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Runs the comparison and prints a line for each number of clients.
///
/// # Errors
/// A server does not start or answers wrongly.
pub async fn run(options: Options) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let postgres = Postgres::start();
    let database = postgres.database();
    postgres.psql(&database.name, TABLES);
    let gateway =
        Gateway::start(&options.binary, &folder.path().join("data"), folder.path()).await?;
    gateway.connect(PLAIN, &database).await?;
    gateway.connect(RULED, &database).await?;
    for number in 0..options.guardrails {
        gateway
            .create("/api/guardrails", &guardrail(number))
            .await?;
    }
    for number in 0..options.masking {
        let rule = masking_rule(number);
        gateway.create("/api/datamasking-rules", &rule).await?;
    }
    let query = query(options.rows);
    for clients in &options.clients {
        let mut turns = [Vec::new(), Vec::new()];
        // In turns, so that a slow minute of the machine hits both.
        for _ in 0..options.rounds.max(1) {
            for (name, turns) in [PLAIN, RULED].into_iter().zip(&mut turns) {
                let tool = Gateway::exec(name, &query);
                turns.push(turn(&options, &gateway, &tool, *clients).await?);
            }
        }
        let [plain, ruled] = turns.map(median);
        show(&line(*clients, &plain, &ruled).to_string());
    }
    Ok(())
}

const TABLES: &str = "create table customers (id int primary key, name text, email text,
        phone text, city text, since date);
    insert into customers select n, 'Customer ' || n, 'c' || n || '@example.com',
        '+1 212 555 0' || (100 + n % 900), 'Oslo', date '2020-01-01' + n
        from generate_series(1, 1000) n;
    create view mails as select id, lower(email) as mail, name, city from customers;
    grant all on all tables in schema public to public";

fn query(rows: usize) -> String {
    format!(
        "select m.id, m.mail as contact, c.name, c.phone, upper(c.city) as city, c.since \
         from mails m join customers c on c.id = m.id \
         where c.id between 1 and {rows} and c.since is not null order by c.id limit 1000"
    )
}

/// One that the query does not break.
fn guardrail(number: usize) -> Value {
    json!({
        "name": format!("guardrail {number}"),
        "connection_ids": [RULED],
        "input": {"rules": [
            {"type": "sql", "sql": {"require_where": ["update", "delete"],
                "deny_statements": ["drop", "truncate"], "deny_tables": [format!("secret{number}")],
                "deny_columns": [format!("vault{number}.*")]}},
            {"type": "deny_words_list", "words": [format!("forbidden word {number}"), "xp_cmdshell"]},
            {"type": "pattern_match", "pattern_regex": format!("(?i)\\bpg_sleep{number}\\b")},
        ]},
        "output": {"rules": [
            {"type": "pattern_match", "pattern_regex": format!("proj-{number}-[0-9]{{6}}")},
        ]},
    })
}

fn masking_rule(number: usize) -> Value {
    let presets = [
        "CONTACT_INFORMATION",
        "FINANCIAL_DATA",
        "US_DOCUMENTS",
        "CREDENTIALS",
    ];
    json!({
        "name": format!("masking {number}"),
        "connection_ids": [RULED],
        "supported_entity_types": [{"name": presets[number % presets.len()]}],
        "custom_entity_types": [{"name": format!("BADGE_{number}"), "regex": format!("B{number}-[0-9]{{6}}")}],
        "column_rules": [{"table": "customers",
            "column": if number == 0 { "email".to_owned() } else { format!("column{number}") },
            "strategy": "hash"}],
    })
}

async fn turn(
    options: &Options,
    gateway: &Gateway,
    tool: &Tool,
    clients: usize,
) -> Result<Report, Fault> {
    measure(&Plan {
        endpoint: &gateway.endpoint,
        tool,
        clients,
        calls: u64::MAX,
        time: Duration::from_secs(options.seconds),
        warm_up: 50,
        pids: &[gateway.process.pid()],
    })
    .await
}

/// The turn with the median of the medians; there is one turn at least.
fn median(mut turns: Vec<Report>) -> Report {
    turns.sort_by(|a, b| a.p50_ms.total_cmp(&b.p50_ms));
    turns.swap_remove(turns.len() / 2)
}

fn line(clients: usize, plain: &Report, ruled: &Report) -> Value {
    let figures = |report: &Report| {
        json!({"p50_ms": report.p50_ms, "p99_ms": report.p99_ms,
            "calls_per_second": report.calls_per_second,
            "cpu_ms_per_call": report.server_cpu_ms_per_call})
    };
    json!({
        "clients": clients,
        "plain": figures(plain),
        "ruled": figures(ruled),
        "p50_ratio": (ruled.p50_ms / plain.p50_ms * 1000.0).round() / 1000.0,
    })
}
