//! What a masking rule must be to be kept.

use model::{
    CUSTOM_SELECTION, ColumnRule, CustomEntity, EntitySelection, MASKING_PRESETS, MaskingRule,
    StrategyOptions, entity_type, masking_preset,
};

use crate::invalid::{Invalid, check_count, check_length};
use crate::pattern;

/// Most entries of each list.
const MAX_ENTRIES: usize = 100;
/// Most words of a custom entity.
const MAX_WORDS: usize = 1000;
/// Most characters of a word, a glob or the description.
const MAX_TEXT: usize = 512;
/// Most characters of the name of a rule.
const MAX_NAME: usize = 128;
/// Most characters of the name of an entity type.
const MAX_TYPE: usize = 64;
/// Most characters that `partial` shows.
const MAX_KEPT: u8 = 16;

/// Checks a rule against every limit; `known` are the entity types of the engine, and
/// its patterns are compiled.
///
/// # Errors
/// The first thing that is wrong, with its path from the rule.
pub fn validate_masking(rule: &MaskingRule, known: &[&str]) -> Result<(), Invalid> {
    invalid_masking(rule, known).next().map_or(Ok(()), Err)
}

/// Everything that is wrong with a rule: the first thing of the rule itself, and the
/// first of each entry. Looks as far as it is asked.
pub fn invalid_masking<'a>(
    rule: &'a MaskingRule,
    known: &'a [&'a str],
) -> impl Iterator<Item = Invalid> + 'a {
    let selections = rule
        .supported_entity_types
        .iter()
        .take(MAX_ENTRIES)
        .enumerate();
    let selections = selections.map(|(index, selection)| {
        check_selection(
            &format!("supported_entity_types[{index}]"),
            selection,
            known,
        )
    });
    let customs = rule
        .custom_entity_types
        .iter()
        .take(MAX_ENTRIES)
        .enumerate();
    let customs = customs
        .map(|(index, custom)| check_custom(&format!("custom_entity_types[{index}]"), custom));
    let columns = rule.column_rules.iter().take(MAX_ENTRIES).enumerate();
    let columns = columns.map(|(index, column)| {
        let is_own = |name: &str| {
            let mut own = rule.custom_entity_types.iter();
            own.any(|custom| custom.name == name)
        };
        let is_known = |name: &str| known.contains(&entity_type(name)) || is_own(name);
        check_column(&format!("column_rules[{index}]"), column, is_known)
    });
    let entries = selections.chain(customs).chain(columns);
    std::iter::once_with(|| check_whole(rule))
        .chain(entries)
        .filter_map(Result::err)
}

/// Checks what is not about one entry.
fn check_whole(rule: &MaskingRule) -> Result<(), Invalid> {
    check_length(|| "name".into(), &rule.name, 1, MAX_NAME)?;
    check_length(|| "description".into(), &rule.description, 0, MAX_TEXT)?;
    let lists = [
        ("supported_entity_types", rule.supported_entity_types.len()),
        ("custom_entity_types", rule.custom_entity_types.len()),
        ("column_rules", rule.column_rules.len()),
    ];
    if lists.iter().all(|(_, count)| *count == 0) {
        return Err(Invalid::new(
            "supported_entity_types",
            "an entry is expected here, in `custom_entity_types` or in `column_rules`",
        ));
    }
    for (list, count) in lists {
        check_count(|| list.into(), count, 0, MAX_ENTRIES)?;
    }
    check_options("", rule.strategy_options)?;
    check_score("score_threshold", rule.score_threshold)
}

fn check_selection(path: &str, selection: &EntitySelection, known: &[&str]) -> Result<(), Invalid> {
    let preset = masking_preset(&selection.name);
    if preset.is_none() && selection.name != CUSTOM_SELECTION {
        let presets: Vec<&str> = MASKING_PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(Invalid::new(
            format!("{path}.name"),
            format!(
                "{CUSTOM_SELECTION} or one of {} is expected",
                presets.join(", ")
            ),
        ));
    }
    let list = format!("{path}.entity_types");
    match &selection.entity_types {
        Some(names) => check_count(|| list.clone(), names.len(), 1, MAX_ENTRIES)?,
        None if preset.is_none() => {
            return Err(Invalid::new(list, "1 to 100 entity types are expected"));
        }
        None => {}
    }
    for (index, name) in selection.types().into_iter().enumerate() {
        let place = || match &selection.entity_types {
            Some(_) => format!("{list}[{index}]"),
            None => format!("{path}.name"),
        };
        if !known.contains(&name) {
            let message = format!("the entity type {name:?} is not known");
            return Err(Invalid::new(place(), message));
        }
        if preset.is_some_and(|preset| !preset.contains(&name)) {
            return Err(Invalid::new(
                place(),
                format!(
                    "{name:?} is no type of {}; {CUSTOM_SELECTION} takes any",
                    selection.name
                ),
            ));
        }
    }
    check_options(path, selection.strategy_options.unwrap_or_default())
}

fn check_custom(path: &str, custom: &CustomEntity) -> Result<(), Invalid> {
    let is_name = custom.name.starts_with(|c: char| c.is_ascii_uppercase())
        && custom
            .name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && custom.name.len() <= MAX_TYPE;
    if !is_name {
        return Err(Invalid::new(
            format!("{path}.name"),
            "1 to 64 capital letters, digits and `_` are expected, a letter first",
        ));
    }
    let regex = custom.regex.as_deref().filter(|regex| !regex.is_empty());
    let words = custom.deny_list.as_deref().unwrap_or_default();
    if regex.is_none() && words.is_empty() {
        return Err(Invalid::new(
            format!("{path}.regex"),
            "a pattern is expected here, or words in `deny_list`",
        ));
    }
    if let Some(Err(message)) = regex.map(pattern::compile) {
        return Err(Invalid::new(format!("{path}.regex"), message));
    }
    check_count(|| format!("{path}.deny_list"), words.len(), 0, MAX_WORDS)?;
    for (index, word) in words.iter().enumerate() {
        let at = || format!("{path}.deny_list[{index}]");
        check_length(at, word, 1, MAX_TEXT)?;
        if word.trim().is_empty() {
            return Err(Invalid::new(at(), "a word is expected"));
        }
    }
    check_score(&format!("{path}.score"), custom.score)?;
    check_options(path, custom.strategy_options.unwrap_or_default())
}

fn check_column(
    path: &str,
    column: &ColumnRule,
    is_known: impl Fn(&str) -> bool,
) -> Result<(), Invalid> {
    for (key, glob) in [("table", &column.table), ("column", &column.column)] {
        check_length(|| format!("{path}.{key}"), glob, 1, MAX_TEXT)?;
        if glob.trim().is_empty() {
            let message = "a name or a glob is expected";
            return Err(Invalid::new(format!("{path}.{key}"), message));
        }
    }
    if let Some(name) = &column.entity_type
        && !is_known(name)
    {
        return Err(Invalid::new(
            format!("{path}.entity_type"),
            format!("the entity type {name:?} is not known"),
        ));
    }
    check_options(path, column.strategy_options.unwrap_or_default())
}

fn check_options(path: &str, options: StrategyOptions) -> Result<(), Invalid> {
    let is_kept = |kept: u8| (1..=MAX_KEPT).contains(&kept);
    if options.keep_last.is_none_or(is_kept) {
        return Ok(());
    }
    let dot = if path.is_empty() { "" } else { "." };
    Err(Invalid::new(
        format!("{path}{dot}strategy_options.keep_last"),
        "1 to 16 is expected",
    ))
}

fn check_score(path: &str, score: Option<f64>) -> Result<(), Invalid> {
    // What is no number is in no range.
    if score.is_none_or(|score| (0.0..=1.0).contains(&score)) {
        return Ok(());
    }
    Err(Invalid::new(path, "0 to 1 is expected"))
}
