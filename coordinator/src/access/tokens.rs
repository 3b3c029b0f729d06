//! The token file.
//!
//! ```text
//! # role    token, or its SHA-256           note
//! viewer    sha256:9f86d081884c7d65…        grafana
//! operator  sha256:60303ae22b998861…        alice
//! worker    tq-worker-3b1c…                 a token as it is works too
//! ```
//!
//! Only hashes are kept in memory. A token is random and long, so a plain hash of it tells nothing. Which entry a
//! presented token is like does not show in the time that the comparison takes. Errors name a line and never a word
//! of it: columns get mixed up.

use super::Role;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::Path};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tarquet_common::{codes::cluster, failure::Failure};

/// A token shorter than this could be guessed.
const TOKEN_CHARS_MIN: usize = 20;
const HASHED: &str = "sha256:";

type Hash = [u8; 32];

/// The tokens that are valid now.
#[derive(Clone)]
pub struct Tokens(Vec<(Hash, Role)>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.summary())
    }
}

impl Tokens {
    /// Reads the text of a token file.
    ///
    /// # Errors
    /// `TOKENS_UNUSABLE` with the file and the line.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Failure> {
        let mut known: BTreeMap<Hash, Role> = BTreeMap::new();
        for (n, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |why: &str| {
                let place = format!("{}:{n}", file.display());
                Failure::new(cluster::TOKENS_UNUSABLE, format!("a line of the token file {why}"))
                    .at_uri(place)
            };
            let mut words = line.split_whitespace();
            let role = words.next().and_then(Role::of);
            let role = role.ok_or_else(|| bad("does not begin with viewer, operator or worker"))?;
            let token = words.next().ok_or_else(|| bad("has no token"))?;
            let hash = hash_of(token).map_err(bad)?;
            if known.insert(hash, role).is_some() {
                return Err(bad("repeats a token"));
            }
        }
        Ok(Self(known.into_iter().collect()))
    }

    /// The role of a presented token, if it is valid.
    pub fn role_of(&self, presented: &str) -> Option<Role> {
        let presented = hash(presented);
        // All entries are compared, whole, whatever is found.
        let mut found = 0;
        for (known, role) in &self.0 {
            let place = Role::ALL.iter().position(|r| r == role).map_or(0, |p| p as u8 + 1);
            found.conditional_assign(&place, known.ct_eq(&presented));
        }
        usize::from(found).checked_sub(1).map(|place| Role::ALL[place])
    }

    /// Whether nobody gets in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are of each role, for the log.
    pub fn summary(&self) -> String {
        let count = |role: Role| self.0.iter().filter(|(_, r)| *r == role).count();
        let counts = Role::ALL.map(|role| format!("{} {role}", count(role)));
        counts.join(", ")
    }
}

/// A line for a token file that holds only the token's hash.
pub fn token_line(role: Role, token: &str, note: &str) -> String {
    format!("{:<9} {HASHED}{} {note}", role.name(), hex::encode(hash(token)))
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

fn hash_of(word: &str) -> Result<Hash, &'static str> {
    match word.strip_prefix(HASHED) {
        Some(digits) => {
            let mut hash = Hash::default();
            hex::decode_to_slice(digits, &mut hash).map_err(|_| "has no SHA-256 of 64 hexadecimal digits")?;
            Ok(hash)
        }
        None if word.len() < TOKEN_CHARS_MIN => Err("has a token of fewer than 20 characters"),
        None => Ok(hash(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Tokens, Failure> {
        Tokens::parse(text, Path::new("dir/tokens"))
    }

    #[test]
    fn tokens_have_the_role_of_their_line() {
        let hashed = token_line(Role::Operator, "a-token-that-is-long-enough", "alice");
        let text = format!(
            "# comment\n\n  viewer plain-token-of-20-chars note\n{hashed}\nworker another-token-for-workers"
        );
        let tokens = parse(&text).unwrap();
        for (token, role) in [
            ("plain-token-of-20-chars", Some(Role::Viewer)),
            ("a-token-that-is-long-enough", Some(Role::Operator)),
            ("another-token-for-workers", Some(Role::Worker)),
            ("another-token-for-worker", None),
            ("", None),
        ] {
            assert_eq!(tokens.role_of(token), role, "{token}");
        }
        // The hash itself opens nothing.
        assert_eq!(tokens.role_of(hashed.split_whitespace().nth(1).unwrap()), None);
        assert_eq!(tokens.summary(), "1 viewer, 1 operator, 1 worker");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_hash_is_what_other_tools_make() {
        // printf %s abc | sha256sum
        let line = token_line(Role::Viewer, "abc", "");
        assert!(
            line.contains("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            "{line}"
        );
    }

    #[test]
    fn bad_lines_are_named_and_not_told() {
        for (text, line) in [
            ("secret-secret-secret-secret viewer", 1),
            ("\nviewer", 2),
            ("viewer short-secret", 1),
            ("viewer sha256:secret", 1),
            ("viewer plain-token-of-20-chars\noperator plain-token-of-20-chars", 2),
        ] {
            let failure = parse(text).unwrap_err();
            assert_eq!(failure.code, cluster::TOKENS_UNUSABLE, "{text}");
            assert_eq!(failure.place.uri, Some(format!("dir/tokens:{line}")), "{text}");
            let told = format!("{failure:?}");
            assert!(!told.contains("secret") && !told.contains("plain-token"), "{told}");
        }
    }
}
