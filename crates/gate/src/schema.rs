//! The schemas that operations publish, and the refusal of arguments that do
//! not fit them. One document serves both: what is published is what is checked.

mod plain;
mod tidy;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};
use model::Refusal;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

pub(crate) use plain::whole_numbers;

use crate::mistakes::Mistakes;

/// JSON Schema 2020-12 of the arguments: root `type: object`, nothing
/// additional, and the doc comment of the type as `description`.
pub(crate) fn input<T: JsonSchema>() -> Value {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12());
    let root = object_root(&mut schema);
    root.insert("additionalProperties".into(), Value::Bool(false));
    root.entry("properties")
        .or_insert_with(|| Value::Object(Map::new()));
    tidy::bound_integers(&mut schema);
    schema
}

/// Takes the description out of a schema's root; it becomes the tool's own.
pub(crate) fn take_description(schema: &mut Value) -> Option<String> {
    match schema.as_object_mut()?.remove("description")? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// JSON Schema 2020-12 of results.
pub(crate) fn result<T: JsonSchema>() -> Value {
    let mut schema = generate::<T>(SchemaSettings::draft2020_12().for_serialize());
    let root = object_root(&mut schema);
    root.remove("description");
    schema
}

/// Adds the mark that every repeat with an idempotency key answers.
pub(crate) fn add_replay(result: &mut Value) {
    let properties = object_root(result)
        .entry("properties")
        .or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.entry("idempotent_replay").or_insert_with(|| {
            json!({
                "type": "boolean",
                "description": "This is the first outcome of the same idempotency key.",
            })
        });
    }
}

/// The schema of a result or an error: all keys of both, and either the keys of
/// the result or `error` required, so that every answer validates. It goes into
/// every list of tools, which models read: names must do without descriptions.
pub(crate) fn result_or_error(result: &Value) -> Value {
    let mut schema = result.clone();
    let root = object_root(&mut schema);
    let required = root.remove("required").unwrap_or_else(|| json!([]));
    if let Some(properties) = root
        .entry("properties")
        .or_insert_with(|| json!({}))
        .as_object_mut()
    {
        properties.insert("error".into(), self::result::<Refusal>());
    }
    root.insert(
        "anyOf".into(),
        json!([{"required": required}, {"required": ["error"]}]),
    );
    tidy::drop_descriptions(&mut schema);
    schema
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    object_root(&mut schema).remove("title");
    tidy::tidy(&mut schema);
    schema
}

/// The schema as an object with `type: object`.
fn object_root(schema: &mut Value) -> &mut Map<String, Value> {
    if !schema.is_object() {
        *schema = Value::Object(Map::new());
    }
    match schema {
        Value::Object(root) => {
            root.insert("type".into(), Value::String("object".into()));
            root
        }
        _ => unreachable!("made an object above"),
    }
}

/// Checks arguments against a published schema.
pub(crate) struct Checker(Validator);

impl Checker {
    /// Compiles a schema of [`input`].
    ///
    /// # Errors
    /// When the schema is none; a fault of the operation's own type.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        jsonschema::options()
            .with_pattern_options(PatternOptions::regex())
            .build(schema)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Checks arguments.
    ///
    /// # Errors
    /// `invalid_argument` with `details: {path, expected, got?}` for the first
    /// argument that does not fit. `got` never repeats a text value, which
    /// could be a secret.
    pub(crate) fn check(&self, arguments: &Value) -> Result<(), Refusal> {
        self.0
            .validate(arguments)
            .map_err(|error| refusal(&error))?;
        plain::check(arguments)
    }

    /// Checks arguments as [`check`](Self::check) does, and tells all that do not fit.
    ///
    /// # Errors
    /// `invalid_argument` with every mistake.
    pub(crate) fn check_every(&self, arguments: &Value) -> Result<(), Refusal> {
        let mut mistakes = Mistakes::default();
        for error in self.0.iter_errors(arguments) {
            if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
                for name in unexpected {
                    let path = format!("{}/{name}", error.instance_path());
                    mistakes.add(
                        &path,
                        "no such key",
                        "correct its spelling, or leave it out",
                    );
                }
            } else {
                mistakes.add_refusal("", refusal(&error));
            }
        }
        mistakes.check()?;
        plain::check(arguments)
    }
}

fn refusal(error: &ValidationError<'_>) -> Refusal {
    let at = error.instance_path().to_string();
    let (path, expected) = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            (format!("{at}/{name}"), "no such argument".to_owned())
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            (
                format!("{at}/{name}"),
                "a value, the argument is required".to_owned(),
            )
        }
        ValidationErrorKind::PropertyNames { error: inner }
            if matches!(inner.kind(), ValidationErrorKind::Pattern { .. }) =>
        {
            let name = inner.instance().as_str().unwrap_or_default();
            (format!("{at}/{name}"), expected(error.kind()))
        }
        kind => (
            if at.is_empty() { "/".to_owned() } else { at },
            expected(kind),
        ),
    };
    let refusal = Refusal::invalid(&path, expected);
    match got(error.instance()) {
        Some(got)
            if !matches!(
                error.kind(),
                ValidationErrorKind::AdditionalProperties { .. }
                    | ValidationErrorKind::PropertyNames { .. }
                    | ValidationErrorKind::Required { .. }
            ) =>
        {
            refusal.detail("got", got)
        }
        _ => refusal,
    }
}

fn expected(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(one),
        } => format!("a value of type {one}"),
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(several),
        } => {
            let names: Vec<String> = several.iter().map(|one| one.to_string()).collect();
            format!("a value of type {}", names.join(" or "))
        }
        ValidationErrorKind::Enum { options } => format!("one of {options}"),
        ValidationErrorKind::Minimum { limit } => format!("{limit} or more"),
        ValidationErrorKind::Maximum { limit } => format!("{limit} or less"),
        ValidationErrorKind::MinLength { limit } => format!("{limit} characters or more"),
        ValidationErrorKind::MaxLength { limit } => format!("{limit} characters or fewer"),
        ValidationErrorKind::MinItems { limit } => format!("{limit} items or more"),
        ValidationErrorKind::MaxItems { limit } => format!("{limit} items or fewer"),
        ValidationErrorKind::MaxProperties { limit } => format!("{limit} keys or fewer"),
        ValidationErrorKind::Pattern { pattern } => format!("text matching {pattern}"),
        ValidationErrorKind::PropertyNames { error } => {
            format!("keys that are {}", expected(error.kind()))
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            "one of the documented forms".to_owned()
        }
        other => format!("a value that fits its {}", other.keyword()),
    }
}

fn got(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => Some(Value::Number(number.clone())),
        Value::Null => Some("null".into()),
        Value::Bool(_) => Some("boolean".into()),
        Value::String(text) => {
            Some(format!("a string of {} characters", text.chars().count()).into())
        }
        Value::Array(items) => Some(format!("an array of {} items", items.len()).into()),
        Value::Object(_) => Some("an object".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Code;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Sample {
        #[schemars(length(min = 3))]
        name: String,
        #[schemars(range(min = 1, max = 5))]
        count: Option<u32>,
    }

    fn check(value: Value) -> Refusal {
        Checker::new(&input::<Sample>())
            .unwrap()
            .check(&value)
            .unwrap_err()
    }

    fn detail(refusal: &Refusal, key: &str) -> String {
        refusal.details.as_ref().unwrap()[key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn a_refusal_names_the_argument_and_what_is_expected() {
        let missing = check(json!({}));
        assert_eq!(missing.code, Code::InvalidArgument);
        assert_eq!(detail(&missing, "path"), "/name");
        let unknown = check(json!({"name": "abc", "nmae": 1}));
        assert_eq!(detail(&unknown, "path"), "/nmae");
        let large = check(json!({"name": "abc", "count": 9}));
        assert_eq!(detail(&large, "expected"), "5 or less");
        assert_eq!(large.details.unwrap()["got"], 9);
    }

    #[test]
    fn every_argument_that_does_not_fit_is_told_when_asked() {
        let checker = Checker::new(&input::<Sample>()).unwrap();
        let wrong = json!({"name": "x", "count": 9, "nmae": 1, "cuont": 1});
        let told = checker.check_every(&wrong).unwrap_err().details.unwrap();
        let mut paths: Vec<_> = told["mistakes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mistake| mistake["path"].as_str().unwrap())
            .collect();
        paths.sort_unstable();
        assert_eq!(paths, ["/count", "/cuont", "/name", "/nmae"]);
        assert!(checker.check_every(&json!({"name": "abc"})).is_ok());
        assert!(checker.check_every(&json!({"name": "a\0bc"})).is_err());
    }

    #[test]
    fn a_text_value_is_never_repeated() {
        let refusal = check(json!({"name": "s3", "count": "hunter2hunter2"}));
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }

    #[test]
    fn null_means_not_given() {
        let checker = Checker::new(&input::<Sample>()).unwrap();
        assert!(
            checker
                .check(&json!({"name": "abc", "count": null}))
                .is_ok()
        );
    }

    #[test]
    fn results_and_errors_both_validate() {
        let schema = result_or_error(&result::<Refusal>());
        let checker = Checker::new(&schema).unwrap();
        assert!(
            checker
                .check(&json!({"error": {"code": "busy", "message": "wait"}}))
                .is_ok()
        );
        assert!(
            checker
                .check(&json!({"code": "busy", "message": "wait"}))
                .is_ok()
        );
        assert!(checker.check(&json!({})).is_err());
    }
}
