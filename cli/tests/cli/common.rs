//! Running the command as a user does: no terminal, 80 columns, nothing of the caller's environment.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A spec that can be used.
pub(crate) const SPEC: &str = "version = 1\nkind = \"convert\"\nname = \"frames\"\n[input]\nuris = [\"in/*.tar.lz4\"]\n[output]\nuri = \"out\"\n";

/// The command, with a clean environment.
pub(crate) fn tarquet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarquet"));
    command.env_clear().env("LC_ALL", "C.UTF-8").env("COLUMNS", "80").args(args);
    command
}

/// What a person would see: the command line, both streams, the exit code.
pub(crate) fn transcript(args: &[&str], dir: &Path) -> String {
    transcript_of(&mut tarquet(args), args, dir)
}

/// The same, of a command that was prepared otherwise.
pub(crate) fn transcript_of(command: &mut Command, args: &[&str], dir: &Path) -> String {
    let output = command.current_dir(dir).output().expect("the command starts");
    let text = render(&line(args), &output);
    // Where the test runs is nobody's business.
    text.replace(&dir.display().to_string(), "DIR")
}

/// The line that was typed.
pub(crate) fn line(args: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+,=".contains(c);
    let words = args.iter().map(|word| match word.chars().all(plain) {
        true => (*word).to_owned(),
        false => format!("'{word}'"),
    });
    format!("$ tarquet {}", words.collect::<Vec<_>>().join(" "))
}

/// `text` with some words, counted from 0, replaced by one on every line that begins with `start`.
pub(crate) fn mask(text: &str, start: &str, words: std::ops::Range<usize>, by: &str) -> String {
    let masked = |line: &str| {
        let mut all: Vec<&str> = line.split(' ').filter(|w| !w.is_empty()).collect();
        let end = words.end.min(all.len());
        all.splice(words.start.min(end)..end, [by]);
        format!("{}{}", &line[..line.len() - line.trim_start().len()], all.join(" "))
    };
    let lines = text.lines().map(|l| if l.starts_with(start) { masked(l) } else { l.to_owned() });
    lines.collect::<Vec<_>>().join("\n") + "\n"
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
    if text == expected {
        return;
    }
    // Where they part, and no more: a transcript is long.
    let parts = text.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| text.lines().skip(parts.saturating_sub(2)).take(8).collect::<Vec<_>>().join("\n");
    panic!(
        "{} differs from line {}; UPDATE_GOLDEN=1 writes it anew\n--- now\n{}\n--- before\n{}",
        path.display(),
        parts + 1,
        from(text),
        from(&expected)
    );
}
