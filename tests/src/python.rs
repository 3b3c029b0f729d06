//! The Python oracle: `tests/oracle/*.py` in an environment of a given pandas.

use std::{
    ffi::OsStr,
    process::{Command, Output},
};
use tarquet_kit::environment;

/// Which pandas judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pandas {
    /// 2.3, for files of pandas 1.5 and 2.x: `TARQUET_PYTHON23`.
    V23,
    /// 3.1, for files of pandas 3.x: `TARQUET_PYTHON31`.
    V31,
}

impl Pandas {
    /// The variable that names its interpreter.
    pub fn variable(self) -> &'static str {
        match self {
            Self::V23 => "TARQUET_PYTHON23",
            Self::V31 => "TARQUET_PYTHON31",
        }
    }
}

/// Runs `tests/oracle/SCRIPT` with `args`; `None` (said aloud; a panic in CI) without an interpreter.
///
/// # Panics
/// When the interpreter cannot be started.
pub fn run(pandas: Pandas, script: &str, args: &[impl AsRef<OsStr>]) -> Option<Output> {
    let python = environment::path(pandas.variable())?;
    let script = environment::repository().join("tests/oracle").join(script);
    let output = Command::new(&python).arg(script).args(args).env("PYTHONDONTWRITEBYTECODE", "1").output();
    Some(output.unwrap_or_else(|e| panic!("cannot start {}: {e}", python.display())))
}

/// Runs a script that must succeed; the test fails with everything it said otherwise.
///
/// # Panics
/// When it does not succeed.
pub fn must_pass(pandas: Pandas, script: &str, args: &[impl AsRef<OsStr>]) {
    if let Some(output) = run(pandas, script, args) {
        let said = String::from_utf8_lossy(&output.stdout);
        let cried = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script} with {pandas:?}: {}\n{said}{cried}", output.status);
    }
}
