//! Who may reach the connection, and whether the ask fits it.

use std::sync::Arc;

use model::{Ask, Caller, Code, Connection, ConnectionType, Failure, Format, Mode, Refusal, Verb};

use super::{Blocked, Case};
use crate::Context;

/// Proof that the caller sees the connection and the ask fits its type.
pub(crate) struct Admitted(Case);

impl Admitted {
    /// What is asked.
    pub(super) const fn case(&self) -> &Case {
        &self.0
    }

    /// Takes the proof apart for the next step.
    pub(super) fn into_case(self) -> Case {
        self.0
    }
}

/// Finds a connection that the caller sees, by id or name.
///
/// # Errors
/// `connection_not_found`, the same for unknown and not visible.
pub(crate) async fn look_up(
    context: &Context,
    reference: &str,
) -> Result<Arc<Connection>, Refusal> {
    find(context, reference)
        .await
        .map(|(connection, _)| connection)
}

/// A connection that the caller sees, and the generation at which it was read.
async fn find(context: &Context, reference: &str) -> Result<(Arc<Connection>, i64), Refusal> {
    find_as(context, &context.caller, reference).await
}

/// A connection that `viewer` sees, and the generation at which it was read.
async fn find_as(
    context: &Context,
    viewer: &Caller,
    reference: &str,
) -> Result<(Arc<Connection>, i64), Refusal> {
    let connections = context
        .store()
        .connections()
        .await
        .map_err(|error| context.refuse(error))?;
    connections
        .find(reference)
        .filter(|connection| policy::sees(viewer, connection))
        .map(|connection| (Arc::clone(connection), connections.generation()))
        .ok_or_else(|| Refusal::connection_not_found(reference))
}

/// Admits an ask: the connection is visible, its type can run it, and
/// arguments, variables and metadata fit.
///
/// # Errors
/// `connection_not_found`, `unsupported`, `invalid_argument`; `forbidden` for
/// a schema tool whose access mode is off.
pub(crate) async fn admit(
    context: &Context,
    reference: &str,
    ask: Ask,
) -> Result<Admitted, Refusal> {
    let (connection, generation) = find(context, reference).await?;
    context.audit.touch(connection.id);
    check(&connection, &ask)?;
    if ask.verb == Verb::Introspect {
        check_schema_modes(&connection)?;
    }
    case(context, connection, generation, ask)
        .await
        .map(Admitted)
}

/// What would be decided about, were `viewer` to ask; nothing of the ask is checked.
///
/// # Errors
/// `connection_not_found`.
pub(super) async fn supposed(
    context: &Context,
    viewer: &Caller,
    reference: &str,
    ask: Ask,
) -> Result<Case, Refusal> {
    let (connection, generation) = find_as(context, viewer, reference).await?;
    context.audit.touch(connection.id);
    case(context, connection, generation, ask).await
}

/// Whether the type of the connection can run the ask, and its arguments fit.
///
/// # Errors
/// `unsupported`, `invalid_argument`.
pub(super) fn check(connection: &Connection, ask: &Ask) -> Result<(), Refusal> {
    check_kind(connection)?;
    check_fit(connection, ask)
}

async fn case(
    context: &Context,
    connection: Arc<Connection>,
    generation: i64,
    ask: Ask,
) -> Result<Case, Refusal> {
    let policies = &context.gate.policies;
    let policy = policies.of(&context.store(), &connection, generation).await;
    Ok(Case {
        connection,
        ask,
        policy: policy.map_err(|error| context.refuse(error))?,
        lineage: None,
        hits: Vec::new(),
    })
}

/// The access mode of the verb.
///
/// # Errors
/// [`Blocked`] as `forbidden` when it is off.
pub(super) fn check_mode(case: &Case) -> Result<(), Blocked> {
    let Case {
        connection, ask, ..
    } = case;
    match (ask.verb, connection.modes.exec) {
        (Verb::Exec, Mode::Disabled) => Err(Blocked::of(Failure::new(
            Code::Forbidden,
            format!("exec is disabled on connection {:?}", connection.name),
        ))),
        (Verb::Exec, Mode::Enabled) | (Verb::Connect | Verb::Introspect, _) => Ok(()),
    }
}

fn check_kind(connection: &Connection) -> Result<(), Refusal> {
    let runs = match connection.kind {
        ConnectionType::Database | ConnectionType::Custom => true,
        ConnectionType::Application => !matches!(connection.subtype.as_str(), "tcp" | "ssh"),
        ConnectionType::Httpproxy => false,
    };
    if runs {
        return Ok(());
    }
    let kind = connection.kind.as_str();
    Err(Refusal::new(
        Code::Unsupported,
        format!(
            "connections of type {kind}/{} cannot run an exec",
            connection.subtype
        ),
    ))
}

fn check_fit(connection: &Connection, ask: &Ask) -> Result<(), Refusal> {
    let database = connection.kind == ConnectionType::Database;
    if database && !ask.args.is_empty() {
        return Err(Refusal::invalid(
            "/args",
            "no args: they are for process connections only",
        ));
    }
    if !database && ask.format == Format::Rows {
        return Err(Refusal::invalid(
            "/format",
            "text: rows are for databases only",
        ));
    }
    if !database && ask.database.is_some() {
        return Err(Refusal::invalid(
            "/database",
            "no database: it is for databases only",
        ));
    }
    if ask.verb == Verb::Exec && ask.input.trim().is_empty() {
        return Err(Refusal::invalid(
            "/input",
            "text that is not only white space",
        ));
    }
    if ask.input.contains('\0') {
        return Err(Refusal::invalid("/input", "text without NUL characters"));
    }
    check_variables(connection, ask)?;
    check_metadata(connection, ask)?;
    Ok(())
}

fn check_variables(connection: &Connection, ask: &Ask) -> Result<(), Refusal> {
    for key in ask.env.keys() {
        let name = key.split_once(':').map_or(key.as_str(), |(_, name)| name);
        let path = format!("/env_vars/{name}");
        if connection
            .secret_keys
            .iter()
            .any(|(own, _)| own.split_once(':').is_some_and(|(_, own)| own == name))
        {
            return Err(Refusal::invalid(
                &path,
                "a variable that the connection does not define",
            ));
        }
        if !connection
            .allowed_env_vars
            .iter()
            .any(|allowed| allowed == name)
        {
            return Err(Refusal::invalid(
                &path,
                "a variable in allowed_env_vars of the connection",
            ));
        }
    }
    Ok(())
}

fn check_metadata(connection: &Connection, ask: &Ask) -> Result<(), Refusal> {
    for field in &connection.mandatory_metadata_fields {
        let given = ask.metadata.get(field).is_some_and(|value| match value {
            serde_json::Value::Null => false,
            serde_json::Value::String(text) => !text.is_empty(),
            serde_json::Value::Array(items) => !items.is_empty(),
            serde_json::Value::Object(fields) => !fields.is_empty(),
            serde_json::Value::Bool(_) | serde_json::Value::Number(_) => true,
        });
        if !given && ask.verb == Verb::Exec {
            return Err(Refusal::invalid(
                &format!("/metadata/{field}"),
                "a value: this connection requires the field",
            ));
        }
    }
    Ok(())
}

fn check_schema_modes(connection: &Connection) -> Result<(), Refusal> {
    if connection.modes.exec == Mode::Disabled || connection.modes.schema == Mode::Disabled {
        return Err(Refusal::new(
            Code::Forbidden,
            format!(
                "reading the schema is disabled on connection {:?}",
                connection.name
            ),
        ));
    }
    Ok(())
}
