//! `drawgate doctor`: what stands between this machine and a run.

use chrono::DateTime;
use model::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::address;
use crate::api::{Api, reason};
use crate::failure::Failure;
use crate::globals::{Globals, OutputFormat};
use crate::output::Output;
use crate::request::Request;
use crate::settings::{Settings, SettingsFile};
use crate::table::Rows;

/// Largest difference of two clocks that is no trouble, in seconds.
const GOOD_SKEW: i64 = 30;

/// One finding.
struct Finding {
    name: &'static str,
    is_good: bool,
    text: String,
}

impl Finding {
    fn good(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            is_good: true,
            text: text.into(),
        }
    }

    fn bad(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            is_good: false,
            text: text.into(),
        }
    }

    fn failed(name: &'static str, failure: &Failure) -> Self {
        let hint = failure
            .hint()
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        Self::bad(name, format!("{failure}{hint}"))
    }
}

/// Checks everything and prints what was found; exit code 1 when something is wrong.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) async fn run(globals: &Globals, out: Output) -> Result<i32, Failure> {
    let mut findings = Vec::new();
    if let Some(api) = open(globals, out, &mut findings) {
        findings.extend(gateway(&api).await);
        findings.push(token(&api).await);
        findings.push(version(&api).await);
        findings.push(connections(&api).await);
    }
    let is_good = findings.iter().all(|finding| finding.is_good);
    match out.format {
        OutputFormat::Json => {
            let list: Vec<Value> = findings
                .iter()
                .map(|finding| json!({"check": finding.name, "ok": finding.is_good, "finding": finding.text}))
                .collect();
            out.line(&json!({"ok": is_good, "checks": list}).to_string())?;
        }
        OutputFormat::Csv => out.said(&table(&findings).csv())?,
        OutputFormat::Text => {
            for finding in &findings {
                let sign = if finding.is_good { "ok " } else { "BAD" };
                out.line(&format!(
                    "{sign}  {:<12} {}",
                    finding.name,
                    crate::output::harmless(&finding.text)
                ))?;
            }
        }
    }
    Ok(if is_good { 0 } else { Failure::OTHER })
}

fn table(findings: &[Finding]) -> Rows {
    let cells = findings.iter().map(|finding| {
        let is_good = if finding.is_good { "yes" } else { "no" };
        vec![
            finding.name.to_owned(),
            is_good.to_owned(),
            finding.text.clone(),
        ]
    });
    Rows {
        headings: vec!["check", "ok", "finding"],
        cells: cells.collect(),
    }
}

/// The gateway that settings and environment name; `None` when they name none
/// that could be asked.
fn open(globals: &Globals, out: Output, findings: &mut Vec<Finding>) -> Option<Api> {
    let mut note = |name, failure: Failure| findings.push(Finding::failed(name, &failure));
    let file = SettingsFile::at(globals.config_dir.as_deref())
        .map_err(|failure| note("settings", failure))
        .ok()?;
    let settings = match file.load() {
        Ok(settings) => Some(settings),
        Err(failure) => {
            note("settings", failure);
            // Without them only the environment can say which gateway is meant.
            globals.api_url.as_ref().map(|_| Settings::default())
        }
    }?;
    let base = address::in_force(globals, &settings)
        .map_err(|failure| note("address", failure))
        .ok()?;
    let api = Api::at(base, globals, file, settings, out)
        .map_err(|failure| note("address", failure))
        .ok()?;
    if findings.is_empty() {
        findings.push(match api.file.exposure() {
            Some(warning) => Finding::bad("settings", warning),
            None => Finding::good("settings", api.file.path().display().to_string()),
        });
    }
    Some(api)
}

/// Whether the gateway is up and ready, and its clock the same as ours.
async fn gateway(api: &Api) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, path) in [("gateway", "healthz"), ("ready", "readyz")] {
        let mut url = api.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push(path);
        }
        match api.http.get(url.clone()).send().await {
            Ok(response) if response.status().is_success() => {
                findings.push(Finding::good(name, url.to_string()));
                if name == "gateway" {
                    findings.extend(
                        response
                            .headers()
                            .get("date")
                            .and_then(|date| date.to_str().ok())
                            .and_then(clock),
                    );
                }
            }
            Ok(response) => {
                findings.push(Finding::bad(
                    name,
                    format!("{url}: status {}", response.status().as_u16()),
                ));
            }
            Err(error) => {
                findings.push(Finding::bad(name, format!("{url}: {}", reason(&error))));
                break;
            }
        }
    }
    findings
}

/// The difference between the gateway's `Date` (RFC 9110 section 6.6.1) and our clock.
fn clock(date: &str) -> Option<Finding> {
    let there = DateTime::parse_from_rfc2822(date).ok()?.timestamp();
    let skew = SystemClock.now().seconds().saturating_sub(there);
    let text = format!("{} s apart", skew.abs());
    Some(if skew.abs() <= GOOD_SKEW {
        Finding::good("clock", text)
    } else {
        Finding::bad("clock", text)
    })
}

async fn token(api: &Api) -> Finding {
    match api.send(Request::get(&["me"])).await {
        Ok(me) => {
            let who = me.value["user_email"].as_str().unwrap_or("somebody");
            let until = me.value["credential"]["expires_at"].as_str();
            let until = until
                .map(|until| format!(", until {until}"))
                .unwrap_or_default();
            Finding::good("token", format!("{who}{until}"))
        }
        Err(failure) => Finding::failed("token", &failure),
    }
}

async fn version(api: &Api) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    match api.send(Request::get(&["serverinfo"])).await {
        Ok(info) => {
            let there = info.value["version"].as_str().unwrap_or("unknown");
            let text = format!("gateway {there}, command line {own}");
            let series = |version: &str| {
                version
                    .rsplit_once('.')
                    .map(|(series, _)| series.to_owned())
            };
            if series(there) == series(own) {
                Finding::good("version", text)
            } else {
                Finding::bad("version", text)
            }
        }
        Err(failure) => Finding::bad("version", failure.to_string()),
    }
}

async fn connections(api: &Api) -> Finding {
    match api
        .send(Request::get(&["connections"]).query("limit", Some(200)))
        .await
    {
        Ok(list) => {
            let items = list.value["items"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let offline: Vec<&str> = items
                .iter()
                .filter(|connection| connection["status"] != "online")
                .filter_map(|connection| connection["name"].as_str())
                .collect();
            if offline.is_empty() {
                Finding::good("connections", format!("{} online", items.len()))
            } else {
                Finding::bad("connections", format!("offline: {}", offline.join(", ")))
            }
        }
        Err(failure) => Finding::bad("connections", failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_found() {
        assert!(!clock("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().is_good);
        assert!(clock("now").is_none());
    }
}
