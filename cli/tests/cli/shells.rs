//! What is made for shells and for man, judged by them.

use crate::common::tarquet;
use clap::CommandFactory;
use std::{path::Path, process::Command};
use tarquet::Cli;
use tarquet_kit::environment;

/// A tool that judges; without it, a loud reason to skip.
fn judged_by(tool: &str, args: &[&str], file: &Path) {
    let Some(judge) = environment::output(Command::new(tool).args(args).arg(file)) else { return };
    let said = [judge.stdout, judge.stderr].concat();
    assert!(judge.status.success(), "{tool} {}: {}", file.display(), String::from_utf8_lossy(&said));
}

fn script(shell: &str, dir: &Path) -> std::path::PathBuf {
    let output = tarquet(&["completions", shell]).output().expect("the command starts");
    assert!(output.status.success() && output.stderr.is_empty());
    let file = dir.join(format!("tarquet.{shell}"));
    std::fs::write(&file, output.stdout).expect("the test's folder can be written");
    file
}

#[test]
fn shells_parse_their_completions() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    for (shell, check) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
        judged_by(shell, check, &script(shell, dir.path()));
    }
}

/// The last line is what Tab would have offered.
const COMPLETE: &str = r#"
source "$1"
COMP_WORDS=(tarquet $2 "$3") COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_tarquet tarquet "$3" "${COMP_WORDS[COMP_CWORD-1]}"
echo "${COMPREPLY[*]}"
"#;

#[test]
fn bash_completes_commands_and_flags() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let script = script("bash", dir.path());
    let offered = |before: &str, begun: &str| {
        let asked =
            Command::new("bash").args(["-c", COMPLETE, "bash"]).arg(&script).args([before, begun]).output();
        let asked = asked.expect("bash is there");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    };
    assert_eq!(offered("", "subm"), "submit");
    assert_eq!(offered("wait", "--time"), "--timeout");
    assert_eq!(offered("generate", "fr"), "frames");
}

/// Every command and what is below it, as `tarquet-generate-frames`.
fn names(command: &clap::Command, name: &str, out: &mut Vec<String>) {
    out.push(name.to_owned());
    for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
        names(below, &format!("{name}-{}", below.get_name()), out);
    }
}

#[test]
fn every_command_has_a_page_that_man_can_set() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let made = tarquet(&["man", "pages"]).current_dir(dir.path()).status().expect("the command starts");
    assert!(made.success());
    let mut wanted = Vec::new();
    names(&Cli::command(), "tarquet", &mut wanted);
    assert!(wanted.contains(&"tarquet-generate-frames".to_owned()), "{wanted:?}");
    for name in wanted {
        let page = dir.path().join(format!("pages/{name}.1"));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{name} has no page: {e}"));
        assert!(text.contains(".SH SYNOPSIS"), "{name}");
        judged_by("mandoc", &["-T", "lint", "-W", "error"], &page);
    }
}
