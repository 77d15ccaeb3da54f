//! Addresses of Bitcoin wallets: Base58Check, bech32 and bech32m.

use sha2::{Digest, Sha256};

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Whether `token` is Base58Check of 21 bytes with a known version: P2PKH 0, P2SH 5,
/// Litecoin 48 and 50, Dogecoin 30 (Bitcoin wiki, "Base58Check encoding").
pub(crate) fn base58check(token: &[u8]) -> bool {
    if !(25..=35).contains(&token.len()) {
        return false;
    }
    let mut bytes = [0u8; 25];
    for symbol in token {
        let Some(value) = BASE58.iter().position(|b| b == symbol) else {
            return false;
        };
        let mut carry = value as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (body, check) = bytes.split_at(21);
    let digest = Sha256::digest(Sha256::digest(body));
    matches!(body.first(), Some(0 | 5 | 30 | 48 | 50)) && digest.get(..4) == Some(check)
}

/// Whether `token` is a bech32 (BIP 173) or bech32m (BIP 350) address of Bitcoin.
pub(crate) fn bech32(token: &[u8]) -> bool {
    let lower = token.to_ascii_lowercase();
    let mixed =
        token.iter().any(u8::is_ascii_uppercase) && token.iter().any(u8::is_ascii_lowercase);
    let Some(data) = lower.strip_prefix(b"bc1") else {
        return false;
    };
    if mixed || !(14..=90).contains(&lower.len()) {
        return false;
    }
    // The human readable part "bc" expanded as BIP 173 says.
    let mut state = [3, 3, 0, 2, 3].iter().fold(1, |state, v| step(state, *v));
    for symbol in data {
        let Some(value) = BECH32.iter().position(|b| b == symbol) else {
            return false;
        };
        state = step(state, value as u32);
    }
    state == 1 || state == 0x2bc8_30a3
}

fn step(state: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = state >> 25;
    let shifted = ((state & 0x1ff_ffff) << 5) ^ value;
    GENERATOR
        .iter()
        .enumerate()
        .filter(|(bit, _)| (top >> bit) & 1 == 1)
        .fold(shifted, |sum, (_, g)| sum ^ g)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_addresses_hold() {
        assert!(base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
        assert!(!base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
        assert!(bech32(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(!bech32(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
        assert!(bech32(
            b"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
        ));
    }
}
