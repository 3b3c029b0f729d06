//! From the SDK's errors to ours.

use super::guard;
use crate::store::{BadEndpoint, StoreError};
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

/// A call: what is done, to what, and what must be granted for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) operation: &'static str,
    pub(super) permission: &'static str,
    pub(super) uri: &'a str,
}

/// What a store answered instead of a result.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status; `None` if there was no answer at all.
    pub(super) status: Option<u16>,
    /// The store's error code, or nothing.
    pub(super) code: String,
    /// The store's or the SDK's own words.
    pub(super) words: String,
    /// It was never sent: where it would have gone is no endpoint.
    pub(super) refused: Option<BadEndpoint>,
}

impl Answer {
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => Self {
                status: Some(service.raw().status().as_u16()),
                code: service.err().code().unwrap_or_default().to_owned(),
                words: service.err().message().unwrap_or_default().to_owned(),
                refused: None,
            },
            other => Self {
                status: None,
                code: String::new(),
                words: chain(other),
                refused: guard::refusal(other).cloned(),
            },
        }
    }

    /// There is no such object or upload.
    pub(super) fn is_absent(&self) -> bool {
        let about_bucket = self.code == "NoSuchBucket";
        self.status == Some(404) && !about_bucket
            || matches!(self.code.as_str(), "NoSuchKey" | "NoSuchUpload")
    }

    /// A condition of the request did not hold.
    pub(super) fn is_refused_by_condition(&self) -> bool {
        self.status == Some(412) || self.code == "PreconditionFailed"
    }

    /// The server does not know what a header asks for.
    pub(super) fn is_not_implemented(&self) -> bool {
        self.status == Some(501) || self.code == "NotImplemented"
    }

    /// Another write was under way.
    pub(super) fn is_conflict(&self) -> bool {
        self.status == Some(409) || self.code == "ConditionalRequestConflict"
    }

    /// The typed error.
    pub(super) fn into_error(self, call: Call<'_>) -> StoreError {
        let Call { operation, permission, uri } = call;
        if let Some(refused) = self.refused {
            return refused.into();
        }
        let uri = uri.to_owned();
        let reason = match (self.code.is_empty(), self.words.is_empty()) {
            (true, _) => self.words.clone(),
            (false, true) => self.code.clone(),
            (false, false) => format!("{}: {}", self.code, self.words),
        };
        let Some(status) = self.status else {
            let lower = self.words.to_ascii_lowercase();
            let speaks_of = |words: &[&str]| words.iter().any(|w| lower.contains(w));
            return if speaks_of(&["credential", "identity"]) {
                StoreError::Credentials { uri, detail: reason, expired: false }
            } else if speaks_of(&["region must be set", "invalid configuration"]) {
                StoreError::Unsupported { operation, uri, detail: reason }
            } else {
                StoreError::Unreachable { operation, uri, detail: reason }
            };
        };
        match (self.code.as_str(), status) {
            ("NoSuchBucket", _) => StoreError::NoBucket { bucket: bucket_of(&uri) },
            // An answer to HEAD has no body: for an expired token it is a bare 400.
            ("ExpiredToken" | "ExpiredTokenException", _) | ("", 400) => {
                StoreError::Credentials { uri, detail: format!("status {status} {reason}"), expired: true }
            }
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "RequestTimeTooSkewed", _) => {
                StoreError::Credentials { uri, detail: reason, expired: false }
            }
            ("SlowDown" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequests", _)
            | (_, 429 | 503) => StoreError::Throttled { operation, uri, detail: reason },
            (
                "BadDigest"
                | "InvalidDigest"
                | "IncompleteBody"
                | "XAmzContentSHA256Mismatch"
                | "XAmzContentChecksumMismatch"
                | "InvalidPart"
                | "InvalidPartOrder"
                | "EntityTooSmall",
                _,
            ) => {
                let expected = "what the store calls right".to_owned();
                StoreError::Integrity { operation, uri, expected, found: reason }
            }
            ("RequestTimeout" | "InternalError", _) => {
                StoreError::Unreachable { operation, uri, detail: reason }
            }
            ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed", _)
            | ("NotImplemented" | "InvalidStorageClass" | "InvalidEncryptionAlgorithmError", _)
            | (_, 301 | 307 | 501) => StoreError::Unsupported { operation, uri, detail: reason },
            (_, 401 | 403) => StoreError::Denied { uri, permission, detail: reason },
            (_, 404) => StoreError::NotFound { uri },
            (_, 200 | 500..) => {
                StoreError::Unreachable { operation, uri, detail: format!("status {status} {reason}") }
            }
            _ => StoreError::Refused { operation, uri, status, reason },
        }
    }
}

/// The error and its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

fn bucket_of(uri: &str) -> String {
    let rest = uri.strip_prefix("s3://").unwrap_or(uri);
    rest.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    fn error(status: u16, code: &str) -> StoreError {
        let call = Call { operation: "read", permission: "s3:GetObject", uri: "s3://bkt/k" };
        Answer { status: Some(status), code: code.to_owned(), words: String::new(), refused: None }
            .into_error(call)
    }

    #[test]
    fn answers_have_the_right_class() {
        for (status, code, class) in [
            (403, "AccessDenied", Class::Denied),
            (403, "", Class::Denied),
            (404, "NoSuchBucket", Class::Denied),
            (403, "InvalidAccessKeyId", Class::Denied),
            (403, "SignatureDoesNotMatch", Class::Denied),
            (400, "ExpiredToken", Class::Environment),
            (400, "", Class::Environment),
            (503, "SlowDown", Class::Environment),
            (200, "SlowDown", Class::Environment),
            (429, "", Class::Environment),
            (500, "InternalError", Class::Environment),
            (200, "InternalError", Class::Environment),
            (502, "", Class::Environment),
            (400, "RequestTimeout", Class::Environment),
            (400, "BadDigest", Class::Environment),
            (404, "NoSuchKey", Class::Input),
            (301, "PermanentRedirect", Class::Usage),
            (501, "NotImplemented", Class::Usage),
            (400, "InvalidRequest", Class::Bug),
        ] {
            assert_eq!(error(status, code).class(), class, "{status} {code}");
        }
        assert!(matches!(error(404, "NoSuchBucket"), StoreError::NoBucket { bucket } if bucket == "bkt"));
    }
}
