#![doc = include_str!("../README.md")]

mod address;
mod bearer;
mod password;
mod token;

pub use address::{Network, NotANetwork, Proxies};
pub use bearer::{NotOneHeader, sole_bearer};
pub use password::{PasswordError, hash_password, password_matches, spend_password_time};
pub use token::{MintedToken, NoRandomness, TokenKind, hash_token, mint};
