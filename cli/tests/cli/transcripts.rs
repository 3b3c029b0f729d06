//! What people see, word for word.

use crate::common::{golden, tarquet, transcript};

/// Runs each line in an empty folder and compares all of it with one golden file.
fn script(name: &str, lines: &[&[&str]]) {
    let dir = tempfile::tempdir().expect("a folder for the test");
    script_in(name, lines, dir.path());
}

fn script_in(name: &str, lines: &[&[&str]], dir: &std::path::Path) {
    let text: Vec<String> = lines.iter().map(|args| transcript(args, dir)).collect();
    golden(name, &text.join("\n"));
}

#[test]
fn help() {
    script("help", &[&["-h"], &["generate", "frames", "-h"], &["explain", "-h"], &["spec", "-h"]]);
}

#[test]
fn explain() {
    script(
        "explain",
        &[
            &["explain", "E0101"],
            &["explain", "e0101", "-o", "json"],
            &["explain", "E9999"],
            &["explain", "E0101", "-o", "name"],
        ],
    );
}

#[test]
fn usage_errors() {
    script("usage_errors", &[&["frobnicate"], &["generate", "frames"], &["explain", "--frob"]]);
}

#[test]
fn spec_errors() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let good =
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*.tar.lz4\"]\n[output]\nuri = \"out\"\n";
    let files = [
        ("good.toml", good.to_owned()),
        ("unknown_key.toml", format!("{good}partiton = 100\n")),
        ("syntax.toml", good.replace("= 1", "= ")),
        ("missing.toml", good.replace("uri = \"out\"\n", "")),
        ("value.toml", good.replace("convert", "konvert")),
        ("glob.toml", good.replace("*.tar.lz4", "[")),
        ("overlap.toml", good.replace("\"out\"", "\"in\"")),
        ("bad.json", "{\"version\": 1,}".to_owned()),
    ];
    let mut lines = Vec::new();
    for (name, text) in &files {
        std::fs::write(dir.path().join(name), text).expect("the test's folder can be written");
        lines.push(vec!["spec", "check", name]);
    }
    lines.push(vec!["spec", "check", "absent.toml"]);
    let lines: Vec<&[&str]> = lines.iter().map(Vec::as_slice).collect();
    script_in("spec_errors", &lines, dir.path());
}

#[test]
fn every_code_is_listed_once() {
    let output = tarquet(&["explain", "-o", "name"]).output().expect("the command starts");
    let text = String::from_utf8(output.stdout).expect("codes are ASCII");
    let rows = tarquet_common::codes::TABLE.iter().map(|g| g.len()).sum::<usize>();
    assert_eq!(text.lines().count(), rows);
}

#[test]
fn settings_and_where_they_come_from() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let mut command = tarquet(&["config", "show", "--origin", "--region", "eu-central-1"]);
    let output = command.env("TARQUET_COORDINATOR", "http://there:1").current_dir(dir.path()).output();
    golden("config", &String::from_utf8_lossy(&output.expect("the command starts").stdout));
}

#[test]
fn a_reader_that_leaves_is_not_an_error() {
    use std::{io::Read, process::Stdio};
    let mut child = tarquet(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().expect("the command starts");
    drop(child.stdout.take());
    let mut talk = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut talk).expect("text");
    assert_eq!((child.wait().expect("it ends").code(), talk.as_str()), (Some(0), ""));
}

#[test]
fn completions_and_pages_know_every_command() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let output = tarquet(&["man", "pages"]).current_dir(dir.path()).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(0));
    let help = tarquet(&["-h"]).output().expect("the command starts").stdout;
    let bash = tarquet(&["completions", "bash"]).output().expect("the command starts").stdout;
    let (help, bash) = (String::from_utf8_lossy(&help), String::from_utf8_lossy(&bash));
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let names: Vec<&str> = commands.filter_map(|l| l.split_whitespace().next()).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names.into_iter().filter(|n| *n != "help") {
        assert!(bash.contains(&format!("tarquet__subcmd__{name}")), "{name} in the bash script");
        assert!(dir.path().join(format!("pages/tarquet-{name}.1")).exists(), "{name} has a page");
    }
}

#[test]
fn inspecting_and_planning_samples() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    script_in(
        "inspect",
        &[
            &["generate", "frames", "--output", "data", "--archives", "1", "--members", "3", "--rows", "50"],
            &["generate", "frames", "--output", "data", "--archives", "1", "--members", "3", "--rows", "50"],
            &["inspect", "data/archive_00.tar.lz4", "-o", "name"],
            &["inspect", "data/archive_00.tar.lz4", "--member", "archive_00/frame_000001.h5"],
            &["inspect", "data/archive_00.tar.lz4", "--member", "nothing.h5"],
            &["inspect", "data/absent.tar.lz4"],
            &["inspect", "data/truth.json"],
            &["plan", "--input", "data/*.tar.lz4", "--output", "out", "--partitions", "2"],
            &["plan", "--input", "data/*.zip", "--output", "out"],
        ],
        dir.path(),
    );
    assert!(
        !dir.path().join("out").exists() && !dir.path().join("out.tarquet").exists(),
        "plan writes nothing"
    );
}

#[test]
fn an_archive_that_is_cut_short_is_told_with_its_place() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let make = ["generate", "frames", "--output", "data", "--archives", "1", "--members", "9"];
    let made = tarquet(&make).current_dir(dir.path()).output().expect("the command starts");
    assert!(made.status.success());
    let path = dir.path().join("data/archive_00.tar.lz4");
    let bytes = std::fs::read(&path).expect("it was made");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("the test's folder can be written");
    let looked =
        tarquet(&["inspect", "data/archive_00.tar.lz4", "-o", "json"]).current_dir(dir.path()).output();
    let looked = looked.expect("the command starts");
    assert_eq!(looked.status.code(), Some(4), "{}", String::from_utf8_lossy(&looked.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&looked.stdout).expect("JSON");
    assert_eq!(answer["problem"]["code"], "E0303", "{answer}");
    assert!(answer["counted"].as_u64().expect("a number") < 9);
}

#[test]
fn without_a_coordinator_commands_say_so() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    for command in [&["jobs"][..], &["status"], &["wait", "@last"], &["workers"], &["cancel", "01ABC"]] {
        let output =
            tarquet(command).args(["--coordinator", "http://127.0.0.1:1"]).current_dir(dir.path()).output();
        let output = output.expect("the command starts");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(6), "{command:?}: {talk}");
        assert!(talk.starts_with("error[E0755]: the coordinator cannot be reached"), "{talk}");
        assert!(talk.contains("tarquet coordinator") && output.stdout.is_empty(), "{talk}");
    }
    golden("no_job", &transcript(&["status", "./nowhere"], dir.path()));
}
