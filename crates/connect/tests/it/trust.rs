//! Whose certificates are trusted.

use std::time::Duration;

use connect::{Fault, Stage};
use model::Code;
use testkit::servers::{Certificate, Database, MariaDb, Network, Postgres};

use crate::recorder::{is_alone, server};

/// Why `target` cannot be reached over verified TLS, when it cannot.
async fn refusal(subtype: &str, database: &Database, roots: Option<&str>) -> Option<Fault> {
    let mut more = vec![("SSLMODE", "verify-full")];
    more.extend(roots.map(|roots| ("SSLROOTCERT", roots)));
    let target = server(subtype, database, &more);
    target.probe(Duration::from_secs(5)).await.fault
}

#[tokio::test]
async fn only_the_authorities_of_the_connection_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let other = Certificate::make(folder.path()).authority;
    let (postgres, mariadb) = (Postgres::start_tls(), MariaDb::start_tls());
    let servers = [
        ("postgres", postgres.database(), postgres.authority()),
        ("mysql", mariadb.database(), mariadb.authority()),
    ];
    for (subtype, database, own) in servers {
        let own = own.unwrap();
        let both = format!("{other}{own}");
        for roots in [own, &both] {
            let fault = refusal(subtype, &database, Some(roots)).await;
            assert!(fault.is_none(), "{subtype}: {fault:?}");
        }
        for (roots, code) in [
            (Some(other.as_str()), Code::Unavailable),
            (None, Code::Unavailable),
            (Some("no certificate"), Code::InvalidArgument),
        ] {
            let fault = refusal(subtype, &database, roots).await.unwrap();
            assert_eq!(
                (fault.stage, fault.code),
                (Stage::Tls, code),
                "{subtype}: {fault}"
            );
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_without_its_name() {
    let (postgres, mariadb) = (Postgres::start_tls(), MariaDb::start_tls());
    let servers = [
        ("postgres", postgres.database(), postgres.authority()),
        ("mysql", mariadb.database(), mariadb.authority()),
    ];
    for (subtype, mut database, own) in servers {
        let network = Network::of("127.0.0.2", database.port).await;
        (database.host, database.port) = ("127.0.0.2".into(), network.port());
        let fault = refusal(subtype, &database, own).await.unwrap();
        assert_eq!(fault.stage, Stage::Tls, "{subtype}: {fault}");
        assert!(fault.message.contains("for another host"), "{fault}");
        assert!(!fault.message.contains("127.0.0"), "{fault}");
    }
}

#[tokio::test]
async fn the_authorities_of_the_machine_are_trusted_by_default() {
    // The environment may name them; it is read by the whole process.
    const FILE: &str = "SSL_CERT_FILE";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authorities");
    let name = "trust::the_authorities_of_the_machine_are_trusted_by_default";
    if !is_alone(name, &[(FILE, path.to_str().unwrap())]) {
        return;
    }
    let (postgres, mariadb) = (Postgres::start_tls(), MariaDb::start_tls());
    let authorities = [postgres.authority().unwrap(), mariadb.authority().unwrap()].concat();
    std::fs::write(std::env::var_os(FILE).unwrap(), authorities).unwrap();
    for (subtype, database) in [
        ("postgres", postgres.database()),
        ("mysql", mariadb.database()),
    ] {
        let fault = refusal(subtype, &database, None).await;
        assert!(fault.is_none(), "{subtype}: {fault:?}");
    }
}
