//! How decompression fails.

/// A chunk that does not decompress.
#[derive(Debug, thiserror::Error)]
#[error("{filter}: {problem}")]
pub(crate) struct Broken {
    filter: &'static str,
    problem: String,
}

impl Broken {
    pub(super) fn new(filter: &'static str, problem: impl Into<String>) -> Self {
        Self { filter, problem: problem.into() }
    }
}
