//! `KEY=VALUE` on the command line and in files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::SecretSource;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Reads `KEY=VALUE`.
///
/// # Errors
/// A sentence when there is no `=` or no key.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// Pairs as a JSON object.
///
/// # Errors
/// When a key is given twice.
pub(crate) fn object(pairs: &[(String, String)]) -> Result<Map<String, Value>, Failure> {
    let mut map = Map::new();
    for (key, value) in pairs {
        if map.insert(key.clone(), value.clone().into()).is_some() {
            return Err(Failure::usage(format!("{key} is given twice"), ""));
        }
    }
    Ok(map)
}

/// Reads secrets: `KEY=VALUE` lines of plain text; empty lines and lines that
/// start with `#` are skipped. `KEY` alone means `envvar:KEY`. Errors name the
/// line, never its text.
///
/// # Errors
/// When a line has no key or no `=`, or a key is given twice.
pub(crate) fn secrets(path: &Path, text: &str) -> Result<Map<String, Value>, Failure> {
    let mut map = Map::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let wrong = |what: &str| {
            let place = format!("{}:{}: {what}", path.display(), number + 1);
            Failure::usage(
                place,
                "secrets are lines of KEY=VALUE, for instance HOST=db.internal",
            )
        };
        let (key, value) = pair(line).map_err(|expected| wrong(&expected))?;
        if map.insert(secret_key(&key), secret_value(&value)).is_some() {
            return Err(wrong("the key is given twice"));
        }
    }
    Ok(map)
}

/// The key of a secret as the gateway spells it.
pub(crate) fn secret_key(key: &str) -> String {
    if key.contains(':') {
        key.to_owned()
    } else {
        format!("envvar:{key}")
    }
}

/// A secret's value as the gateway takes it: base64, or a reference as it stands.
pub(crate) fn secret_value(value: &str) -> Value {
    if SecretSource::of(value) == SecretSource::Inline {
        STANDARD.encode(value).into()
    } else {
        value.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Map<String, Value>, Failure> {
        secrets(Path::new("secrets.env"), text)
    }

    #[test]
    fn secrets_are_encoded_and_references_are_not() {
        let map =
            read("# database\nHOST=db\n\nfilesystem:KEY=a=b\nPASS=_vaultkv2:db:pass\n").unwrap();
        assert_eq!(map["envvar:HOST"], "ZGI=");
        assert_eq!(map["filesystem:KEY"], "YT1i");
        assert_eq!(map["envvar:PASS"], "_vaultkv2:db:pass");
    }

    #[test]
    fn a_wrong_line_is_named_and_not_repeated() {
        let failure = read("HOST=db\nhunter2\n").unwrap_err();
        assert_eq!(failure.to_string(), "secrets.env:2: expected KEY=VALUE");
        assert_eq!(failure.exit_code(), 2);
        assert!(read("A=1\nenvvar:A=2").is_err());
    }

    proptest! {
        #[test]
        fn any_value_survives(value in "[^\r\n_][^\r\n]{0,40}") {
            let map = read(&format!("KEY={value}")).unwrap();
            let decoded = STANDARD.decode(map["envvar:KEY"].as_str().unwrap()).unwrap();
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), value);
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,80}") {
            let _ = read(&text);
        }
    }
}
