//! What the environment lends to tests.

use std::{
    env, io,
    path::PathBuf,
    process::{Command, Output},
};

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

/// What `command` answers; `None`, said aloud, where its program is not installed.
///
/// # Panics
/// Where `CI` is `true` and it is not installed, or it cannot be started for another reason.
pub fn output(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            skip(&format!("{} is not installed", command.get_program().to_string_lossy()));
            None
        }
        Err(e) => panic!("{} cannot be started: {e}", command.get_program().to_string_lossy()),
    }
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
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::{current_exe, var};

    /// Asked of itself in a process of its own: the environment of this one belongs to all tests.
    const ASK: &str = "TARQUET_KIT_ASKS";

    #[test]
    fn what_is_missing_is_skipped_here_and_fails_in_ci() {
        if var(ASK).is_ok() {
            path("TARQUET_KIT_NEVER_SET");
            return;
        }
        for (ci, ends_well, says) in [
            (None, true, "skipped: TARQUET_KIT_NEVER_SET is not set"),
            (Some("true"), false, "CI must not skip"),
        ] {
            let mut again = Command::new(current_exe().unwrap());
            again.args(["--nocapture", "what_is_missing_is_skipped_here_and_fails_in_ci"]);
            again.env(ASK, "1").env_remove("CI").envs(ci.map(|v| ("CI", v)));
            let answer = output(&mut again).unwrap();
            let said = String::from_utf8_lossy(&answer.stderr).into_owned()
                + &String::from_utf8_lossy(&answer.stdout);
            assert_eq!(answer.status.success(), ends_well, "{said}");
            assert!(said.contains(says), "{said}");
        }
    }
}
