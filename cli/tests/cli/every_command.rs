//! What holds for every command: its help is a snapshot, a transcript shows it at work, and nothing is wider than a
//! terminal of 80 columns.

use crate::common::{golden, transcript};
use clap::CommandFactory;
use std::{fs, path::PathBuf};
use tarquet::Cli;
use unicode_width::UnicodeWidthStr;

const WIDTH: usize = 80;

/// Words of every command that does something: `["generate", "frames"]`.
fn leaves(command: &clap::Command, above: &[String], out: &mut Vec<Vec<String>>) {
    let below: Vec<_> = command.get_subcommands().filter(|c| c.get_name() != "help").collect();
    if !above.is_empty() && (below.is_empty() || !command.is_subcommand_required_set()) {
        out.push(above.to_vec());
    }
    for next in below {
        leaves(next, &[above, &[next.get_name().to_owned()]].concat(), out);
    }
}

fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    leaves(&Cli::command(), &[], &mut found);
    found
}

fn goldens() -> Vec<(String, String)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(dir).expect("there are some").map(|f| f.expect("it can be listed").path());
    files.map(|f| (f.display().to_string(), fs::read_to_string(&f).expect("it is text"))).collect()
}

#[test]
fn every_command_is_shown_at_work() {
    let goldens = goldens();
    let typed: Vec<Vec<&str>> = goldens
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.strip_prefix("$ tarquet "))
        .map(|line| line.split(' ').collect())
        .collect();
    let at_work = |line: &&Vec<&str>| !line.contains(&"-h") && !line.contains(&"--help");
    let commands = commands();
    assert!(commands.len() >= 30, "{commands:?}");
    for command in commands {
        // Between the words of a command may stand what it is about: `failures JOB show 1`.
        let is_it = |line: &&Vec<&str>| {
            line.first() == command.first().map(String::as_str).as_ref()
                && command.iter().all(|word| line.contains(&word.as_str()))
        };
        assert!(typed.iter().filter(at_work).any(|line| is_it(&line)), "no transcript of {command:?}");
    }
}

#[test]
fn every_help_is_a_snapshot() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let text: Vec<String> = commands()
        .iter()
        .map(|command| {
            let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
            let text = transcript(&args, dir.path());
            // What every command takes is shown once, by the first.
            let own = text.split("\nGlobal options:").next().unwrap_or(&text).trim_end();
            let examples = text.rfind("\nExample").map_or("", |at| &text[at..]);
            format!("{own}\n{}", examples.split("--- exit").next().unwrap_or(""))
        })
        .collect();
    golden("help_of_commands", &text.join("\n"));
    golden("help_long", &transcript(&["--help"], dir.path()));
}

/// A line that is too wide is forgiven where nothing can be broken: one word, a command to be copied in one piece, JSON, a
/// line of progress in a log.
fn is_one_piece(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let copied = ["$ tarquet ", "tarquet ", "pandas: ", "duckdb: "];
    words <= 1
        || copied.iter().any(|start| line.trim_start().starts_with(start))
        || line.trim_start().starts_with(['{', '"', '['])
}

#[test]
fn nothing_is_wider_than_a_terminal() {
    let goldens = goldens();
    let lines = goldens.iter().flat_map(|(file, text)| text.lines().map(move |line| (file, line)));
    let wide: Vec<String> = lines
        .filter(|(_, line)| line.width() > WIDTH && !is_one_piece(line))
        .map(|(file, line)| format!("{file}: {} columns: {line}", line.width()))
        .collect();
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}
