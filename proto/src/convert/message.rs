//! What can be wrong with a message.

/// A message that cannot be turned into what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` of the message is {wrong}")]
pub struct BadMessage {
    /// Which field.
    pub field: &'static str,
    /// `missing`, or why its content is not one.
    pub wrong: String,
}

impl BadMessage {
    /// A field that must be there is not.
    pub fn missing(field: &'static str) -> Self {
        Self { field, wrong: "missing".to_owned() }
    }

    /// The content of a field is not what it should be.
    pub fn malformed(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self { field, wrong: format!("malformed: {why}") }
    }
}

/// The content of a field that must be there.
pub(super) fn need<T>(value: Option<T>, field: &'static str) -> Result<T, BadMessage> {
    value.ok_or_else(|| BadMessage::missing(field))
}
