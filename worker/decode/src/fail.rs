//! How decoding fails: boxed, because a failure is large and rare.

use tarquet_common::{
    codes::{Code, format},
    failure::Failure,
};

/// A failure on its way out of the decoder.
pub(crate) type Fault = Box<Failure>;

/// The result of every fallible step in here.
pub(crate) type Res<T> = Result<T, Fault>;

/// Bytes that a failure quotes of a file, in one text. Failures are kept and sent: what a file holds must not make them large.
const QUOTED_BYTES: usize = 1024;

/// A failure of `code` at `item` (dataset, key or column).
pub(crate) fn fail(code: Code, item: &str, message: impl Into<String>) -> Fault {
    Box::new(Failure::new(code, quoted(message.into())).at_item(quoted(item.to_owned())))
}

/// The text, or its beginning.
fn quoted(mut text: String) -> String {
    if text.len() > QUOTED_BYTES {
        text.truncate(text.floor_char_boundary(QUOTED_BYTES));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// A failure that also says what was expected and what was found.
pub(crate) fn differs(
    code: Code,
    item: &str,
    message: impl Into<String>,
    expected: impl std::fmt::Display,
    found: impl std::fmt::Display,
) -> Fault {
    let (expected, found) = (quoted(expected.to_string()), quoted(found.to_string()));
    Box::new((*fail(code, item, message)).expected(expected, found))
}

/// The pandas structure is not as pandas writes it.
pub(crate) fn layout(item: &str, message: impl Into<String>) -> Fault {
    fail(format::PANDAS_LAYOUT, item, message)
}

/// The failure with the column named where it only says where in the file that stands.
pub(crate) fn of_column(mut fault: Fault, column: &str) -> Fault {
    if let Some(item) = fault.place.item.as_mut().filter(|item| item.starts_with('/')) {
        *item = quoted(format!("{column} ({item})"));
    }
    fault
}

/// The failure as it leaves the decoder: its sentence says what it is about.
pub(crate) fn told(fault: Fault) -> Failure {
    let mut failure = *fault;
    if let Some(item) = failure.place.item.as_deref()
        && item != "/"
        && !failure.message.contains(item)
    {
        failure.message = format!("{item}: {}", failure.message);
    }
    failure
}

/// More than a limit allows.
pub(crate) fn over_limit(
    item: &str,
    what: &str,
    limit: impl std::fmt::Display,
    claimed: impl std::fmt::Display,
) -> Fault {
    differs(
        format::OVER_LIMIT,
        item,
        format!("{what} is over the limit"),
        format!("at most {limit}"),
        claimed,
    )
}

/// The structure of the file is broken.
pub(crate) fn damaged(item: &str, message: impl Into<String>) -> Fault {
    fail(format::HDF5_DAMAGED, item, message)
}

/// A chunk that does not decompress.
#[derive(Debug, thiserror::Error)]
#[error("{filter}: {problem}")]
pub(crate) struct Broken {
    filter: &'static str,
    problem: String,
}

impl Broken {
    pub(crate) fn new(filter: &'static str, problem: impl Into<String>) -> Self {
        Self { filter, problem: problem.into() }
    }
}
