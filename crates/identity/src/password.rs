//! Passwords by Argon2id with the parameters that OWASP's cheat sheet on
//! password storage names: 19 MiB of memory, two passes, one lane.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};

/// Shortest password that may be set, in characters (NIST SP 800-63B, 3.1.1.2,
/// for passwords that are used with nothing else: 15; with a lock-out and a
/// memory-hard hash the older floor of 8 is kept).
const SHORTEST: usize = 8;

/// Longest password that is looked at, in bytes; bounds the work of hashing.
const LONGEST: usize = 1024;

/// Why a password could not be set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has {SHORTEST} characters at least and {LONGEST} bytes at most")]
    Length,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Hash,
}

/// Hashes a password into a PHC string with a random salt. Takes tens of
/// milliseconds: call it where blocking is allowed.
///
/// # Errors
/// [`PasswordError::Length`] for one that may not be set.
pub fn hash_password(password: &SecretString) -> Result<SecretString, PasswordError> {
    let password = password.expose_secret();
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(PasswordError::Length);
    }
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| SecretString::from(hash.to_string()))
        .map_err(|_| PasswordError::Hash)
}

/// Whether a password matches its stored PHC string. Takes as long as hashing.
#[must_use]
pub fn password_matches(password: &SecretString, stored: &SecretString) -> bool {
    let password = password.expose_secret();
    password.len() <= LONGEST
        && PasswordHash::new(stored.expose_secret()).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
}

/// Spends the time of one comparison, so that an unknown e-mail takes as long
/// as a wrong password.
pub fn spend_password_time(password: &SecretString) {
    let bounded =
        &password.expose_secret().as_bytes()[..password.expose_secret().len().min(LONGEST)];
    let _ = Argon2::default().hash_password(bounded);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn the_right_password_matches_and_no_other() {
        let stored = hash_password(&secret("correct horse")).unwrap();
        assert!(
            stored
                .expose_secret()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        assert!(password_matches(&secret("correct horse"), &stored));
        assert!(!password_matches(&secret("correct horsf"), &stored));
        assert!(!password_matches(
            &secret("correct horse"),
            &secret("not a hash")
        ));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert_eq!(
            hash_password(&secret("short")).unwrap_err(),
            PasswordError::Length
        );
        assert_eq!(
            hash_password(&secret(&"x".repeat(2000))).unwrap_err(),
            PasswordError::Length
        );
    }
}
