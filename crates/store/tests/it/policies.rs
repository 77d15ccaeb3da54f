//! Policies that are written together.

use model::Clock as _;
use store::{AttributeLinks, Error, OrgStore, PolicyChange, PolicyWrite, RuleChange, RuleKind};

use crate::basics::group;
use crate::harness::{ENGINES, Home, House, everything};
use crate::links::{bind, connection};
use crate::sessions::audit;

impl House {
    /// Operations of the audit rows on file, sorted.
    async fn audited(&self) -> Vec<String> {
        let details = self.texts("SELECT detail FROM audit_event").await;
        let operation = |detail: &String| {
            let row: serde_json::Value = serde_json::from_str(detail).unwrap();
            assert_eq!(row["objects"].as_array().unwrap().len(), 1, "{row}");
            row["operation"].as_str().unwrap().to_owned()
        };
        let mut operations: Vec<String> = details.iter().map(operation).collect();
        operations.sort();
        operations
    }
}

fn names(list: &[&str]) -> Option<Vec<String>> {
    Some(list.iter().map(|name| (*name).to_owned()).collect())
}

fn write(operation: &'static str, change: PolicyChange) -> PolicyWrite {
    PolicyWrite { operation, change }
}

fn attribute(name: &str, connections: &[&str]) -> PolicyWrite {
    let links = AttributeLinks {
        connections: names(connections),
        ..AttributeLinks::default()
    };
    let (name, description) = (name.to_owned(), None);
    let change = PolicyChange::CreateAttribute {
        name,
        description,
        links,
    };
    write("attributes_create", change)
}

fn rule(kind: RuleKind, name: &str, attributes: &[&str]) -> PolicyWrite {
    let change = RuleChange {
        detail: Some("{}".into()),
        attributes: names(attributes),
        ..RuleChange::default()
    };
    let name = name.to_owned();
    write("a_create", PolicyChange::CreateRule { kind, name, change })
}

/// What a file says: an attribute, rules of both kinds that follow it, an allow-list.
async fn everything_of_a_file(org: &OrgStore) -> Vec<PolicyWrite> {
    let shop = org.connections().await.unwrap().by_name("shop").unwrap().id;
    let (connection, groups) = (shop, vec!["dba".to_owned()]);
    vec![
        attribute("production", &["shop"]),
        rule(RuleKind::Guardrail, "no drop", &["production"]),
        rule(RuleKind::Masking, "pii", &["production"]),
        write(
            "access_control_set",
            PolicyChange::Bind { connection, groups },
        ),
    ]
}

async fn home_with_a_shop(engine: crate::harness::Engine) -> Home {
    let home = Home::new(engine).await;
    let shop = connection("shop", &[]);
    home.org.create_connection(shop).await.unwrap();
    home.org.create_group(group("dba")).await.unwrap();
    home
}

#[tokio::test]
async fn policies_are_written_together_and_known_as_a_files() {
    for engine in ENGINES {
        let home = home_with_a_shop(engine).await;
        let org = &home.org;
        let row = audit(home.house.clock.now());
        let before = org.generation().await.unwrap();
        let writes = everything_of_a_file(org).await;
        let ids = org.write_policies(before, &writes, &row).await.unwrap();
        assert_eq!(ids.len(), 4, "{engine:?}");
        assert_eq!(org.generation().await.unwrap(), before + 1);
        let expected = [
            "a_create",
            "a_create",
            "access_control_set",
            "attributes_create",
        ];
        assert_eq!(home.house.audited().await, expected);

        let shop = org
            .connections()
            .await
            .unwrap()
            .by_name("shop")
            .unwrap()
            .clone();
        assert_eq!(shop.allow_list, names(&["dba"]));
        let reach = org.reach(shop.id).await.unwrap();
        assert_eq!((reach.guardrails.len(), reach.masking.len()), (1, 1));
        assert_eq!(reach.guardrails[0].id.to_string(), ids[1]);
        let made = org.by_file().await.unwrap();
        assert!(made.rules.contains(&reach.guardrails[0].id));
        assert!(made.rules.contains(&reach.masking[0].id));
        assert_eq!((made.rules.len(), made.attributes.len()), (2, 1));
        assert!(made.connections.contains(&shop.id));
    }
}

#[tokio::test]
async fn what_somebody_made_by_hand_does_not_become_a_files() {
    for engine in ENGINES {
        let home = home_with_a_shop(engine).await;
        let org = &home.org;
        bind(org, "shop", &["admin".to_owned()]).await.unwrap();
        let change = RuleChange::default();
        let made = org
            .create_rule(RuleKind::Guardrail, "no drop", change)
            .await;
        let (kind, id) = (RuleKind::Guardrail, made.unwrap().id);
        let change = RuleChange {
            detail: Some("{\"a\":1}".into()),
            ..RuleChange::default()
        };
        let shop = org.connections().await.unwrap().by_name("shop").unwrap().id;
        let (connection, groups) = (shop, vec!["dba".to_owned()]);
        let writes = [
            write("u", PolicyChange::UpdateRule { kind, id, change }),
            write("b", PolicyChange::Bind { connection, groups }),
        ];
        let generation = org.generation().await.unwrap();
        let row = audit(home.house.clock.now());
        org.write_policies(generation, &writes, &row).await.unwrap();
        let rule = org.rule(kind, "no drop").await.unwrap().unwrap();
        assert_eq!(
            (&*rule.detail, rule.version),
            ("{\"a\":1}", 2),
            "{engine:?}"
        );
        let bound = org.binding_of(shop).await.unwrap().unwrap();
        assert_eq!(bound.allowed_groups, ["dba"]);
        let made = org.by_file().await.unwrap();
        assert!(
            made.rules.is_empty() && made.connections.is_empty(),
            "{made:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_in_the_middle_changes_nothing() {
    for engine in ENGINES {
        let home = home_with_a_shop(engine).await;
        let org = &home.org;
        let row = audit(home.house.clock.now());
        let taken = RuleChange::default();
        org.create_rule(RuleKind::Masking, "taken", taken)
            .await
            .unwrap();
        let before = org.generation().await.unwrap();
        for (last, is_expected) in [
            (
                rule(RuleKind::Guardrail, "lost", &["nowhere"]),
                (|error| matches!(error, Error::Missing(links) if links.len() == 1))
                    as fn(&Error) -> bool,
            ),
            (rule(RuleKind::Masking, "taken", &[]), |error| {
                matches!(error, Error::Taken { .. })
            }),
        ] {
            let mut writes = everything_of_a_file(org).await;
            writes.push(last);
            let refused = org.write_policies(before, &writes, &row).await;
            assert!(is_expected(&refused.unwrap_err()), "{engine:?}");
            assert_eq!(org.generation().await.unwrap(), before);
            assert!(org.attribute("production").await.unwrap().is_none());
            for (kind, left) in [(RuleKind::Guardrail, 0), (RuleKind::Masking, 1)] {
                let rules = org.rules(kind, everything()).await.unwrap();
                assert_eq!(rules.items.len(), left);
            }
            let shop = org
                .connections()
                .await
                .unwrap()
                .by_name("shop")
                .unwrap()
                .clone();
            assert_eq!(shop.allow_list, None);
            assert!(home.house.audited().await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_change_that_came_between_refuses_the_whole() {
    for engine in ENGINES {
        let home = home_with_a_shop(engine).await;
        let org = &home.org;
        let row = audit(home.house.clock.now());
        let generation = org.generation().await.unwrap();
        org.create_group(group("late")).await.unwrap();
        let writes = everything_of_a_file(org).await;
        let refused = org.write_policies(generation, &writes, &row).await;
        let current = generation + 1;
        assert!(
            matches!(refused, Err(Error::Version { current: told }) if told == current),
            "{engine:?}"
        );
        assert!(org.attribute("production").await.unwrap().is_none());
        org.write_policies(current, &writes, &row).await.unwrap();
        assert!(org.attribute("production").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_a_file_made_can_be_removed_together() {
    for engine in ENGINES {
        let home = home_with_a_shop(engine).await;
        let org = &home.org;
        let row = audit(home.house.clock.now());
        let writes = everything_of_a_file(org).await;
        let generation = org.generation().await.unwrap();
        org.write_policies(generation, &writes, &row).await.unwrap();
        let made = org.by_file().await.unwrap();
        let mut writes = Vec::new();
        for kind in [RuleKind::Guardrail, RuleKind::Masking] {
            for rule in org.rules(kind, everything()).await.unwrap().items {
                let id = rule.id;
                writes.push(write("d", PolicyChange::DeleteRule { kind, id }));
            }
        }
        let attributes = made.attributes.iter().copied();
        writes.extend(attributes.map(|id| write("d", PolicyChange::DeleteAttribute(id))));
        let connections = made.connections.iter().copied();
        writes.extend(connections.map(|id| write("d", PolicyChange::Unbind(id))));
        let generation = org.generation().await.unwrap();
        let ids = org.write_policies(generation, &writes, &row).await.unwrap();
        assert_eq!(ids.len(), 4, "{engine:?}");
        let left = org.by_file().await.unwrap();
        assert!(left.rules.is_empty() && left.attributes.is_empty());
        let shop = org
            .connections()
            .await
            .unwrap()
            .by_name("shop")
            .unwrap()
            .clone();
        assert_eq!(shop.allow_list, None);
        assert!(org.reach(shop.id).await.unwrap().guardrails.is_empty());
    }
}
