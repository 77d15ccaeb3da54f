//! How long it takes to know a statement, beside the parsers alone.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sql::{Dialect, FactsCache, facts, without_comments};
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;
use squawk_parser::{EntryPoint, LexedStr};
use squawk_syntax::SourceFile;

/// The allocator of the program: a tree is many small parts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A statement of the usual length, about 200 bytes.
const TYPICAL: &str = "SELECT u.id, u.name, count(o.id) AS orders, sum(o.total) AS total \
    FROM users u JOIN orders o ON o.user_id = u.id WHERE o.status = 'paid' AND o.total > 10 \
    GROUP BY u.id, u.name ORDER BY total DESC LIMIT 20";

fn bench(c: &mut Criterion) {
    for (name, dialect) in [
        ("postgres", Dialect::Postgres),
        ("mysql", Dialect::Mysql),
        ("mssql", Dialect::Mssql),
    ] {
        c.bench_function(&format!("facts/{name}"), |b| {
            b.iter(|| facts(black_box(TYPICAL), dialect));
        });
    }
    // What the same text takes without facts: for PostgreSQL the steps of the parser, and
    // its own tree with every rule checked; for the others the parser.
    c.bench_function("reference/postgres parser", |b| {
        b.iter(|| {
            let lexed = LexedStr::new(black_box(TYPICAL));
            EntryPoint::SourceFile.parse(&lexed.to_input())
        });
    });
    c.bench_function("reference/postgres tree and rules", |b| {
        b.iter(|| SourceFile::parse(black_box(TYPICAL)).errors());
    });
    c.bench_function("reference/mysql parser", |b| {
        b.iter(|| Parser::parse_sql(&MySqlDialect {}, black_box(TYPICAL)));
    });
    let cache = FactsCache::new(1 << 20);
    c.bench_function("facts/cached", |b| {
        b.iter(|| cache.facts(black_box(TYPICAL), Dialect::Postgres));
    });
    let long = format!("SELECT 1 IN ({}1)", "1, ".repeat(5_000));
    c.bench_function("facts/long list", |b| {
        b.iter(|| facts(black_box(&long), Dialect::Postgres));
    });
    let commented = format!("{TYPICAL} /* why */ -- and so on");
    c.bench_function("without comments", |b| {
        b.iter(|| without_comments(black_box(&commented), Some(Dialect::Postgres)).len());
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
