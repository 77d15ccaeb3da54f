//! Which policies of a file reach a connection, once the file is applied.

use std::collections::BTreeSet;

use model::PolicyFile;

/// The policies of a file that reach a connection, by their places in the lists of the
/// file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileReach {
    /// Places in `guardrails`.
    pub guardrails: Vec<usize>,
    /// Places in `datamasking_rules`.
    pub masking: Vec<usize>,
}

impl FileReach {
    /// What reaches the connection `name`, which bears the attributes `stored` where the
    /// file says nothing about them.
    #[must_use]
    pub fn of(file: &PolicyFile, name: &str, stored: &[String]) -> Self {
        let borne = borne(file, name, stored);
        let reaches = |connections: &[String], attributes: &[String]| {
            connections.iter().any(|connection| connection == name)
                || attributes
                    .iter()
                    .any(|attribute| borne.contains(attribute.as_str()))
        };
        let guardrails = file.guardrails.iter().enumerate();
        let guardrails =
            guardrails.filter(|(_, entry)| reaches(&entry.connections, &entry.attributes));
        let masking = file.datamasking_rules.iter().enumerate();
        let masking = masking.filter(|(_, entry)| reaches(&entry.connections, &entry.attributes));
        Self {
            guardrails: guardrails.map(|(place, _)| place).collect(),
            masking: masking.map(|(place, _)| place).collect(),
        }
    }

    /// Everything in the file, whatever it is linked to.
    #[must_use]
    pub fn everything(file: &PolicyFile) -> Self {
        Self {
            guardrails: (0..file.guardrails.len()).collect(),
            masking: (0..file.datamasking_rules.len()).collect(),
        }
    }
}

/// The groups that the file lets see a connection; `None` when it says nothing, and every
/// member sees it.
#[must_use]
pub fn allow_list_in_file<'a>(file: &'a PolicyFile, name: &str) -> Option<BTreeSet<&'a str>> {
    let own = file.access_control.iter();
    let own = own.filter(|entry| entry.connection == name);
    let through = file.attributes.iter();
    let through = through.filter(|entry| {
        !entry.groups.is_empty() && entry.connections.iter().any(|bearer| bearer == name)
    });
    let lists: Vec<&Vec<String>> = own
        .map(|entry| &entry.groups)
        .chain(through.map(|entry| &entry.groups))
        .collect();
    (!lists.is_empty()).then(|| lists.into_iter().flatten().map(String::as_str).collect())
}

/// The attributes that a connection bears. An entry of the file says everything about its
/// attribute, and other attributes stay as they are.
fn borne<'a>(file: &'a PolicyFile, name: &str, stored: &'a [String]) -> BTreeSet<&'a str> {
    let in_file: BTreeSet<&str> = file
        .attributes
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    let kept = stored
        .iter()
        .map(String::as_str)
        .filter(|attribute| !in_file.contains(attribute));
    let given = file.attributes.iter();
    let given = given.filter(|entry| entry.connections.iter().any(|bearer| bearer == name));
    kept.chain(given.map(|entry| entry.name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn file(says: Value) -> PolicyFile {
        let mut file = json!({"version": 1});
        let fields = file.as_object_mut().unwrap();
        fields.extend(says.as_object().unwrap().clone());
        serde_json::from_value(file).unwrap()
    }

    fn linked() -> PolicyFile {
        file(json!({
            "guardrails": [
                {"name": "direct", "connections": ["a"]},
                {"name": "through", "attributes": ["production"]},
                {"name": "nowhere"}],
            "datamasking_rules": [{"name": "kept", "attributes": ["eu"]}],
            "attributes": [{"name": "production", "connections": ["b"], "groups": ["dba"]}],
            "access_control": [{"connection": "a", "groups": ["ops", "dba"]}],
        }))
    }

    #[test]
    fn policies_reach_connections_by_name_and_by_attribute() {
        let file = linked();
        let of = |name: &str, stored: &[&str]| {
            let stored: Vec<String> = stored.iter().map(|name| (*name).to_owned()).collect();
            let reach = FileReach::of(&file, name, &stored);
            (reach.guardrails, reach.masking)
        };
        assert_eq!(of("a", &[]), (vec![0], vec![]));
        assert_eq!(of("b", &[]), (vec![1], vec![]));
        assert_eq!(of("c", &[]), (vec![], vec![]));
        assert_eq!(of("c", &["eu"]), (vec![], vec![0]), "stored ones stay");
        assert_eq!(
            of("c", &["production"]),
            (vec![], vec![]),
            "the file says who bears its attributes"
        );
        let all = FileReach::everything(&file);
        assert_eq!((all.guardrails, all.masking), (vec![0, 1, 2], vec![0]));
    }

    #[test]
    fn groups_come_from_the_connection_and_from_its_attributes() {
        let file = linked();
        let of = |name| allow_list_in_file(&file, name).map(Vec::from_iter);
        assert_eq!(of("a"), Some(vec!["dba", "ops"]));
        assert_eq!(of("b"), Some(vec!["dba"]));
        assert_eq!(of("c"), None);
    }
}
