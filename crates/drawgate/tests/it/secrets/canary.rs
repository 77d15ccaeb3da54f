//! Random secrets, and the search for them in whatever comes out.

use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// One secret and every form in which it could be seen.
#[derive(Clone)]
pub struct Canary {
    pub name: &'static str,
    pub value: String,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    /// A fresh secret whose middle is random and whose end needs escaping
    /// nearly everywhere.
    pub fn new(name: &'static str) -> Self {
        let core = format!("c{}", random());
        Self::of(name, format!("{core}'\"\\ %41é$(x)"), &core)
    }

    /// A fresh secret of letters and digits alone.
    pub fn plain(name: &'static str) -> Self {
        let core = format!("c{}", random());
        Self::of(name, core.clone(), &core)
    }

    /// A secret that the gateway made.
    pub fn given(name: &'static str, value: &str) -> Self {
        // Tokens are a prefix and random text; the text alone is searched for.
        Self::of(name, value.to_owned(), &value[4..])
    }

    fn of(name: &'static str, value: String, core: &str) -> Self {
        let hex: String = core.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            core.into(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
        ];
        for shift in 0..3 {
            let shifted = [&[b'x'; 3][..shift], core.as_bytes()].concat();
            for engine in [&STANDARD, &URL_SAFE] {
                let text = engine.encode(&shifted);
                // What the neighbors of the secret change is left out.
                let whole = text.trim_end_matches('=').len().saturating_sub(1);
                forms.push(text.as_bytes()[if shift == 0 { 0 } else { 4 }..whole].to_vec());
            }
        }
        Self { name, value, forms }
    }

    /// Its value as secrets of connections are given.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.value)
    }

    /// Whether it can be seen in any form.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| contains(bytes, form))
    }
}

/// Fails when any of the secrets can be seen.
#[track_caller]
pub fn none_in<'a>(canaries: impl IntoIterator<Item = &'a Canary>, place: &str, bytes: &[u8]) {
    for canary in canaries {
        assert!(
            !canary.is_in(bytes),
            "{} in {place}: {}",
            canary.name,
            String::from_utf8_lossy(bytes)
        );
    }
}

/// Looks into every file of a folder but those that hold keys.
pub fn none_in_files(canaries: &[Canary], folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += none_in_files(canaries, &path);
        } else if !path.ends_with("secret.key") && !path.ends_with("admin.token") {
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            for canary in canaries {
                assert!(
                    !canary.is_in(&bytes),
                    "{} in {}",
                    canary.name,
                    path.display()
                );
            }
            files += 1;
        }
    }
    files
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|window| window == form)
}

fn random() -> String {
    let mut bytes = [0; 12];
    std::fs::File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_canary_is_found_in_every_form() {
    let canary = Canary::new("one");
    assert!(canary.is_in(format!("x{}x", canary.value).as_bytes()));
    assert!(canary.is_in(canary.base64().as_bytes()));
    for before in ["", "a", "ab", "abc"] {
        assert!(
            canary.is_in(
                STANDARD
                    .encode(format!("{before}{}", canary.value))
                    .as_bytes()
            )
        );
    }
    assert!(canary.is_in(serde_json::json!(canary.value).to_string().as_bytes()));
    assert!(!canary.is_in(Canary::new("two").value.as_bytes()));
}
