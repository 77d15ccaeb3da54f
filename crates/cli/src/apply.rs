//! `drawgate apply`: a file of policies, planned, looked at and applied.

mod shown;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use crate::answer::ApiError;
use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::input;
use crate::output::Output;
use crate::policy_file::Source;
use crate::request::Request;

/// Apply a file of policies: guardrails, masking rules, attributes and access control.
#[derive(Args, Debug)]
pub struct Apply {
    /// The file, in YAML or JSON; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Delete what files made before and this one does not name.
    #[arg(long)]
    prune: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
}

impl Apply {
    /// Plans, shows the plan, asks, and applies what was shown.
    ///
    /// # Errors
    /// When the file is wrong, the answer is no or nobody can be asked, the policies
    /// changed since they were shown, or the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let source = Source::read(&self.file)?;
        let body = self.body(&source)?;
        let request = Request::post(&["policies", "plan"]).fields(body.clone());
        let plan = api.send(request).await;
        let plan = plan.map_err(|failure| explained(out, &source, failure))?;
        let is_nothing = shown::is_nothing(&plan.value);
        if self.dry_run || is_nothing {
            shown::plan(out, &plan)?;
            return Ok(0);
        }
        // What is asked about must be seen, whatever the form of the result.
        match out.format {
            OutputFormat::Text => out.said(&shown::text(&plan.value))?,
            OutputFormat::Json | OutputFormat::Csv => out.note(&shown::text(&plan.value)),
        }
        if !self.yes && !input::confirm("apply this?")? {
            return Err(Failure::usage(
                "nothing was applied",
                "say --yes to apply without a question, or --dry-run to look only",
            ));
        }
        let request = Request::post(&["policies", "apply"])
            .fields(body)
            .field("plan_id", plan.value["plan_id"].as_str());
        let applied = api.send(request).await;
        let applied = applied.map_err(|failure| explained(out, &source, failure))?;
        match out.format {
            OutputFormat::Text => out.line("applied")?,
            OutputFormat::Json | OutputFormat::Csv => shown::plan(out, &applied)?,
        }
        Ok(0)
    }

    /// The arguments of a plan.
    fn body(&self, source: &Source) -> Result<Map<String, Value>, Failure> {
        let mut body = Map::new();
        body.insert("file".to_owned(), source.policies()?);
        body.insert("prune".to_owned(), self.prune.into());
        Ok(body)
    }
}

/// Tells every mistake of a refused file with its line; what is left to tell is how many.
pub(crate) fn explained(out: Output, source: &Source, failure: Failure) -> Failure {
    let Failure::Api(error) = &failure else {
        return failure;
    };
    let Some(mistakes) = mistakes(error).filter(|mistakes| !mistakes.is_empty()) else {
        return failure;
    };
    let places = source.places();
    for mistake in mistakes {
        let path = mistake["path"].as_str().unwrap_or_default();
        let path = path.strip_prefix("/file").unwrap_or(path);
        let line = places.line(path).unwrap_or(1);
        let message = mistake["message"].as_str().unwrap_or_default();
        let at = shown::dotted(path);
        out.note(&format!("{}:{line}: {at}: {message}", source.name));
        if let Some(hint) = mistake["hint"].as_str() {
            out.note(&format!("  hint: {hint}"));
        }
    }
    let count = mistakes.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    Failure::Local(format!(
        "{count} {noun} in {}; nothing was changed",
        source.name
    ))
}

fn mistakes(error: &ApiError) -> Option<&Vec<Value>> {
    error.details.as_ref()?.get("mistakes")?.as_array()
}
