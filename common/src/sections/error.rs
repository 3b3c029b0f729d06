//! What is wrong with a spec, and where.

use crate::{codes::Code, failure::Failure};

/// A spec that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// Which one, out of the table.
    pub code: Code,
    /// One sentence.
    pub message: String,
    /// Line, column (both from 1, column in characters) and length of what is wrong, where known.
    pub at: Option<(usize, usize, usize)>,
    /// The key it is about, as a path: `output.partitions`.
    pub key: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SpecError {
    /// An error about a key.
    pub fn about(code: Code, key: &str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at: None, key: Some(key.to_owned()), hint: None }
    }

    /// With advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As a failure record, for callers without a text to point into.
    pub fn into_failure(self) -> Failure {
        let mut failure = Failure::new(self.code, self.message);
        failure.place.item = self.key;
        failure.hint = self.hint;
        failure
    }
}
