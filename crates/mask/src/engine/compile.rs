//! From masking rules to an engine.

use aho_corasick::{AhoCorasick, MatchKind};
use model::{ColumnRule, CustomEntity, EntitySelection, MaskingRule, Strategy, StrategyOptions};
use regex_automata::meta::Regex;

use super::custom::{CustomType, CustomTypes};
use super::rules::{ColumnRules, NO_TYPE, Rule};
use super::{Action, DEFAULT_THRESHOLD, Engine};
use crate::entity::{Entity, EntitySet};
use crate::invalid::Invalid;
use crate::strategy::{Keys, Treatment};

/// Memory that a compiled regular expression may take, in bytes.
const REGEX_BYTES: usize = 1 << 20;

pub(super) fn everything(keys: Keys) -> Engine {
    let mut engine = empty(keys);
    for entity in Entity::ALL.iter().filter(|e| **e != Entity::DateTime) {
        let action = Action {
            name: entity.name().to_owned(),
            threshold: DEFAULT_THRESHOLD,
            treatment: Treatment {
                strategy: Strategy::Redact,
                options: StrategyOptions::default(),
            },
        };
        select(&mut engine, *entity, action);
    }
    engine
}

fn empty(keys: Keys) -> Engine {
    Engine {
        wanted: EntitySet::EMPTY,
        built_in: vec![None; Entity::ALL.len()],
        custom: CustomTypes::default(),
        columns: ColumnRules { rules: Vec::new() },
        keys,
        detectors: Vec::new(),
    }
}

pub(super) fn compile(rules: &[MaskingRule], keys: Keys) -> Result<Engine, Invalid> {
    let mut engine = empty(keys);
    for (place, rule) in rules.iter().enumerate() {
        Compiler { place, rule }.run(&mut engine)?;
    }
    let custom = rules.iter().flat_map(|rule| &rule.custom_entity_types);
    let patterns: Vec<&str> = custom.filter_map(pattern).collect();
    engine.custom.any = any(&patterns);
    Ok(engine)
}

/// The expression of a type; an empty one is none.
fn pattern(entry: &CustomEntity) -> Option<&str> {
    entry.regex.as_deref().filter(|regex| !regex.is_empty())
}

/// Several expressions as one; only whether there is a match at all can be asked of it.
fn any(patterns: &[&str]) -> Option<Regex> {
    let config = Regex::config()
        .nfa_size_limit(Some(REGEX_BYTES))
        .onepass_size_limit(Some(REGEX_BYTES));
    let mut builder = Regex::builder();
    let together = builder.configure(config);
    (patterns.len() > 1)
        .then(|| together.build_many(patterns).ok())
        .flatten()
}

/// One rule being compiled.
struct Compiler<'r> {
    place: usize,
    rule: &'r MaskingRule,
}

impl Compiler<'_> {
    fn error(&self, path: impl Into<String>, message: impl Into<String>) -> Invalid {
        Invalid {
            rule: self.place,
            path: path.into(),
            message: message.into(),
        }
    }

    fn run(&self, engine: &mut Engine) -> Result<(), Invalid> {
        let rule = self.rule;
        for (i, entry) in rule.supported_entity_types.iter().enumerate() {
            self.selection(engine, entry, &format!("supported_entity_types[{i}]"))?;
        }
        for (i, entry) in rule.custom_entity_types.iter().enumerate() {
            let custom = self.custom(entry, &format!("custom_entity_types[{i}]"))?;
            engine.custom.types.push(custom);
        }
        for (i, entry) in rule.column_rules.iter().enumerate() {
            let rule = self.column(entry, &format!("column_rules[{i}]"))?;
            engine.columns.rules.push(rule);
        }
        Ok(())
    }

    fn selection(
        &self,
        engine: &mut Engine,
        entry: &EntitySelection,
        path: &str,
    ) -> Result<(), Invalid> {
        let treatment = self.treatment(entry.strategy, entry.strategy_options);
        for (i, name) in entry.types().into_iter().enumerate() {
            let Some(entity) = Entity::from_name(name) else {
                let at = format!("{path}.entity_types[{i}]");
                return Err(self.error(at, format!("unknown entity type `{name}`")));
            };
            let action = Action {
                name: name.to_owned(),
                threshold: self.threshold(),
                treatment,
            };
            select(engine, entity, action);
        }
        Ok(())
    }

    fn threshold(&self) -> f32 {
        let threshold = self.rule.score_threshold;
        threshold.map_or(DEFAULT_THRESHOLD, narrow)
    }

    fn custom(&self, entry: &CustomEntity, path: &str) -> Result<CustomType, Invalid> {
        let words = entry.deny_list.as_deref().unwrap_or_default();
        let regex = match pattern(entry) {
            Some(regex) => Some(self.regex(regex, &format!("{path}.regex"))?),
            None => None,
        };
        let words = match words.is_empty() {
            true => None,
            false => Some(self.words(words, &format!("{path}.deny_list"))?),
        };
        Ok(CustomType {
            action: Action {
                name: entry.name.clone(),
                threshold: self.threshold(),
                treatment: self.treatment(entry.strategy, entry.strategy_options),
            },
            score: narrow(entry.score.unwrap_or(1.0)),
            regex,
            words,
        })
    }

    fn regex(&self, pattern: &str, path: &str) -> Result<Regex, Invalid> {
        let config = Regex::config()
            .nfa_size_limit(Some(REGEX_BYTES))
            .onepass_size_limit(Some(REGEX_BYTES));
        Regex::builder()
            .configure(config)
            .build(pattern)
            .map_err(|e| match e.syntax_error() {
                Some(syntax) => self.error(path, syntax.to_string()),
                None => self.error(path, "the regex is too large"),
            })
    }

    fn words(&self, list: &[String], path: &str) -> Result<AhoCorasick, Invalid> {
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(list)
            .map_err(|e| self.error(path, e.to_string()))
    }

    fn column(&self, entry: &ColumnRule, path: &str) -> Result<Rule, Invalid> {
        let name = match &entry.entity_type {
            Some(name) if Entity::from_name(name).is_some() || self.defines(name) => name.clone(),
            Some(name) => {
                return Err(self.error(
                    format!("{path}.entity_type"),
                    format!("unknown entity type `{name}`"),
                ));
            }
            None => NO_TYPE.to_owned(),
        };
        Ok(Rule {
            table: match entry.table.as_str() {
                "" => "*".to_owned(),
                table => table.to_owned(),
            },
            column: entry.column.clone(),
            action: Action {
                name,
                threshold: 0.0,
                treatment: self.treatment(entry.strategy, entry.strategy_options),
            },
        })
    }

    fn defines(&self, name: &str) -> bool {
        self.rule.custom_entity_types.iter().any(|c| c.name == name)
    }

    fn treatment(&self, strategy: Option<Strategy>, options: Option<StrategyOptions>) -> Treatment {
        Treatment {
            strategy: strategy.unwrap_or(self.rule.strategy),
            options: options.unwrap_or(self.rule.strategy_options),
        }
    }
}

/// A score as findings have it: two digits of it are all that is ever compared.
#[expect(clippy::cast_possible_truncation, reason = "a score is 0 to 1")]
const fn narrow(score: f64) -> f32 {
    score as f32
}

/// Asks for a type; of two treatments the stricter holds, of two thresholds the lower.
fn select(engine: &mut Engine, entity: Entity, mut action: Action) {
    engine.wanted.insert(entity);
    let Some(place) = engine.built_in.get_mut(entity as usize) else {
        return;
    };
    if let Some(known) = place.take() {
        action.threshold = action.threshold.min(known.threshold);
        if known.treatment.strategy >= action.treatment.strategy {
            action.treatment = known.treatment;
            action.name = known.name;
        }
    }
    *place = Some(action);
}
