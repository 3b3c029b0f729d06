//! Secrets that do not tell themselves.

use std::{
    fmt,
    path::{Path, PathBuf},
};
use tarquet_common::{codes::cluster, failure::Failure};

/// Text that nobody may read in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`, without the white space around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a bearer token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A file that holds nothing else; read at each call.
    File(PathBuf),
    /// The token itself.
    Here(Secret),
}

impl Token {
    /// The token as of now.
    ///
    /// # Errors
    /// `TOKENS_UNUSABLE` if the file cannot be read or holds no token.
    pub fn read(&self) -> Result<Secret, Failure> {
        match self {
            Self::Here(secret) => sound(secret.clone(), None),
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| unusable(Some(path), "the token file cannot be read").caused_by(&e))?;
                sound(Secret::new(&text), Some(path))
            }
        }
    }
}

/// What a header can carry (RFC 6750, section 2.1), and one word only.
fn sound(secret: Secret, path: Option<&Path>) -> Result<Secret, Failure> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    match secret.reveal() {
        "" => Err(unusable(path, "there is no token")),
        text if text.bytes().all(plain) => Ok(secret),
        _ => Err(unusable(path, "the token holds characters that no token has")),
    }
}

fn unusable(path: Option<&Path>, why: &str) -> Failure {
    let place = path.map_or_else(|| "TARQUET_TOKEN".to_owned(), |p| p.display().to_string());
    Failure::new(cluster::TOKENS_UNUSABLE, why)
        .at_uri(place)
        .with_hint("The file of a client holds one token and nothing else; `tarquet certs token` makes one.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_told() {
        let token = Token::Here(Secret::new(" hush-hush \n"));
        assert_eq!(token.read().unwrap().reveal(), "hush-hush");
        assert!(!format!("{token:?} {:?}", token.read()).contains("hush"));
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_told() {
        for text in ["", " \n", "two words", "tab\there", "ümlaut"] {
            let failure = Token::Here(Secret::new(text)).read().unwrap_err();
            assert_eq!(failure.code, cluster::TOKENS_UNUSABLE);
            assert!(text.trim().is_empty() || !format!("{failure:?}").contains(text.trim()), "{failure:?}");
        }
        let nowhere = Token::File("nowhere/token".into()).read().unwrap_err();
        assert_eq!(nowhere.place.uri.as_deref(), Some("nowhere/token"));
    }
}
