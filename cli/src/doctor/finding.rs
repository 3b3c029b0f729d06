//! What a check found.

use serde::Serialize;
use tarquet_common::failure::Failure;

/// How bad it is. Sorts from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Not checked, and why not.
    Skipped,
    /// Works, but worse than it could.
    Warning,
    /// A job would fail.
    Bad,
}

/// One check and its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// What was checked: a few words, always the same.
    pub check: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The typed failure behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<Failure>>,
}

impl Finding {
    /// A result without advice.
    pub(crate) fn new(check: &'static str, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { check, verdict, found: found.into(), hint: None, failure: None }
    }

    /// With advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A check that ended in a failure.
    pub(crate) fn failed(check: &'static str, failure: Failure) -> Self {
        Self {
            check,
            verdict: Verdict::Bad,
            found: format!("{} ({})", failure.message, failure.code),
            hint: Some(failure.hint().to_owned()),
            failure: Some(Box::new(failure)),
        }
    }
}
