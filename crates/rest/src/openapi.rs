//! The OpenAPI 3.1 document of the routes, made from the list of routes and the
//! schemas of the catalog. The same list gives the same bytes.

use gate::{Catalog, Entry};
use serde_json::{Map, Value, json};

use crate::routes::{ROUTES, Route};
use crate::sign_in;

/// The OpenAPI 3.1 document of the REST door below `prefix`, a path without
/// trailing slash. Operations whose entry is missing in `catalog` are left out.
#[must_use]
pub fn openapi(catalog: &Catalog, prefix: &str) -> Value {
    let server = if prefix.is_empty() { "/" } else { prefix };
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
        "servers": [{"url": server}],
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
    let published = entry.published();
    let input = Input::split(route, &published.input_schema);
    let mut operation = json!({
        "operationId": entry.name,
        "summary": entry.title,
        "description": described(entry, &published.description),
        "tags": [tag(route)],
        "responses": responses(route.status.as_str(), &published.result_schema),
    });
    if !input.parameters.is_empty() {
        operation["parameters"] = Value::Array(input.parameters);
    }
    if let Some(body) = input.body {
        operation["requestBody"] = body;
    }
    operation
}

fn described(entry: &Entry, description: &str) -> String {
    let role = match entry.role {
        model::Role::Any => "every member",
        model::Role::Auditor => "administrators and auditors",
        model::Role::Admin => "administrators",
    };
    format!(
        "{description}\n\nFor {role}; scope `{}`.",
        entry.scope.as_str()
    )
}

/// Where the arguments of an operation go: the path, the query, or the body.
struct Input {
    parameters: Vec<Value>,
    body: Option<Value>,
}

impl Input {
    fn split(route: &Route, schema: &Value) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn document() -> Value {
        openapi(&gate::operations(), "")
    }

    /// Every operation: path, method, object.
    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let mut list = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                list.push((path.clone(), method.clone(), operation.clone()));
            }
        }
        list
    }

    /// Every `$ref` below a value.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    found.push(reference.clone());
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn the_document_holds_every_operation_once() {
        let catalog = gate::operations();
        let mut wanted: BTreeSet<String> = catalog
            .entries()
            .iter()
            .map(|entry| entry.name.to_owned())
            .collect();
        wanted.extend(["sign_in".to_owned(), "sign_in_refresh".to_owned()]);
        let operations = operations(&document());
        let ids: BTreeSet<String> = operations
            .iter()
            .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, wanted);
        assert_eq!(ids.len(), operations.len());
    }

    #[test]
    fn the_same_catalog_gives_the_same_bytes() {
        assert_eq!(document().to_string(), document().to_string());
    }

    #[test]
    fn path_parameters_are_exactly_those_of_the_path() {
        for (path, method, operation) in operations(&document()) {
            let in_path: BTreeSet<&str> = path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let mut declared = BTreeSet::new();
            for parameter in &parameters {
                let place = parameter["in"].as_str().unwrap();
                assert!(parameter["schema"].is_object() || parameter["content"].is_object());
                if place == "path" {
                    assert_eq!(parameter["required"], true);
                    declared.insert(parameter["name"].as_str().unwrap());
                } else {
                    assert_eq!(place, "query", "{method} {path}");
                }
            }
            assert_eq!(declared, in_path, "{method} {path}");
        }
    }

    #[test]
    fn every_operation_documents_its_answer_and_its_errors() {
        for (path, method, operation) in operations(&document()) {
            let responses = operation["responses"].as_object().unwrap();
            let good = responses
                .get("200")
                .or_else(|| responses.get("201"))
                .unwrap();
            let schema = &good["content"]["application/json"]["schema"];
            assert_eq!(schema["type"], "object", "{method} {path}");
            assert_eq!(responses["default"]["$ref"], "#/components/responses/Error");
            assert!(!operation["summary"].as_str().unwrap().is_empty());
            let has_body = operation["requestBody"].is_object();
            assert!(
                !has_body || ["post", "put", "patch"].contains(&&*method),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn only_signing_in_needs_no_bearer() {
        for (path, _, operation) in operations(&document()) {
            let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
            assert_eq!(is_open, path.starts_with("/api/login"), "{path}");
        }
    }
}
