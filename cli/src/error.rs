//! What a command may end with instead of an answer.

use crate::exit::Exit;
use std::io;
use tarquet_common::failure::Failure;

/// Why a command has no answer.
#[derive(Debug)]
pub(crate) enum CliError {
    /// Something with a code.
    Failure(Box<Failure>),
    /// The spec is wrong; the text is there to point into.
    Spec(Box<SpecProblem>),
    /// stdout cannot be written; a reader that left is an ordinary end.
    Answer(io::Error),
}

/// A spec that cannot be used, with the text it came from.
#[derive(Debug)]
pub(crate) struct SpecProblem {
    /// Name of the file, as the user typed it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What is wrong.
    pub failure: Failure,
    /// Line, column and length (from 1, in characters) of what is wrong.
    pub at: Option<(usize, usize, usize)>,
}

impl CliError {
    /// stdout failed.
    pub(crate) fn answer(error: io::Error) -> Self {
        Self::Answer(error)
    }

    /// The exit code it means.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Failure(f) => Exit::of_failure(f),
            Self::Spec(_) => Exit::Usage,
            Self::Answer(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Answer(_) => Exit::Failed,
        }
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}
