//! `drawgate mask`.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mask::{Engine, Entity, Keys, TextStream, jsonl_line};
use model::{CUSTOM_SELECTION, EntitySelection, MaskingRule, Strategy};
use store::MasterKey;

use super::{answer_lines, written};
use crate::failure::Failure;

/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// Mask personal data and secrets in standard input.
#[derive(Args)]
pub(crate) struct Mask {
    /// Entity types to mask, separated by commas; `all` is every type but DATE_TIME.
    #[arg(
        long,
        value_name = "TYPES",
        value_delimiter = ',',
        default_value = "all"
    )]
    entities: Vec<String>,
    /// What is shown instead.
    #[arg(long, value_enum, default_value = "redact")]
    strategy: Way,
    /// File with the key of `hash` and `token`. Without one each run has a key of its
    /// own, and what is shown differs from run to run.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Standard input is lines of `{"id", "text"}`; each is answered with
    /// `{"id", "text", "spans"}`, places in code points.
    #[arg(long)]
    jsonl: bool,
}

/// A strategy by name.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Redact,
    Mask,
    Partial,
    Hash,
    Token,
    Nullify,
}

impl From<Way> for Strategy {
    fn from(way: Way) -> Self {
        match way {
            Way::Redact => Self::Redact,
            Way::Mask => Self::Mask,
            Way::Partial => Self::Partial,
            Way::Hash => Self::Hash,
            Way::Token => Self::Token,
            Way::Nullify => Self::Nullify,
        }
    }
}

impl Mask {
    /// Masks standard input.
    ///
    /// # Errors
    /// Unknown entity types, or what cannot be read or written.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let engine = self.engine()?;
        if self.jsonl {
            return answer_lines(|line| jsonl_line(&engine, line));
        }
        let (mut input, mut out) = (io::stdin().lock(), io::stdout().lock());
        let mut stream = TextStream::new(&engine);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = input
                .read(&mut chunk)
                .map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
            if read == 0 {
                break;
            }
            let masked = stream.push_bytes(&chunk[..read]);
            written(out.write_all(masked.as_bytes()))?;
        }
        written(out.write_all(stream.finish().text.as_bytes()))
    }

    fn engine(&self) -> Result<Engine, Failure> {
        let types = if self.entities == ["all"] {
            let all = Entity::ALL.iter().copied();
            let all = all.filter(|entity| *entity != Entity::DateTime);
            all.map(|entity| entity.name().to_owned()).collect()
        } else {
            self.entities.clone()
        };
        let rule = MaskingRule {
            supported_entity_types: vec![EntitySelection {
                name: CUSTOM_SELECTION.to_owned(),
                entity_types: Some(types),
                ..EntitySelection::default()
            }],
            strategy: self.strategy.into(),
            ..MaskingRule::default()
        };
        let keys = Keys::new(&self.key()?, "");
        Engine::compile(&[rule], keys).map_err(|wrong| Failure::Settings(wrong.to_string()))
    }

    fn key(&self) -> Result<Vec<u8>, Failure> {
        match &self.key_file {
            Some(path) => std::fs::read(path)
                .map_err(|error| Failure::Settings(format!("{}: {error}", path.display()))),
            None => MasterKey::generate()
                .map(|key| key.expose().to_vec())
                .map_err(|error| Failure::Failed(error.to_string())),
        }
    }
}
