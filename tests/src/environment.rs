//! What the environment lends to tests.

use std::{env, path::PathBuf};

/// The path in variable `name`; `None`, said aloud, where it is not set.
///
/// # Panics
/// Where `CI` is `true`: there every test must run.
pub fn path(name: &str) -> Option<PathBuf> {
    let found = env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if found.is_none() {
        skip(&format!("{name} is not set"));
    }
    found
}

/// A file or directory below `TARQUET_SHARED`, which holds `fixtures/`, `corpus/`, `tools/` and `baselines/`.
///
/// # Panics
/// Where `CI` is `true` and the variable is not set, or the place does not exist.
pub fn shared(what: &str) -> Option<PathBuf> {
    let place = path("TARQUET_SHARED")?.join(what);
    assert!(place.exists(), "{} does not exist", place.display());
    Some(place)
}

/// Says that a test is skipped, and why.
///
/// # Panics
/// Where `CI` is `true`.
pub fn skip(why: &str) {
    assert!(env::var_os("CI").is_none_or(|v| v != "true"), "CI must not skip: {why}");
    eprintln!("skipped: {why}");
}

/// The repository's root.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
