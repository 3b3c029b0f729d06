//! Running the command as a user does: no terminal, 80 columns, nothing of the caller's environment.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The command, with a clean environment.
pub(crate) fn tarquet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarquet"));
    command.env_clear().env("LC_ALL", "C.UTF-8").env("COLUMNS", "80").args(args);
    command
}

/// What a person would see: the command line, both streams, the exit code.
pub(crate) fn transcript(args: &[&str], dir: &Path) -> String {
    let output = tarquet(args).current_dir(dir).output().expect("the command starts");
    let text = render(&format!("$ tarquet {}", args.join(" ")), &output);
    // Where the test runs is nobody's business.
    text.replace(&dir.display().to_string(), "DIR")
}

fn render(line: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut out = format!("{line}\n{}", text(&output.stdout));
    if !output.stderr.is_empty() {
        out.push_str("--- stderr\n");
        out.push_str(&text(&output.stderr));
    }
    let code = output.status.code().map_or("killed".into(), |c| c.to_string());
    format!("{out}--- exit {code}\n")
}

/// Compares with the golden file; `UPDATE_GOLDEN=1` writes it instead.
pub(crate) fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE_GOLDEN=1 writes it anew", path.display());
}
