//! Attributes and allow-lists.

use store::{AttributeLinks, Error, Keyset, NewGroup};

use crate::basics::group;
use crate::harness::{ENGINES, Home, everything};
use crate::links::{bind, connection};

fn links(connections: &[&str], groups: &[&str]) -> AttributeLinks {
    let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    AttributeLinks {
        connections: owned(connections),
        groups: owned(groups),
        ..AttributeLinks::default()
    }
}

#[tokio::test]
async fn an_allow_list_is_read_and_removed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let shop = org
            .create_connection(connection("shop", &[]))
            .await
            .unwrap()
            .id;
        org.create_connection(connection("bar", &[])).await.unwrap();
        assert!(org.binding_of(shop).await.unwrap().is_none(), "{engine:?}");
        assert!(matches!(org.unbind(shop, None).await, Err(Error::NotFound)));
        for name in ["shop", "bar"] {
            bind(org, name, &["admin".into()]).await.unwrap();
        }
        let bound = org.binding_of(shop).await.unwrap().unwrap();
        assert_eq!(
            (bound.allowed_groups, bound.version),
            (vec!["admin".to_owned()], 1)
        );
        let stale = org.bind_groups(shop, &["admin".into()], Some(0)).await;
        assert!(matches!(stale, Err(Error::Version { current: 1 })));
        let first = Keyset {
            limit: 1,
            after: None,
        };
        let page = org.bindings(first).await.unwrap();
        assert_eq!(page.items[0].connection_name, "bar");
        assert_eq!(page.items[0].allowed_groups, ["admin"]);
        let rest = Keyset {
            limit: 9,
            after: page.next_cursor,
        };
        let rest = org.bindings(rest).await.unwrap();
        assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
        assert!(matches!(
            org.unbind(shop, Some(7)).await,
            Err(Error::Version { current: 1 })
        ));
        let (id, name) = org.unbind(shop, Some(1)).await.unwrap();
        assert_eq!((Some(id), name.as_str()), (bound.id, "shop"));
        let set = org.connections().await.unwrap();
        assert_eq!(set.by_name("shop").unwrap().allow_list, None);
    }
}

#[tokio::test]
async fn an_attribute_ties_connections_and_groups_together() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        org.create_group(group("dba")).await.unwrap();
        let shop = org
            .create_connection(connection("shop", &[]))
            .await
            .unwrap();
        let made = org.create_attribute("pii", Some("what"), links(&["shop", "shop"], &["dba"]));
        let made = made.await.unwrap();
        assert_eq!(made.connection_names, ["shop"], "{engine:?}");
        assert_eq!(made.access_control_group_names, ["dba"]);
        let now = || async {
            org.connections()
                .await
                .unwrap()
                .by_name("shop")
                .unwrap()
                .clone()
        };
        let bears = now().await;
        assert_eq!(bears.allow_list, Some(vec!["dba".to_owned()]));
        assert_eq!(bears.attributes, ["pii"]);
        // A change of the connection writes its attributes: it must notice.
        assert!(bears.version > shop.version);
        let taken = org
            .create_attribute("pii", None, AttributeLinks::default())
            .await;
        assert!(matches!(taken, Err(Error::Taken { id }) if id == model::Id::uuid(made.id)));

        let kept = org.update_attribute("pii", Some(1), None, AttributeLinks::default());
        let kept = kept.await.unwrap();
        assert_eq!(
            (kept.version, kept.description.as_deref()),
            (2, Some("what"))
        );
        assert_eq!(kept.connection_names, ["shop"]);
        let stale = org
            .update_attribute("pii", Some(1), None, links(&[], &[]))
            .await;
        assert!(matches!(stale, Err(Error::Version { current: 2 })));
        let id = made.id.to_string();
        let cleared = org.update_attribute(&id, None, Some(None), links(&["shop"], &[]));
        let cleared = cleared.await.unwrap();
        assert_eq!(
            (
                cleared.description,
                cleared.access_control_group_names.len()
            ),
            (None, 0)
        );
        assert_eq!(now().await.allow_list, None);

        let (gone, name) = org.delete_attribute("pii", Some(3)).await.unwrap();
        assert_eq!((gone, name.as_str()), (made.id, "pii"));
        assert!(now().await.attributes.is_empty());
        assert!(org.attribute("pii").await.unwrap().is_none());
        assert!(matches!(
            org.delete_attribute("pii", None).await,
            Err(Error::NotFound)
        ));
    }
}

#[tokio::test]
async fn unknown_links_of_an_attribute_are_told_at_once() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let unknown = || Some(vec!["x".to_owned()]);
        let all = AttributeLinks {
            connections: unknown(),
            access_request_rules: unknown(),
            guardrails: unknown(),
            masking_rules: unknown(),
            groups: unknown(),
        };
        let refused = home.org.create_attribute("pii", None, all).await;
        let Err(Error::Missing(missing)) = refused else {
            panic!("{engine:?}: {refused:?}");
        };
        let kinds: Vec<_> = missing.iter().map(|(kind, _)| *kind).collect();
        let expected = [
            "connection",
            "access_request_rule",
            "guardrail",
            "datamasking_rule",
            "group",
        ];
        assert_eq!(kinds, expected);
        assert!(home.org.attribute("pii").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn attributes_are_listed_in_both_ways() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        for name in ["Alpha", "beta", "gamma"] {
            org.create_attribute(name, None, AttributeLinks::default())
                .await
                .unwrap();
        }
        let found = org.attributes(Some("ALP"), everything()).await.unwrap();
        assert_eq!(found.items.len(), 1, "{engine:?}");
        let (items, total) = org.attributes_page(None, 2, 2).await.unwrap();
        assert_eq!(
            (items[0].name.as_str(), items.len(), total),
            ("gamma", 1, 3)
        );
        assert!(
            org.attributes_page(None, u32::MAX, 200)
                .await
                .unwrap()
                .0
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_group_that_joins_an_attribute_restricts_its_connections() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        org.create_connection(connection("shop", &[]))
            .await
            .unwrap();
        org.create_attribute("pii", None, links(&["shop"], &[]))
            .await
            .unwrap();
        let new = NewGroup {
            attributes: vec!["pii".into()],
            ..group("dba")
        };
        let made = org.create_group(new).await.unwrap();
        assert_eq!(made.bound_attributes, ["pii"], "{engine:?}");
        let set = org.connections().await.unwrap();
        let listed = set.by_name("shop").unwrap().allow_list.clone();
        assert_eq!(listed, Some(vec!["dba".to_owned()]));
    }
}
