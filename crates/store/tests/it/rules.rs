//! Rules that are kept as JSON, and the connections they reach.

use store::{AttributeLinks, Error, Keyset, OrgStore, RuleChange, RuleKind, SecretsChange};

use crate::harness::{ENGINES, Home, everything};
use crate::links::{connection, fields};

const KINDS: [RuleKind; 2] = [RuleKind::Guardrail, RuleKind::Masking];

fn rule(detail: &str, connections: &[&str], attributes: &[&str]) -> RuleChange {
    let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    RuleChange {
        name: None,
        detail: Some(detail.to_owned()),
        connections: owned(connections),
        attributes: owned(attributes),
    }
}

/// Names of the rules of each kind that reach a connection.
async fn reach(org: &OrgStore, name: &str) -> [Vec<String>; 2] {
    let id = org.connections().await.unwrap().by_name(name).unwrap().id;
    let reach = org.reach(id).await.unwrap();
    [reach.guardrails, reach.masking].map(|rules| rules.into_iter().map(|rule| rule.name).collect())
}

#[tokio::test]
async fn a_rule_is_kept_changed_and_deleted() {
    for (engine, kind) in ENGINES
        .into_iter()
        .flat_map(|e| KINDS.map(|kind| (e, kind)))
    {
        let home = Home::new(engine).await;
        let org = &home.org;
        let shop = org
            .create_connection(connection("shop", &[]))
            .await
            .unwrap();
        org.create_attribute("pii", None, AttributeLinks::default())
            .await
            .unwrap();
        let made = org.create_rule(kind, "no drop", rule("{\"a\":1}", &["shop"], &["pii"]));
        let made = made.await.unwrap();
        assert_eq!(
            (made.detail.as_str(), made.version),
            ("{\"a\":1}", 1),
            "{engine:?}"
        );
        assert_eq!(
            (&made.connection_ids[..], &made.attributes[..]),
            (&[shop.id][..], &["pii".to_owned()][..])
        );
        let taken = org.create_rule(kind, "no drop", rule("{}", &[], &[])).await;
        assert!(matches!(taken, Err(Error::Taken { .. })));
        let lost = org
            .create_rule(kind, "other", rule("{}", &["x"], &["y"]))
            .await;
        assert!(matches!(lost, Err(Error::Missing(missing)) if missing.len() == 2));
        assert!(org.rule(kind, "other").await.unwrap().is_none());

        let renamed = RuleChange {
            name: Some("never drop".into()),
            ..RuleChange::default()
        };
        let renamed = org
            .update_rule(kind, made.id, Some(1), renamed)
            .await
            .unwrap();
        assert_eq!((renamed.name.as_str(), renamed.version), ("never drop", 2));
        assert_eq!(
            (renamed.detail, renamed.connection_ids.len()),
            (made.detail, 1)
        );
        let stale = org
            .update_rule(kind, made.id, Some(1), RuleChange::default())
            .await;
        assert!(matches!(stale, Err(Error::Version { current: 2 })));
        org.create_rule(kind, "b", rule("{}", &[], &[]))
            .await
            .unwrap();
        let onto = RuleChange {
            name: Some("b".into()),
            ..RuleChange::default()
        };
        let onto = org.update_rule(kind, made.id, None, onto).await;
        assert!(matches!(onto, Err(Error::Taken { .. })));
        let page = org
            .rules(
                kind,
                Keyset {
                    limit: 1,
                    after: None,
                },
            )
            .await
            .unwrap();
        assert_eq!(
            (page.items[0].name.as_str(), page.next_cursor.as_deref()),
            ("b", Some("b"))
        );

        let (gone, name) = org.delete_rule(kind, "never drop", Some(2)).await.unwrap();
        assert_eq!((gone, name.as_str()), (made.id, "never drop"));
        assert!(matches!(
            org.delete_rule(kind, "never drop", None).await,
            Err(Error::NotFound)
        ));
        assert_eq!(org.rules(kind, everything()).await.unwrap().items.len(), 1);
    }
}

#[tokio::test]
async fn rules_reach_connections_directly_and_through_attributes() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        for name in ["shop", "bar"] {
            org.create_connection(connection(name, &[])).await.unwrap();
        }
        let bears = AttributeLinks {
            connections: Some(vec!["bar".into()]),
            ..AttributeLinks::default()
        };
        org.create_attribute("pii", None, bears).await.unwrap();
        for kind in KINDS {
            org.create_rule(kind, "direct", rule("{}", &["shop"], &[]))
                .await
                .unwrap();
            org.create_rule(kind, "indirect", rule("{}", &[], &["pii"]))
                .await
                .unwrap();
            org.create_rule(kind, "both", rule("{}", &["bar"], &["pii"]))
                .await
                .unwrap();
            org.create_rule(kind, "neither", rule("{}", &[], &[]))
                .await
                .unwrap();
        }
        let shop = vec!["direct".to_owned()];
        assert_eq!(reach(org, "shop").await, [shop.clone(), shop], "{engine:?}");
        let bar = vec!["both".to_owned(), "indirect".to_owned()];
        assert_eq!(reach(org, "bar").await, [bar.clone(), bar]);
        org.delete_attribute("pii", None).await.unwrap();
        assert_eq!(reach(org, "bar").await[0], ["both"]);
        org.delete_connection("bar", None).await.unwrap();
        let both = org.rule(RuleKind::Masking, "both").await.unwrap().unwrap();
        assert!(both.connection_ids.is_empty() && both.attributes.is_empty());
    }
}

#[tokio::test]
async fn a_guardrail_linked_meanwhile_is_not_lost() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let shop = org
            .create_connection(connection("shop", &[]))
            .await
            .unwrap();
        let made = org.create_rule(RuleKind::Guardrail, "no drop", rule("{}", &["shop"], &[]));
        made.await.unwrap();
        let late =
            org.update_connection(shop.id, fields(), SecretsChange::Keep, Some(shop.version));
        assert!(
            matches!(late.await, Err(Error::Version { .. })),
            "{engine:?}"
        );
        let set = org.connections().await.unwrap();
        assert_eq!(set.by_name("shop").unwrap().guardrail_rules.len(), 1);
    }
}
