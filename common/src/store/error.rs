//! What a store can say instead of an answer.

use super::{endpoint::BadEndpoint, uri::BadUri};
use crate::{
    codes::{Code, store as code},
    failure::{Class, Failure},
};
use std::{io, path::Path, sync::Arc};

/// Why an operation on a store had no result.
///
/// Passing faults ([`Throttled`](Self::Throttled), [`Unreachable`](Self::Unreachable)) have already been
/// retried when they come out.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The object is not there.
    #[error("{uri} does not exist")]
    NotFound {
        /// The object.
        uri: String,
    },
    /// The object is not the one that was asked for: its tag or size differs.
    #[error("{uri} was overwritten")]
    Changed {
        /// The object.
        uri: String,
        /// What was asked for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The bucket is not there.
    #[error("bucket {bucket} does not exist")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// These credentials may not do that.
    #[error("{permission} on {uri} is denied")]
    Denied {
        /// The object or prefix.
        uri: String,
        /// What would have to be granted: `s3:GetObject`, `read permission`.
        permission: &'static str,
        /// The store's own words.
        detail: String,
    },
    /// No credentials, or unknown or expired ones.
    #[error("no valid credentials for {uri}: {detail}")]
    Credentials {
        /// The object or prefix.
        uri: String,
        /// The store's or the SDK's own words.
        detail: String,
        /// Whether it passes: a token that expired may be renewed.
        expired: bool,
    },
    /// The store asks to slow down.
    #[error("{operation} {uri}: the store asks to slow down")]
    Throttled {
        /// What was tried.
        operation: &'static str,
        /// On what.
        uri: String,
        /// The store's own words.
        detail: String,
    },
    /// No answer, a broken connection, or a fault on the store's side.
    #[error("{operation} {uri}: {detail}")]
    Unreachable {
        /// What was tried.
        operation: &'static str,
        /// On what.
        uri: String,
        /// What happened.
        detail: String,
    },
    /// Length or checksum differ from what they must be.
    #[error("{operation} {uri}: the bytes are not the right ones")]
    Integrity {
        /// What was tried.
        operation: &'static str,
        /// On what.
        uri: String,
        /// What it should have been.
        expected: String,
        /// What it was.
        found: String,
    },
    /// No space left.
    #[error("no space left to write {path}")]
    Full {
        /// The file.
        path: String,
    },
    /// More bytes than the caller is ready to hold.
    #[error("{uri} has {found} bytes, at most {max} are read here")]
    TooLarge {
        /// The object.
        uri: String,
        /// The caller's limit.
        max: u64,
        /// Its size.
        found: u64,
    },
    /// The text is not a URI.
    #[error(transparent)]
    BadUri(#[from] BadUri),
    /// The name cannot be a key here.
    #[error("{key:?} cannot be an object name: {why}")]
    BadKey {
        /// The name.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The store does not know the operation, option or region.
    #[error("{operation} {uri} is not possible: {detail}")]
    Unsupported {
        /// What was tried.
        operation: &'static str,
        /// On what.
        uri: String,
        /// The store's own words.
        detail: String,
    },
    /// The operating system failed.
    #[error("cannot {operation} {path}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The settings mean no store that this process knows: it would send its credentials where nobody has set them up for.
    #[error("{asked} is not configured here")]
    NotConfigured {
        /// What the settings call it.
        asked: String,
    },
    /// The endpoint is an address of this machine's or wire's own, where no store is.
    #[error("{host} is a link-local address")]
    LinkLocal {
        /// The host, as it was written or as it resolved.
        host: String,
    },
    /// Any other answer of a store.
    #[error("{operation} {uri}: the store answered {status} {reason}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// On what.
        uri: String,
        /// HTTP status.
        status: u16,
        /// The store's error code and words.
        reason: String,
    },
}

impl StoreError {
    /// The error for a failed system call on a file.
    pub(crate) fn from_io(operation: &'static str, path: &Path, error: io::Error) -> Self {
        let name = path.display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { uri: name },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let permission = match operation {
                    "read" | "list" | "look at" => "read permission",
                    _ => "write permission",
                };
                Self::Denied { uri: name, permission, detail: error.to_string() }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: name },
            _ => Self::Io { operation, path: name, source: Arc::new(error) },
        }
    }

    /// Its code in the table.
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => code::OBJECT_NOT_FOUND,
            Self::Changed { .. } => code::OBJECT_CHANGED,
            Self::NoBucket { .. } => code::NO_BUCKET,
            Self::Denied { .. } => code::ACCESS_DENIED,
            Self::Credentials { expired: true, .. } => code::CREDENTIALS_EXPIRED,
            Self::Credentials { .. } => code::BAD_CREDENTIALS,
            Self::Throttled { .. } => code::THROTTLED,
            Self::Unreachable { .. } => code::STORE_UNREACHABLE,
            Self::Integrity { .. } => code::STORE_INTEGRITY,
            Self::Full { .. } => code::DISK_FULL,
            Self::TooLarge { .. } => code::OBJECT_TOO_LARGE,
            Self::BadUri(_) => code::BAD_URI,
            Self::BadKey { .. } => code::BAD_KEY,
            Self::Unsupported { .. } => code::STORE_UNSUPPORTED,
            Self::Io { .. } => code::DISK_ERROR,
            Self::Refused { .. } => code::STORE_REFUSED,
            Self::NotConfigured { .. } => code::STORE_NOT_CONFIGURED,
            Self::LinkLocal { .. } => code::LINK_LOCAL,
        }
    }

    /// What an engine does about it.
    pub fn class(&self) -> Class {
        self.code().info().class
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn passes(&self) -> bool {
        self.class() == Class::Environment
    }

    fn subject(&self) -> Option<&str> {
        match self {
            Self::NotFound { uri }
            | Self::Changed { uri, .. }
            | Self::Denied { uri, .. }
            | Self::Credentials { uri, .. }
            | Self::Throttled { uri, .. }
            | Self::Unreachable { uri, .. }
            | Self::Integrity { uri, .. }
            | Self::TooLarge { uri, .. }
            | Self::Unsupported { uri, .. }
            | Self::Refused { uri, .. } => Some(uri),
            Self::NoBucket { bucket } => Some(bucket),
            Self::Full { path } | Self::Io { path, .. } => Some(path),
            Self::BadUri(bad) => Some(&bad.text),
            Self::BadKey { key, .. } => Some(key),
            Self::NotConfigured { .. } | Self::LinkLocal { .. } => None,
        }
    }

    /// The failure record of this error.
    pub fn into_failure(self) -> Failure {
        let mut failure = Failure::new(self.code(), self.to_string());
        if let Some(uri) = self.subject() {
            failure = failure.at_uri(uri);
        }
        match &self {
            Self::Changed { expected, found, .. } | Self::Integrity { expected, found, .. } => {
                failure = failure.expected(expected, found);
            }
            Self::TooLarge { max, found, .. } => failure = failure.expected(format!("at most {max}"), found),
            Self::Denied { permission, detail, .. } => {
                failure = failure.with_hint(format!("Grant {permission}, or use other credentials."));
                failure.causes.push(detail.clone());
            }
            Self::Throttled { detail, .. } => failure.causes.push(detail.clone()),
            _ => {}
        }
        if let Some(source) = std::error::Error::source(&self) {
            failure = failure.caused_by(source);
        }
        failure
    }
}

impl From<BadEndpoint> for StoreError {
    fn from(bad: BadEndpoint) -> Self {
        match bad {
            BadEndpoint::LinkLocal { host } => Self::LinkLocal { host },
            BadEndpoint::Malformed { text, why } => {
                Self::Unsupported { operation: "open", uri: text, detail: why.to_owned() }
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error.into_failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_the_environment() {
        let full = io::Error::from_raw_os_error(libc::ENOSPC);
        let failure = StoreError::from_io("write", Path::new("/out/x"), full).into_failure();
        assert_eq!(failure.code, code::DISK_FULL);
        assert_eq!(failure.class(), Class::Environment);
        assert_eq!(failure.place.uri.as_deref(), Some("/out/x"));
    }

    #[test]
    fn a_denial_names_the_permission() {
        let denied = StoreError::Denied {
            uri: "s3://b/k".into(),
            permission: "s3:GetObject",
            detail: "AccessDenied".into(),
        };
        let failure = denied.into_failure();
        assert_eq!(failure.class(), Class::Denied);
        assert!(failure.message.contains("s3:GetObject") && failure.hint().contains("s3:GetObject"));
    }

    #[test]
    fn an_overwritten_object_says_both_tags() {
        let changed =
            StoreError::Changed { uri: "s3://b/k".into(), expected: "\"a\"".into(), found: "\"b\"".into() };
        assert!(!changed.passes());
        let failure = changed.into_failure();
        assert_eq!(failure.expected.as_deref(), Some("\"a\""));
        assert_eq!(failure.found.as_deref(), Some("\"b\""));
    }

    #[test]
    fn every_code_of_the_group_is_produced() {
        let (uri, detail, operation) = (String::new(), String::new(), "read");
        let (expected, found, path, key) = (String::new(), String::new(), String::new(), String::new());
        let io = || Arc::new(io::Error::other("broken"));
        let no_uri = || "http://x".parse::<crate::store::Uri>().unwrap_err();
        let all = [
            StoreError::NotFound { uri: uri.clone() },
            StoreError::Changed { uri: uri.clone(), expected: expected.clone(), found: found.clone() },
            StoreError::NoBucket { bucket: uri.clone() },
            StoreError::Denied { uri: uri.clone(), permission: "s3:GetObject", detail: detail.clone() },
            StoreError::Credentials { uri: uri.clone(), detail: detail.clone(), expired: false },
            StoreError::Throttled { operation, uri: uri.clone(), detail: detail.clone() },
            StoreError::Unreachable { operation, uri: uri.clone(), detail: detail.clone() },
            StoreError::Integrity { operation, uri: uri.clone(), expected, found },
            StoreError::Full { path: path.clone() },
            StoreError::TooLarge { uri: uri.clone(), max: 1, found: 2 },
            StoreError::BadUri(no_uri()),
            StoreError::BadKey { key, why: "empty" },
            StoreError::Unsupported { operation, uri: uri.clone(), detail: detail.clone() },
            StoreError::Io { operation, path, source: io() },
            StoreError::Refused { operation, uri: uri.clone(), status: 400, reason: String::new() },
            StoreError::Credentials { uri, detail, expired: true },
            StoreError::NotConfigured { asked: String::new() },
            StoreError::LinkLocal { host: String::new() },
        ];
        let codes: Vec<u16> = all.map(|e| e.into_failure().code.info().number).to_vec();
        assert_eq!(codes, code::CODES.iter().map(|row| row.number).collect::<Vec<_>>());
    }
}
