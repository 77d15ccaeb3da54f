//! The OpenAPI 3.1 document of the routes, made from the list of routes and the
//! schemas of the catalog. The same list gives the same bytes.

use gate::{Catalog, Entry};
use serde_json::{Map, Value, json};

use crate::routes::{ROUTES, Route};
use crate::sign_in;

/// The OpenAPI 3.1 document of the REST door. Operations whose entry is missing
/// in `catalog` are left out.
#[must_use]
pub fn openapi(catalog: &Catalog) -> Value {
    let documented = ROUTES
        .iter()
        .filter_map(|route| catalog.find(route.operation).map(|entry| (route, entry)));
    let mut paths = sign_in_paths();
    for (route, entry) in documented {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, entry);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Drawgate",
            "description": "Access gateway for AI agents and people: the operations of the MCP tools over REST.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A login token (`dgt_…`) or an API key (`dgk_…`).",
            }},
            "responses": {"Error": {
                "description": "Refused or failed; the status follows from the code.",
                "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
            "schemas": {"Error": error_schema()},
        },
    })
}

fn operation(route: &Route, entry: &Entry) -> Value {
    let input = Input::split(route, entry);
    let mut operation = json!({
        "operationId": entry.name,
        "summary": entry.title,
        "description": described(entry),
        "tags": [tag(route)],
        "responses": responses(route.status.as_str(), &entry.result_schema),
    });
    if !input.parameters.is_empty() {
        operation["parameters"] = Value::Array(input.parameters);
    }
    if let Some(body) = input.body {
        operation["requestBody"] = body;
    }
    operation
}

fn described(entry: &Entry) -> String {
    let role = match entry.role {
        model::Role::Any => "every member",
        model::Role::Auditor => "administrators and auditors",
        model::Role::Admin => "administrators",
    };
    format!(
        "{}\n\nFor {role}; scope `{}`.",
        entry.description,
        entry.scope.as_str()
    )
}

/// Where the arguments of an operation go: the path, the query, or the body.
struct Input {
    parameters: Vec<Value>,
    body: Option<Value>,
}

impl Input {
    fn split(route: &Route, entry: &Entry) -> Self {
        let schema = &entry.input_schema;
        let required = |name: &str| {
            schema["required"]
                .as_array()
                .is_some_and(|names| names.iter().any(|known| known == name))
        };
        let in_path: Vec<&str> = route.path_arguments().collect();
        let mut parameters: Vec<Value> = in_path
            .iter()
            .map(|name| parameter("path", name, true, &schema["properties"][name]))
            .collect();
        let mut rest = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if in_path.contains(&name.as_str()) {
                continue;
            }
            if route.takes_body() {
                rest.insert(name.clone(), property.clone());
            } else {
                parameters.push(parameter("query", name, required(name), property));
            }
        }
        let body = route.takes_body() && !rest.is_empty();
        let wanted: Vec<&String> = rest.keys().filter(|name| required(name)).collect();
        let body = body.then(|| {
            let schema = json!({
                "type": "object",
                "additionalProperties": false,
                "required": wanted,
                "properties": rest,
            });
            request_body(&schema, !wanted.is_empty())
        });
        Self { parameters, body }
    }
}

fn parameter(place: &str, name: &str, required: bool, property: &Value) -> Value {
    let mut schema = property.clone();
    let description = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("description"));
    let mut parameter = json!({"name": name, "in": place, "required": required});
    if let Some(description) = description {
        parameter["description"] = description;
    }
    let is_object = property["type"] == "object" || property["type"][0] == "object";
    if is_object {
        parameter["content"] = json!({"application/json": {"schema": schema}});
    } else {
        parameter["schema"] = schema;
    }
    parameter
}

fn request_body(schema: &Value, required: bool) -> Value {
    json!({"required": required, "content": {"application/json": {"schema": schema}}})
}

fn responses(status: &str, schema: &Value) -> Value {
    json!({
        status: {
            "description": "The answer.",
            "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": schema}},
        },
        "default": {"$ref": "#/components/responses/Error"},
    })
}

/// The noun of a path, for grouping.
fn tag(route: &Route) -> &'static str {
    route.path.split('/').nth(2).unwrap_or_default()
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string", "description": "Stable code."},
                "message": {"type": "string", "description": "One sentence for people."},
                "hint": {"type": "string", "description": "What to do about it."},
                "details": {"type": "object", "description": "Facts for programs."},
                "request_id": {"type": "string", "description": "Finds the request in the logs."},
            },
        }},
    })
}

fn sign_in_paths() -> Map<String, Value> {
    let post = |id: &str, title: &str, description: &str, body: &Value| {
        json!({"post": {
            "operationId": id,
            "summary": title,
            "description": description,
            "tags": ["login"],
            "security": [],
            "requestBody": request_body(body, true),
            "responses": responses("200", &sign_in::tokens_schema()),
        }})
    };
    let mut paths = Map::new();
    paths.insert(
        "/api/login".into(),
        post(
            "sign_in",
            "Sign in",
            "Signs a local user in by e-mail and password.",
            &sign_in::sign_in_schema(),
        ),
    );
    paths.insert(
        "/api/login/refresh".into(),
        post(
            "sign_in_refresh",
            "Renew a login",
            "Renews a login token; the refresh token works once.",
            &sign_in::refresh_schema(),
        ),
    );
    paths
}
