//! What can go wrong with an attempt, and how it is told.
//!
//! A **failure** is an attempt that went wrong; a **refusal** is a coordinator saying no. Both carry a
//! [`Code`](crate::codes::Code) out of the one table. The **class** decides what happens next and is
//! matched exhaustively wherever it is read.

pub use crate::codes::Class;
use crate::codes::Code;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where it went wrong. Every field that is known is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The object: archive, loose object, output key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The member's name, lossily decoded for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Bytes from the start of the (uncompressed) object or member, as the message says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Column, dataset or key inside the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// A typed account of something that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Which one, out of the table.
    pub code: Code,
    /// One sentence: what happened to what. Never repeats its causes.
    pub message: String,
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// What should have been there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What to do about it, when it says more than the table's hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The chain of causes, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl Failure {
    /// A failure of `code`, told in one sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: Place::default(),
            expected: None,
            found: None,
            hint: None,
            causes: Vec::new(),
        }
    }

    /// The class of its code.
    pub fn class(&self) -> Class {
        self.code.info().class
    }

    /// The hint of this failure, or its code's.
    pub fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.code.info().hint)
    }

    /// Names the object.
    #[must_use]
    pub fn at_uri(mut self, uri: impl Into<String>) -> Self {
        self.place.uri = Some(uri.into());
        self
    }

    /// Names the object, where it names none yet: what is fetched ahead fails while another is in hand.
    #[must_use]
    pub fn or_at_uri(mut self, uri: &str) -> Self {
        self.place.uri.get_or_insert_with(|| uri.to_owned());
        self
    }

    /// Names the member.
    #[must_use]
    pub fn at_member(mut self, member: impl Into<String>) -> Self {
        self.place.member = Some(member.into());
        self
    }

    /// Names the byte.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.place.offset = Some(offset);
        self
    }

    /// Names the column, dataset or key.
    #[must_use]
    pub fn at_item(mut self, item: impl Into<String>) -> Self {
        self.place.item = Some(item.into());
        self
    }

    /// What should have been there, and what was.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self.found = Some(found.to_string());
        self
    }

    /// Advice that says more than the table's.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Records the chain of causes of `error`, outermost first.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(e) = next {
            self.causes.push(e.to_string());
            next = e.source();
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
