//! The `tarquet` binary under test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};
use tarquet_kit::environment;

/// Where it is: `TARQUET_BIN`, else beside the tests if nothing it was made from is younger, else built once by
/// this process, in the profile of the tests.
///
/// # Panics
/// When it cannot be built.
pub fn path() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| env::var_os("TARQUET_BIN").map_or_else(build, PathBuf::from)).clone()
}

/// What lies beside the tests, or `cargo build` there: their executable lies in `target/PROFILE/deps`.
fn build() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_path_buf();
    if is_fresh(&profile.join("tarquet")) {
        return profile.join("tarquet");
    }
    let name = profile.file_name().and_then(|n| n.to_str()).expect("profiles have plain names");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(environment::repository()).args([
        "build",
        "--quiet",
        "--package",
        "tarquet",
        "--bin",
        "tarquet",
    ]);
    if name != "debug" {
        cargo.args(["--profile", name]);
    }
    let built = cargo.status().expect("cargo can be started");
    assert!(built.success(), "tarquet does not build");
    profile.join("tarquet")
}

/// Whether no source is younger, as cargo judges: `tarquet.d` beside the binary is a line of Make with all of them.
/// `cargo test --workspace` has just built it; building it alone would select other features, and so take long.
fn is_fresh(binary: &Path) -> bool {
    let changed = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let (Some(built), Ok(rule)) = (changed(binary), fs::read_to_string(binary.with_extension("d"))) else {
        return false;
    };
    let Some((_, sources)) = rule.split_once(": ") else { return false };
    let sources = sources.replace("\\ ", "\0");
    sources
        .split_whitespace()
        .all(|source| changed(Path::new(&source.replace('\0', " "))).is_some_and(|changed| changed <= built))
}

/// A command of it, in a clean environment: no settings of whoever runs the tests.
pub fn command() -> Command {
    let mut command = Command::new(path());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || (text.starts_with("TARQUET_") && text != "TARQUET_SHARED") {
            command.env_remove(&name);
        }
    }
    command
}
