//! From masking rules to an engine.

use aho_corasick::{AhoCorasick, MatchKind};
use model::{
    CUSTOM_SELECTION, ColumnRule, CustomEntity, EntitySelection, MaskingRule, Strategy,
    StrategyOptions, masking_preset,
};
use regex_automata::meta::Regex;

use super::custom::{CustomType, CustomTypes};
use super::rules::{ColumnRules, NO_TYPE, Rule};
use super::{Action, DEFAULT_THRESHOLD, Engine};
use crate::entity::{Entity, EntitySet};
use crate::invalid::Invalid;
use crate::strategy::{Keys, Treatment};

/// Longest regular expression in bytes.
const LONGEST_REGEX: usize = 4096;
/// Memory that a compiled regular expression may take, in bytes.
const REGEX_BYTES: usize = 1 << 20;
/// Most words of a deny list.
const MOST_WORDS: usize = 1000;
/// Most entries of each list of a rule.
const MOST_ENTRIES: usize = 100;

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
    let patterns: Vec<&str> = custom.filter_map(|it| it.regex.as_deref()).collect();
    engine.custom.any = any(&patterns);
    Ok(engine)
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
        for (list, length) in [
            ("supported_entity_types", rule.supported_entity_types.len()),
            ("custom_entity_types", rule.custom_entity_types.len()),
            ("column_rules", rule.column_rules.len()),
        ] {
            if length > MOST_ENTRIES {
                return Err(self.error(list, format!("a list has at most {MOST_ENTRIES} entries")));
            }
        }
        if let Some(threshold) = rule.score_threshold {
            self.fraction(threshold, "score_threshold")?;
        }
        self.options(rule.strategy_options, "strategy_options")?;
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
        let members = masking_preset(&entry.name);
        if members.is_none() && entry.name != CUSTOM_SELECTION {
            return Err(self.error(
                format!("{path}.name"),
                format!("unknown preset `{}`", entry.name),
            ));
        }
        let treatment = self.treatment(entry.strategy, entry.strategy_options, path)?;
        let chosen: Vec<&str> = match (&entry.entity_types, members) {
            (Some(names), _) => names.iter().map(String::as_str).collect(),
            (None, Some(members)) => members.to_vec(),
            (None, None) => Vec::new(),
        };
        if chosen.is_empty() {
            let message = "at least one entity type is needed";
            return Err(self.error(format!("{path}.entity_types"), message));
        }
        for (i, name) in chosen.into_iter().enumerate() {
            let at = || format!("{path}.entity_types[{i}]");
            let Some(entity) = Entity::from_name(name) else {
                return Err(self.error(at(), format!("unknown entity type `{name}`")));
            };
            if members.is_some_and(|members| !members.contains(&entity.name())) {
                return Err(self.error(at(), format!("`{name}` is no type of {}", entry.name)));
            }
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
        let mut letters = entry.name.bytes();
        let named = letters.next().is_some_and(|b| b.is_ascii_uppercase())
            && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !named || entry.name.len() > 128 {
            let message = "a name is an upper-case letter, then upper-case letters, digits and `_`";
            return Err(self.error(format!("{path}.name"), message));
        }
        let words = entry.deny_list.as_deref().unwrap_or_default();
        if entry.regex.is_none() && words.is_empty() {
            return Err(self.error(path, "a regex or a deny list is needed"));
        }
        let score = entry.score.unwrap_or(1.0);
        self.fraction(score, &format!("{path}.score"))?;
        let regex = match &entry.regex {
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
                treatment: self.treatment(entry.strategy, entry.strategy_options, path)?,
            },
            score: narrow(score),
            regex,
            words,
        })
    }

    fn regex(&self, pattern: &str, path: &str) -> Result<Regex, Invalid> {
        if pattern.is_empty() || pattern.len() > LONGEST_REGEX {
            return Err(self.error(path, format!("a regex has 1 to {LONGEST_REGEX} bytes")));
        }
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
        if list.len() > MOST_WORDS {
            return Err(self.error(path, format!("a deny list has at most {MOST_WORDS} words")));
        }
        if let Some(empty) = list.iter().position(|w| w.trim().is_empty()) {
            return Err(self.error(format!("{path}[{empty}]"), "a word is not empty"));
        }
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(list)
            .map_err(|e| self.error(path, e.to_string()))
    }

    fn column(&self, entry: &ColumnRule, path: &str) -> Result<Rule, Invalid> {
        if entry.column.is_empty() {
            return Err(self.error(format!("{path}.column"), "a column is needed"));
        }
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
                treatment: self.treatment(entry.strategy, entry.strategy_options, path)?,
            },
        })
    }

    fn defines(&self, name: &str) -> bool {
        self.rule.custom_entity_types.iter().any(|c| c.name == name)
    }

    fn treatment(
        &self,
        strategy: Option<Strategy>,
        options: Option<StrategyOptions>,
        path: &str,
    ) -> Result<Treatment, Invalid> {
        let options = options.unwrap_or(self.rule.strategy_options);
        self.options(options, &format!("{path}.strategy_options"))?;
        Ok(Treatment {
            strategy: strategy.unwrap_or(self.rule.strategy),
            options,
        })
    }

    fn options(&self, options: StrategyOptions, path: &str) -> Result<(), Invalid> {
        match options.keep_last {
            Some(0 | 17..) => Err(self.error(format!("{path}.keep_last"), "keep_last is 1 to 16")),
            _ => Ok(()),
        }
    }

    fn fraction(&self, value: f64, path: &str) -> Result<(), Invalid> {
        match (0.0..=1.0).contains(&value) {
            true => Ok(()),
            false => Err(self.error(path, "a score is 0 to 1")),
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
