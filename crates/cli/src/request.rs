//! Requests to the gateway, before they are sent.

use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::{Map, Value};

/// A request: method, path below `/api`, query and body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method.
    pub(crate) method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    /// JSON body of methods that have one.
    pub(crate) body: Option<Map<String, Value>>,
    /// `traceparent` of the request.
    pub(crate) trace: Option<String>,
    /// Longest time for the answer, when it is not the usual one.
    pub(crate) patience: Option<Duration>,
}

impl Request {
    fn new(method: Method, path: &[&str]) -> Self {
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        Self {
            method,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body: has_body.then(Map::new),
            trace: None,
            patience: None,
        }
    }

    /// Reads something.
    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// Makes or does something.
    pub(crate) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    /// Puts something in place of what is there.
    pub(crate) fn put(path: &[&str]) -> Self {
        Self::new(Method::PUT, path)
    }

    /// Changes something.
    pub(crate) fn patch(path: &[&str]) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// Removes something.
    pub(crate) fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// Waits this long for the answer.
    pub(crate) const fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Adds an argument of the query, when it was given.
    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Adds an argument of the body, when it was given.
    pub(crate) fn field(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let (Some(body), Some(value)) = (&mut self.body, value) {
            body.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Adds all of an object to the body.
    pub(crate) fn fields(mut self, fields: Map<String, Value>) -> Self {
        if let Some(body) = &mut self.body {
            body.extend(fields);
        }
        self
    }

    /// Adds a list to the body, unless it is empty.
    pub(crate) fn list(self, name: &str, values: &[String]) -> Self {
        self.field(name, (!values.is_empty()).then(|| values.to_vec()))
    }

    /// Adds an object to the body, unless it is empty.
    pub(crate) fn map(self, name: &str, map: Map<String, Value>) -> Self {
        self.field(name, (!map.is_empty()).then_some(map))
    }

    /// The address at the gateway of `base`; every part of the path is escaped.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push("api").extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let base = Url::parse("https://host/prefix/").unwrap();
        let request = Request::get(&["connections", "a/../b?c"]).query("search", Some("x&y"));
        assert_eq!(
            request.url(&base).as_str(),
            "https://host/prefix/api/connections/a%2F..%2Fb%3Fc?search=x%26y"
        );
    }

    #[test]
    fn what_was_not_given_is_not_sent() {
        let request = Request::post(&["exec"])
            .field("a", None::<String>)
            .field("b", Some(1))
            .list("c", &[])
            .query("d", None::<u8>);
        assert_eq!(
            Value::Object(request.body.clone().unwrap()).to_string(),
            r#"{"b":1}"#
        );
        assert_eq!(
            request.url(&Url::parse("http://h").unwrap()).as_str(),
            "http://h/api/exec"
        );
    }
}
