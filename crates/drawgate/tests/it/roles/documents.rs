//! The operations of the binary under test, as its own documents list them, and
//! one way to call any of them through either door.

use reqwest::Url;
use serde_json::{Map, Value};

use crate::gateway::{Answer, Client, drawgate};

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub name: String,
    /// Whether it is an MCP tool too.
    pub is_tool: bool,
    pub method: String,
    pub path: String,
    /// JSON Schema of each argument.
    pub arguments: Map<String, Value>,
    pub required: Vec<String>,
}

/// The MCP tools in their order, and every operation by name.
pub struct Documents {
    pub tools: Vec<String>,
    pub operations: Vec<Operation>,
}

impl Documents {
    /// What `drawgate generate` writes.
    pub fn generate() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = drawgate()
            .arg("generate")
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
        };
        let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
        let tools: Vec<String> = read("tools.json")
            .as_array()
            .unwrap()
            .iter()
            .map(name)
            .collect();
        let mut operations = Vec::new();
        for (path, methods) in read("openapi.json")["paths"].as_object().unwrap() {
            // Signing in needs no bearer and is no operation of the catalog.
            for (method, document) in methods.as_object().unwrap() {
                if !path.starts_with("/api/login") {
                    operations.push(Operation::read(path, method, document, &tools));
                }
            }
        }
        operations.sort_by(|a, b| a.name.cmp(&b.name));
        Self { tools, operations }
    }

    pub fn find(&self, name: &str) -> &Operation {
        self.operations
            .iter()
            .find(|operation| operation.name == name)
            .unwrap()
    }
}

impl Operation {
    fn read(path: &str, method: &str, document: &Value, tools: &[String]) -> Self {
        let name = document["operationId"].as_str().unwrap().to_owned();
        let mut arguments = Map::new();
        let mut required = Vec::new();
        for parameter in document["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap().to_owned();
            if parameter["required"] == true {
                required.push(name.clone());
            }
            let schema = match &parameter["schema"] {
                Value::Null => &parameter["content"]["application/json"]["schema"],
                schema => schema,
            };
            arguments.insert(name, schema.clone());
        }
        let body = &document["requestBody"]["content"]["application/json"]["schema"];
        arguments.extend(body["properties"].as_object().cloned().unwrap_or_default());
        let wanted = body["required"].as_array().into_iter().flatten();
        required.extend(wanted.map(|name| name.as_str().unwrap().to_owned()));
        Self {
            is_tool: tools.contains(&name),
            method: method.to_uppercase(),
            path: path.to_owned(),
            arguments,
            required,
            name,
        }
    }

    /// Whether the path carries the argument.
    pub fn in_path(&self, argument: &str) -> bool {
        self.path.contains(&format!("{{{argument}}}"))
    }

    /// Calls it through MCP.
    pub async fn by_mcp(&self, client: &Client, arguments: &Value) -> Answer {
        client.call(&self.name, arguments.clone()).await
    }

    /// Calls it through REST.
    pub async fn by_rest(&self, client: &Client, arguments: &Value) -> (u16, Value) {
        let mut rest = arguments.as_object().unwrap().clone();
        let mut url = Url::parse("http://gateway").unwrap();
        for part in self.path.split('/').skip(1) {
            let argument = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            let text = match argument {
                None => part.to_owned(),
                Some(name) => text(&rest.remove(name).unwrap()),
            };
            url.path_segments_mut().unwrap().push(&text);
        }
        let takes_body = self.method == "POST" || self.method == "PATCH";
        if !takes_body {
            for (name, value) in &rest {
                url.query_pairs_mut().append_pair(name, &text(value));
            }
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        client
            .rest(
                &self.method,
                &path,
                takes_body.then_some(Value::Object(rest)),
            )
            .await
    }
}

/// A value as a path or a query carries it.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What an answer of MCP comes to, in one word.
pub fn mcp_code(answer: &Answer) -> String {
    match answer {
        Ok(_) => "ok".into(),
        Err(error) if error["http"].is_null() => error["code"].as_str().unwrap_or("?").to_owned(),
        Err(error) if error["answer"]["error"].is_object() => {
            format!("rpc {}", error["answer"]["error"]["code"])
        }
        Err(error) => http_code(&error["http"], &error["answer"]["message"]),
    }
}

/// What an answer of REST comes to, in the same words.
pub fn rest_code((status, body): &(u16, Value)) -> String {
    let error = &body["error"];
    let message = error["message"].as_str().unwrap_or_default();
    match (status, message) {
        (200 | 201, _) => "ok".into(),
        (401, _) | (403, "insufficient scope" | "account is not active") => {
            http_code(&Value::from(*status), &error["message"])
        }
        _ => error["code"]
            .as_str()
            .map_or_else(|| format!("{status} {body}"), str::to_owned),
    }
}

fn http_code(status: &Value, message: &Value) -> String {
    format!("http {status} {}", message.as_str().unwrap_or("?"))
}
