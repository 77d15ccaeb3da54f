//! Starting, stopping and configuring the gateway.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::gateway::{Client, ENGINES, Engine, Gateway, Setup, drawgate};

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs the binary to its end and returns what it said on standard error.
fn refused(arguments: &[&str]) -> String {
    refused_with(arguments, 1)
}

fn refused_with(arguments: &[&str], code: i32) -> String {
    let mut child = drawgate()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = child.try_wait().unwrap();
    let _ = child.kill();
    let ended = ended.and_then(|status| status.code());
    assert_eq!(ended, Some(code), "it should not start");
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    said
}

#[tokio::test]
async fn the_first_start_makes_a_private_data_folder_and_the_second_changes_nothing() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        assert_eq!(mode(&gateway.data), 0o700);
        assert_eq!(mode(&gateway.data.join("secret.key")), 0o600);
        assert_eq!(mode(&gateway.data.join("admin.token")), 0o600);
        let token = gateway.token("admin.token");
        let me = gateway.admin().call("me_get", json!({})).await.unwrap();
        assert_eq!(me["is_admin"], true, "{me}");
        assert!(
            gateway
                .said
                .lock()
                .contains("claude mcp add --transport http drawgate ")
        );
        assert!(gateway.stop(), "{}", gateway.said.lock());
        gateway.start_again();
        assert_eq!(gateway.token("admin.token"), token);
        let again = gateway.admin().call("me_get", json!({})).await.unwrap();
        assert_eq!(again["id"], me["id"]);
    }
}

#[tokio::test]
async fn health_readiness_and_figures_are_told() {
    let gateway = Gateway::start(Engine::Sqlite);
    let nobody = gateway.client("");
    assert_eq!(nobody.rest("GET", "/healthz", None).await.0, 200);
    assert_eq!(nobody.rest("GET", "/readyz", None).await.0, 200);
    gateway.admin().call("me_get", json!({})).await.unwrap();
    let (status, figures) = nobody.rest("GET", "/metrics", None).await;
    assert_eq!(status, 200);
    let figures = figures.as_str().unwrap();
    assert!(
        figures.contains("drawgate_calls_total{operation=\"me_get\",code=\"ok\"} 1"),
        "{figures}"
    );
    let (status, page) = nobody.rest("GET", "/", None).await;
    assert_eq!(status, 200);
    assert!(page.as_str().unwrap().contains("/api/mcp"));
}

#[tokio::test]
async fn the_demo_is_made_once_and_works() {
    let mut gateway = Setup::new(Engine::Sqlite).with(&["--demo"]).start();
    for round in 0..2 {
        let dev = gateway.client(&gateway.token("demo/dev.token"));
        let answer = dev
            .exec("demo", "select count(*) as n from customers")
            .await;
        assert_eq!(answer["output"], "n\n1000\n(1 row)\n", "round {round}");
        let shell = dev.exec("demo-shell", "echo hello from the shell").await;
        assert_eq!(shell["output"], "hello from the shell\n");
        let me = dev.call("me_get", json!({})).await.unwrap();
        assert_eq!(me["user_email"], "dev@demo.local");
        assert_eq!(me["is_admin"], false);
        if round == 0 {
            assert!(gateway.stop());
            gateway.start_again();
        }
    }
    let users = gateway.admin().call("users_list", json!({})).await.unwrap();
    assert_eq!(users["items"].as_array().unwrap().len(), 4, "{users}");
    assert_eq!(mode(&gateway.data.join("demo")), 0o700);
    for name in ["admin", "dev", "reviewer"] {
        let file = gateway.data.join(format!("demo/{name}.token"));
        assert_eq!(mode(&file), 0o600, "{name}");
    }
}

#[test]
fn flags_beat_the_environment_and_the_environment_beats_the_file() {
    let url = |who: &str| format!("https://{who}.example.com");
    let line = |who: &str| format!("MCP    {}/api/mcp\n", url(who));
    for (given, wins) in [
        (&["file"][..], "file"),
        (&["file", "environment"], "environment"),
        (&["file", "environment", "flag"], "flag"),
    ] {
        let mut setup = Setup::new(Engine::Sqlite);
        let config = setup.folder().join("drawgate.toml");
        std::fs::write(&config, format!("public_url = \"{}\"\n", url("file"))).unwrap();
        setup = setup.env("DRAWGATE_CONFIG", config.to_str().unwrap());
        if given.contains(&"environment") {
            setup = setup.env("DRAWGATE_PUBLIC_URL", &url("environment"));
        }
        if given.contains(&"flag") {
            setup = setup.with(&["--public-url", &url("flag")]);
        }
        let gateway = setup.start();
        let said = gateway.said.lock().clone();
        assert!(said.contains(&line(wins)), "{given:?}: {said}");
    }
}

#[test]
fn the_log_is_text_or_json_as_it_is_asked_for() {
    for (format, is_json) in [("text", false), ("json", true)] {
        let setup = Setup::new(Engine::Sqlite).with(&["--log-format", format]);
        let mut gateway = setup.start();
        assert!(gateway.stop(), "{}", gateway.said.lock());
        let limit = Instant::now() + Duration::from_secs(20);
        let line = loop {
            let said = gateway.said.lock().clone();
            match said.lines().find(|line| line.contains("stopping")) {
                Some(line) => break line.to_owned(),
                None => assert!(Instant::now() < limit, "{said}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        match serde_json::from_str::<serde_json::Value>(&line) {
            Ok(read) => {
                assert!(is_json, "{line}");
                assert_eq!(
                    (&read["message"], &read["level"]),
                    (&json!("stopping"), &json!("INFO"))
                );
            }
            Err(_) => assert!(!is_json && line.contains("INFO"), "{line}"),
        }
    }
}

#[test]
fn every_mistake_of_the_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let wrong = [
        "start",
        "--data-dir",
        data.to_str().unwrap(),
        "--listen",
        "nowhere",
        "--store",
        "mysql://u:hunter2@h/d",
        "--recordings",
        "ftp://x",
        "--tls-cert",
        "/none.pem",
        "--shutdown-seconds",
        "soon",
        "--log-format",
        "xml",
        "--otlp-endpoint",
        "nowhere",
    ];
    let said = refused_with(&wrong, 2);
    for name in [
        "listen",
        "store",
        "recordings",
        "tls_key",
        "shutdown_seconds",
        "log_format",
        "otlp_endpoint",
    ] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn a_certificate_or_bucket_that_cannot_be_used_is_told_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (data, pem) = (folder.path().join("data"), folder.path().join("cert.pem"));
    std::fs::write(&pem, "no certificate").unwrap();
    let pem = pem.to_str().unwrap();
    let arguments = [
        "start",
        "--data-dir",
        data.to_str().unwrap(),
        "--tls-cert",
        pem,
        "--tls-key",
        pem,
        "--recordings",
        "s3://",
    ];
    let said = refused_with(&arguments, 2);
    for name in ["tls_cert:", "tls_key:", "recordings:"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn a_key_that_others_can_read_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("secret.key"), "x").unwrap();
    std::fs::set_permissions(
        data.join("secret.key"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let said = refused(&[
        "start",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        data.to_str().unwrap(),
    ]);
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn a_data_folder_serves_one_gateway_and_a_port_one_listener() {
    let gateway = Gateway::start(Engine::Sqlite);
    let data = gateway.data.to_str().unwrap().to_owned();
    let said = refused(&["start", "--listen", "127.0.0.1:0", "--data-dir", &data]);
    assert!(said.contains("use"), "{said}");
    let other = tempfile::tempdir().unwrap();
    let untouched = other.path().join("data");
    let address = gateway.url.trim_start_matches("http://");
    let said = refused(&[
        "start",
        "--listen",
        address,
        "--data-dir",
        untouched.to_str().unwrap(),
    ]);
    assert!(said.contains("listen"), "{said}");
    assert!(!untouched.exists(), "a refused start changes nothing");
}

#[tokio::test]
async fn tls_is_served_and_its_certificate_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        testkit::servers::must(
            std::process::Command::new("openssl")
                .current_dir(folder.path())
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-days",
                    "2",
                    "-keyout",
                    "key.pem",
                    "-out",
                    "cert.pem",
                    "-subj",
                    &format!("/CN={name}"),
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-addext",
                    "basicConstraints=critical,CA:FALSE",
                ]),
        );
        std::fs::read_to_string(folder.path().join("cert.pem")).unwrap()
    };
    let first = make("first");
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let gateway = Setup::new(Engine::Sqlite)
        .with(&[
            "--tls-cert",
            cert.to_str().unwrap(),
            "--tls-key",
            key.to_str().unwrap(),
        ])
        .start();
    assert!(gateway.url.starts_with("https://"), "{}", gateway.url);
    trusts(&gateway, &first).await.unwrap();
    let second = make("second");
    let limit = Instant::now() + Duration::from_secs(15);
    while trusts(&gateway, &second).await.is_err() {
        assert!(Instant::now() < limit, "the new certificate was not read");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Asks for the health of a gateway over a fresh connection that trusts one certificate.
async fn trusts(gateway: &Gateway, certificate: &str) -> Result<(), reqwest::Error> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(certificate.as_bytes())?])
        .build()?;
    http.get(format!("{}/healthz", gateway.url))
        .send()
        .await?
        .error_for_status()
        .map(|_| ())
}

#[tokio::test]
async fn a_path_in_the_public_url_is_the_prefix_of_every_door() {
    let gateway = Setup::new(Engine::Sqlite)
        .with(&["--public-url", "http://127.0.0.1/gate/way"])
        .start();
    let told = gateway.said.lock().clone();
    let web = told
        .lines()
        .find_map(|line| line.trim().strip_prefix("Web "));
    assert_eq!(web.map(str::trim), Some("http://127.0.0.1/gate/way/"));
    let base = format!("http://{}", gateway.address());
    let admin = Client::new(&format!("{base}/gate/way"), &gateway.token("admin.token"));
    for path in ["", "/"] {
        let (status, page) = admin.rest("GET", path, None).await;
        assert_eq!(status, 200, "{path:?}");
        let page = page.as_str().unwrap();
        assert!(
            page.contains("href=\"/gate/way/api/openapi.json\""),
            "{page}"
        );
    }
    assert_eq!(admin.rest("GET", "/healthz", None).await.0, 200);
    let (status, document) = admin.rest("GET", "/api/openapi.json", None).await;
    assert_eq!(
        (status, &document["servers"]),
        (200, &json!([{"url": "/gate/way"}]))
    );
    let (status, me) = admin.rest("GET", "/api/me", None).await;
    assert_eq!(status, 200, "{me}");
    let same = admin.call("me_get", json!({})).await.unwrap();
    assert_eq!(same["id"], me["id"]);
    let outside = Client::new(&base, &admin.token);
    assert_eq!(outside.rest("GET", "/api/me", None).await.0, 404);
}

#[tokio::test]
async fn a_folder_made_by_others_becomes_private_and_so_does_a_store_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open.clone()).unwrap();
    let file = folder.path().join("state.db");
    let setup =
        Setup::new(Engine::Sqlite).with(&["--store", &format!("sqlite:{}", file.display())]);
    let data = setup.folder().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, open).unwrap();
    let gateway = setup.start();
    gateway.admin().call("me_get", json!({})).await.unwrap();
    assert_eq!(mode(&data), 0o700);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 2, "the database, its log and its lock");
}
