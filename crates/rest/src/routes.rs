//! The list of routes: method, path, operation. Names in braces are the
//! arguments that the path carries.

use gate::Catalog;
use http::{Method, StatusCode};

/// One route.
pub(crate) struct Route {
    /// Method.
    pub(crate) method: Method,
    /// Path; `{name}` is the argument `name` of the operation.
    pub(crate) path: &'static str,
    /// Name of the operation.
    pub(crate) operation: &'static str,
    /// Status of the answer.
    pub(crate) status: StatusCode,
}

/// A difference between the routes and the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The catalog has the operation, no route leads to it.
    NoRoute(&'static str),
    /// A route leads to an operation that the catalog does not have.
    NoOperation(&'static str),
}

/// A route that answers 200.
const fn on(method: Method, path: &'static str, operation: &'static str) -> Route {
    Route {
        method,
        path,
        operation,
        status: StatusCode::OK,
    }
}

/// A route that makes something and answers 201 (RFC 9110 section 15.3.2).
const fn creates(path: &'static str, operation: &'static str) -> Route {
    Route {
        method: Method::POST,
        path,
        operation,
        status: StatusCode::CREATED,
    }
}

/// Every route to an operation of the catalog.
pub(crate) static ROUTES: [Route; 51] = [
    on(Method::GET, "/api/me", "me_get"),
    on(Method::GET, "/api/serverinfo", "serverinfo_get"),
    on(Method::GET, "/api/connections", "connections_list"),
    creates("/api/connections", "connections_create"),
    on(Method::GET, "/api/connections/{name}", "connections_get"),
    on(
        Method::PATCH,
        "/api/connections/{name}",
        "connections_update",
    ),
    on(
        Method::DELETE,
        "/api/connections/{name}",
        "connections_delete",
    ),
    on(
        Method::POST,
        "/api/connections/{name}/test",
        "connections_test",
    ),
    on(
        Method::GET,
        "/api/connections/{connection_name}/databases",
        "connection_databases",
    ),
    on(
        Method::GET,
        "/api/connections/{connection_name}/tables",
        "connection_tables",
    ),
    on(
        Method::GET,
        "/api/connections/{connection_name}/columns",
        "connection_columns",
    ),
    on(Method::POST, "/api/exec", "exec"),
    on(Method::POST, "/api/policy/preview", "policy_preview"),
    on(Method::POST, "/api/policies/plan", "policies_plan"),
    on(Method::POST, "/api/policies/apply", "policies_apply"),
    on(Method::POST, "/api/policies/backtest", "policies_backtest"),
    on(Method::GET, "/api/sessions", "sessions_list"),
    on(Method::GET, "/api/sessions/{id}", "sessions_get"),
    on(
        Method::GET,
        "/api/sessions/{id}/content",
        "sessions_get_content",
    ),
    on(Method::POST, "/api/sessions/{id}/wait", "sessions_wait"),
    on(Method::POST, "/api/sessions/{id}/kill", "sessions_kill"),
    on(Method::GET, "/api/access-control", "access_control_list"),
    on(
        Method::GET,
        "/api/access-control/{connection_name}",
        "access_control_get",
    ),
    on(
        Method::PUT,
        "/api/access-control/{connection_name}",
        "access_control_set",
    ),
    on(
        Method::DELETE,
        "/api/access-control/{connection_name}",
        "access_control_unset",
    ),
    on(Method::GET, "/api/attributes", "attributes_list"),
    creates("/api/attributes", "attributes_create"),
    on(Method::GET, "/api/attributes/{name}", "attributes_get"),
    on(Method::PATCH, "/api/attributes/{name}", "attributes_update"),
    on(
        Method::DELETE,
        "/api/attributes/{name}",
        "attributes_delete",
    ),
    on(
        Method::GET,
        "/api/datamasking-rules",
        "datamasking_rules_list",
    ),
    creates("/api/datamasking-rules", "datamasking_rules_create"),
    on(
        Method::GET,
        "/api/datamasking-rules/{id}",
        "datamasking_rules_get",
    ),
    on(
        Method::PATCH,
        "/api/datamasking-rules/{id}",
        "datamasking_rules_update",
    ),
    on(
        Method::DELETE,
        "/api/datamasking-rules/{id}",
        "datamasking_rules_delete",
    ),
    on(Method::GET, "/api/guardrails", "guardrails_list"),
    creates("/api/guardrails", "guardrails_create"),
    on(Method::GET, "/api/guardrails/{id}", "guardrails_get"),
    on(Method::PATCH, "/api/guardrails/{id}", "guardrails_update"),
    on(Method::DELETE, "/api/guardrails/{id}", "guardrails_delete"),
    on(Method::GET, "/api/users", "users_list"),
    creates("/api/users", "users_create"),
    on(Method::GET, "/api/users/{email}", "users_get"),
    on(Method::PATCH, "/api/users/{email}", "users_update"),
    on(Method::GET, "/api/usergroups", "usergroups_list"),
    creates("/api/usergroups", "usergroups_create"),
    on(
        Method::DELETE,
        "/api/usergroups/{name}",
        "usergroups_delete",
    ),
    on(Method::GET, "/api/keys", "keys_list"),
    creates("/api/keys", "keys_create"),
    on(Method::DELETE, "/api/keys/{id}", "keys_revoke"),
    on(Method::POST, "/api/logout", "sign_out"),
];

impl Route {
    /// Names of the arguments that the path carries.
    pub(crate) fn path_arguments(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| {
            part.strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
        })
    }

    /// Whether a JSON body is how its arguments are documented.
    pub(crate) fn takes_body(&self) -> bool {
        matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
    }
}

/// Where the routes and the catalog differ; none when every operation has
/// exactly one route and every route an operation.
#[must_use]
pub fn gaps(catalog: &Catalog) -> Vec<Gap> {
    let no_route = catalog
        .entries()
        .iter()
        .map(|entry| entry.name)
        .filter(|name| {
            ROUTES
                .iter()
                .filter(|route| route.operation == *name)
                .count()
                != 1
        })
        .map(Gap::NoRoute);
    let no_operation = ROUTES
        .iter()
        .map(|route| route.operation)
        .filter(|name| catalog.find(name).is_none())
        .map(Gap::NoOperation);
    no_route.chain(no_operation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_routes_are_the_same() {
        let unique: BTreeSet<_> = ROUTES
            .iter()
            .map(|route| (route.path, route.method.as_str()))
            .collect();
        assert_eq!(unique.len(), ROUTES.len());
    }

    #[test]
    fn every_operation_has_a_route_and_every_route_an_operation() {
        assert_eq!(gaps(&gate::operations()), []);
    }

    #[test]
    fn every_path_argument_is_one_of_its_operation() {
        let catalog = gate::operations();
        for route in &ROUTES {
            let schema = catalog.find(route.operation).unwrap().input_schema();
            for name in route.path_arguments() {
                assert!(
                    schema["properties"][name].is_object(),
                    "{}: {name}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn path_arguments_are_the_names_in_braces() {
        let route = ROUTES
            .iter()
            .find(|route| route.operation == "connection_tables");
        let names: Vec<_> = route.unwrap().path_arguments().collect();
        assert_eq!(names, ["connection_name"]);
    }
}
