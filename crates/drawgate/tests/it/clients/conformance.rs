//! The official conformance suite.

use crate::gateway::{Engine, Gateway};

async fn conforms(version: &str) {
    let gateway = Gateway::start(Engine::Sqlite);
    let mut suite = super::sdk::node("conformance.mjs");
    suite.args([
        "--url",
        &format!("{}/api/mcp", gateway.url),
        "--token",
        &gateway.token("admin.token"),
        "--version",
        version,
    ]);
    let output = suite.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A suite that ran nothing must not pass.
    let passed = said.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(passed >= 4, "{said}");
}

#[tokio::test]
async fn the_wire_of_2025_06_18_conforms() {
    conforms("2025-06-18").await;
}

#[tokio::test]
async fn the_wire_of_2025_11_25_conforms() {
    conforms("2025-11-25").await;
}

#[tokio::test]
async fn the_wire_of_2026_07_28_conforms() {
    conforms("2026-07-28").await;
}
