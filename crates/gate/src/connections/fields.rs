//! Checks of single fields of a connection.

use std::collections::BTreeMap;

use model::{ConnectionType, ExposeSecret, Refusal, SecretSource, SecretString, Secrets};

use crate::{dialect, targets};

/// Products of database connections.
const DATABASES: [&str; 6] = [
    "postgres", "mysql", "mssql", "mongodb", "oracledb", "sqlite",
];

/// Pattern of the keys of secrets.
pub(super) const SECRET_KEY: &str = "^(envvar|filesystem):[A-Za-z_][A-Za-z0-9_]{0,127}$";

/// Pattern of the names of variables.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";

/// Checks type and subtype together.
pub(super) fn check_subtype(kind: ConnectionType, subtype: &str) -> Result<(), Refusal> {
    if kind == ConnectionType::Database && !DATABASES.contains(&subtype) {
        return Err(Refusal::invalid(
            "/subtype",
            format!("one of {}", DATABASES.join(", ")),
        ));
    }
    Ok(())
}

/// Checks that a connection which may change nothing can be kept from it: by the facts of
/// its statements and in the session of its driver.
pub(super) fn check_read_only(
    read_only: bool,
    kind: ConnectionType,
    subtype: &str,
) -> Result<(), Refusal> {
    match read_only && dialect::of_kind(kind, subtype).is_none() {
        true => Err(Refusal::invalid(
            "/read_only",
            "false: only connections to SQL databases can be read-only",
        )),
        false => Ok(()),
    }
}

/// Checks that the command fits the type.
pub(super) fn check_command(
    kind: ConnectionType,
    command: Option<&[String]>,
) -> Result<(), Refusal> {
    match (kind, command) {
        (ConnectionType::Database | ConnectionType::Httpproxy, Some(command))
            if !command.is_empty() =>
        {
            Err(Refusal::invalid(
                "/command",
                "no command: it is for process connections only",
            ))
        }
        (ConnectionType::Custom, None | Some([])) => Err(Refusal::invalid(
            "/command",
            "the program to run and its first arguments",
        )),
        _ => match command.unwrap_or_default().first() {
            Some(program) if program.is_empty() => {
                Err(Refusal::invalid("/command/0", "the program to run"))
            }
            _ => Ok(()),
        },
    }
}

/// Checks the size of tags.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if tags.len() > 10 {
        return Err(Refusal::invalid("/tags", "10 tags or fewer"));
    }
    for (key, value) in tags {
        if !(1..=64).contains(&key.chars().count()) {
            return Err(Refusal::invalid("/tags", "keys of 1 to 64 characters"));
        }
        if !(1..=256).contains(&value.chars().count()) {
            return Err(Refusal::invalid(
                &format!("/tags/{key}"),
                "1 to 256 characters",
            ));
        }
    }
    Ok(())
}

/// No entity type is known to a gateway without a masking engine, and a name
/// that is not known would promise what cannot be kept.
pub(super) fn check_redact_types(types: &[String]) -> Result<(), Refusal> {
    let unknown = |name: &String| mask::Entity::from_name(name).is_none();
    match types.iter().position(unknown) {
        None => Ok(()),
        Some(at) => Err(Refusal::invalid(
            &format!("/redact_types/{at}"),
            "an entity type of serverinfo_get",
        )),
    }
}

/// A list without its repetitions, in order of their first naming.
pub(super) fn each_once(list: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::with_capacity(list.len());
    for item in list {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

/// Checks names of variables.
pub(super) fn check_variable_names(path: &str, names: &[String]) -> Result<(), Refusal> {
    match names.iter().position(|name| !is_variable(name)) {
        None => Ok(()),
        Some(index) => Err(Refusal::invalid(
            &format!("{path}/{index}"),
            "a variable name: a letter or underscore, then letters, digits, underscores",
        )),
    }
}

/// Checks keys and values of secrets. A value is base64 text or a reference.
pub(super) fn check_secrets<'a>(
    path: &str,
    secrets: impl Iterator<Item = (&'a String, &'a SecretString)>,
) -> Result<(), Refusal> {
    for (key, value) in secrets {
        check_secret_key(path, key)?;
        let text = value.expose_secret();
        let is_told = matches!(key.split_once(':'), Some((_, "SSLMODE" | "INSECURE")));
        if is_told && SecretSource::of(text) != SecretSource::Inline {
            return Err(Refusal::invalid(
                &format!("{path}/{key}"),
                "base64 text and no reference: the connection tells how its traffic is protected",
            ));
        }
        let good = match SecretSource::of(text) {
            SecretSource::Inline => {
                targets::decode(value).is_some_and(|plain| !plain.expose_secret().contains('\0'))
            }
            SecretSource::Aws | SecretSource::Vault | SecretSource::Env => {
                text.splitn(3, ':').filter(|part| !part.is_empty()).count() == 3
            }
        };
        if !good {
            return Err(Refusal::invalid(
                &format!("{path}/{key}"),
                "base64 of UTF-8 text, or a reference such as _envjson:VARIABLE:key",
            ));
        }
    }
    Ok(())
}

/// Checks one key of secrets.
pub(super) fn check_secret_key(path: &str, key: &str) -> Result<(), Refusal> {
    let name = key
        .strip_prefix("envvar:")
        .or_else(|| key.strip_prefix("filesystem:"));
    match name {
        Some(name) if is_variable(name) => Ok(()),
        _ => Err(Refusal::invalid(
            &format!("{path}/{key}"),
            "a key of the form envvar:NAME or filesystem:NAME",
        )),
    }
}

/// Checks that the variables which a target needs are there.
pub(super) fn check_required(
    kind: ConnectionType,
    subtype: &str,
    secrets: &Secrets,
) -> Result<(), Refusal> {
    let keys: Vec<&str> = secrets.0.keys().map(String::as_str).collect();
    connect::check_secrets(kind, subtype, &keys).map_err(|missing| {
        Refusal::invalid("/secrets", format!("the variables {}", missing.join(", ")))
            .detail("missing", missing)
    })
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 128
        && bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(key: &str, value: &str) -> Result<(), Refusal> {
        let secrets = BTreeMap::from([(key.to_owned(), SecretString::from(value.to_owned()))]);
        check_secrets("/secrets", secrets.iter())
    }

    #[test]
    fn keys_and_values_of_secrets() {
        assert!(secrets("envvar:HOST", "aG9zdA==").is_ok());
        assert!(secrets("filesystem:KUBECONFIG", "_vaultkv2:kv/app:config").is_ok());
        assert!(secrets("envvar:HOST", "not base64!").is_err());
        assert!(secrets("HOST", "aG9zdA==").is_err());
        assert!(secrets("envvar:1X", "aG9zdA==").is_err());
        assert!(secrets("envvar:X", "_aws:only").is_err());
        assert!(
            secrets("envvar:X", "AAA=").is_err(),
            "NUL bytes are no text of a variable"
        );
    }

    #[test]
    fn a_refusal_does_not_repeat_the_secret() {
        let refusal = secrets("envvar:PASS", "hunter2 hunter2").unwrap_err();
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }
}
