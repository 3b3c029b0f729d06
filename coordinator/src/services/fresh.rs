//! What is made of files, and made again when they change.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tarquet_common::failure::Failure;

/// Files, and what they make.
pub(super) trait Source: Send + Sync + 'static {
    /// What is made.
    type Made: Send + Sync;

    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// All bytes that matter, to see whether they changed.
    fn contents(&self) -> Result<Vec<Vec<u8>>, Failure>;

    /// Makes it.
    fn make(&self) -> Result<Self::Made, Failure>;
}

/// What a source made last. Files that cannot be used leave it as it was, and are told once.
pub(super) struct Fresh<S: Source> {
    source: S,
    made: RwLock<Arc<S::Made>>,
    seen: Mutex<Option<Vec<Vec<u8>>>>,
}

/// What a look at the files found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// Nothing new.
    Same,
    /// Made anew.
    Renewed,
    /// Changed, and cannot be used.
    Unusable,
}

impl<S: Source> Fresh<S> {
    /// Makes it for the first time.
    pub(super) fn new(source: S) -> Result<Self, Failure> {
        let seen = source.contents()?;
        let made = source.make()?;
        Ok(Self { source, made: RwLock::new(Arc::new(made)), seen: Mutex::new(Some(seen)) })
    }

    /// As of the last look.
    pub(super) fn get(&self) -> Arc<S::Made> {
        self.made.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files. May block.
    pub(super) fn look(&self) -> Looked {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match self.source.contents() {
            Ok(now) if seen.as_ref() == Some(&now) => return Looked::Same,
            Ok(now) => {
                *seen = Some(now);
                self.source.make()
            }
            // Gone before, and still.
            Err(_) if seen.is_none() => return Looked::Same,
            Err(failure) => {
                *seen = None;
                Err(failure)
            }
        };
        match made {
            Ok(made) => {
                *self.made.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                tracing::info!(what = self.source.name(), "read again");
                Looked::Renewed
            }
            Err(failure) => {
                tracing::warn!(
                    what = self.source.name(),
                    code = %failure.code,
                    place = failure.place.uri,
                    causes = ?failure.causes,
                    "{failure}: what was read before stays in force"
                );
                Looked::Unusable
            }
        }
    }
}

/// The certificates of a port.
pub(super) struct PortTls {
    /// The files.
    pub(super) files: tarquet_proto::tls::ServerFiles,
    /// What the port speaks.
    pub(super) alpn: &'static [u8],
}

impl Source for PortTls {
    type Made = tokio_rustls::TlsAcceptor;

    fn name(&self) -> &'static str {
        "certificates"
    }

    fn contents(&self) -> Result<Vec<Vec<u8>>, Failure> {
        self.files.contents()
    }

    fn make(&self) -> Result<Self::Made, Failure> {
        tarquet_proto::tls::server_config(&self.files, self.alpn).map(Into::into)
    }
}

/// The token file.
pub(super) struct TokenFile(pub(super) PathBuf);

impl Source for TokenFile {
    type Made = crate::access::Tokens;

    fn name(&self) -> &'static str {
        "tokens"
    }

    fn contents(&self) -> Result<Vec<Vec<u8>>, Failure> {
        use tarquet_common::codes::cluster::TOKENS_UNUSABLE;
        let unread = |e| {
            let told = "the token file cannot be read";
            Failure::new(TOKENS_UNUSABLE, told).at_uri(self.0.display().to_string()).caused_by(&e)
        };
        Ok(vec![std::fs::read(&self.0).map_err(unread)?])
    }

    fn make(&self) -> Result<Self::Made, Failure> {
        let bytes = self.contents()?.remove(0);
        let tokens = crate::access::Tokens::parse(&String::from_utf8_lossy(&bytes), &self.0)?;
        tracing::info!(file = %self.0.display(), "tokens: {}", tokens.summary());
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_changed_file_is_taken_up_and_a_bad_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        fs::write(&path, "viewer the-first-token-of-all").unwrap();
        let tokens = Fresh::new(TokenFile(path.clone())).unwrap();
        let valid = |token| tokens.get().role_of(token).is_some();
        assert!(valid("the-first-token-of-all"));
        assert_eq!(tokens.look(), Looked::Same);

        fs::write(&path, "viewer the-second-token-of-all").unwrap();
        assert_eq!(tokens.look(), Looked::Renewed);
        assert!(valid("the-second-token-of-all") && !valid("the-first-token-of-all"));

        fs::write(&path, "nonsense").unwrap();
        assert_eq!([tokens.look(), tokens.look()], [Looked::Unusable, Looked::Same]);
        fs::remove_file(&path).unwrap();
        assert_eq!([tokens.look(), tokens.look()], [Looked::Unusable, Looked::Same]);
        assert!(valid("the-second-token-of-all"));

        fs::write(&path, "").unwrap();
        assert_eq!(tokens.look(), Looked::Renewed);
        assert!(!valid("the-second-token-of-all"), "an empty file lets nobody in");
    }
}
