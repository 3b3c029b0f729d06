//! What people see, word for word.

use crate::common::{golden, mask, tarquet, transcript, transcript_of};

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
fn certificates() {
    script(
        "certs",
        &[
            &["certs", "init", "pki", "--san", "coordinator"],
            &["certs", "init", "pki", "--if-missing"],
            &["certs", "init", "pki", "--if-missing", "--store-secret"],
            &["certs", "init", "pki", "--if-missing", "--store-secret"],
            &["certs", "init", "pki"],
            &["certs", "token", "pki", "worker"],
            &["certs", "token", "pki", "worker", "--retire"],
            &["certs", "renew", "pki", "--days", "30"],
            &["certs", "renew", "nothing"],
        ],
    );
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
    let args = ["config", "show", "--origin", "--region", "eu-central-1"];
    let mut command = tarquet(&args);
    command.env("TARQUET_COORDINATOR", "http://there:1").env("AWS_PROFILE", "lake");
    command.env("AWS_SECRET_ACCESS_KEY", "hunter2");
    let text = transcript_of(&mut command, &args, dir.path());
    assert!(!text.contains("hunter2"), "{text}");
    golden("config", &text);
}

#[test]
fn the_sample_can_be_put_somewhere_twice() {
    let put = &["generate", "sample", "--output", "data"];
    script("sample", &[put, put]);
}

#[test]
fn small_things() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    script_in(
        "small_things",
        &[
            &["completions", "tcsh"],
            &["man", "pages"],
            &["healthcheck", "--http", "127.0.0.1:1"],
            &["gc", "./nowhere"],
            &["rm", "./nowhere"],
            &["certs", "init", "certs", "--san", "coordinator.example"],
            &["certs", "init", "certs"],
            &["certs", "renew", "certs"],
            &["certs", "token", "certs", "viewer"],
            &["certs", "token", "certs", "viewer", "--retire"],
        ],
        dir.path(),
    );
}

#[test]
fn the_format_of_specs_and_the_table_of_codes() {
    script("spec_schema", &[&["spec", "schema"]]);
    script("explain_all", &[&["explain"]]);
}

/// A whole session on one machine. What depends on the machine, the clock or the encoder is masked by rule.
#[test]
fn a_session_on_one_machine() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let lines: &[&[&str]] = &[
        &["generate", "frames", "--output", "data", "--archives", "1", "--members", "5", "--rows", "50"],
        &[
            "run",
            "--input",
            "data/*.tar.lz4",
            "bad.h5",
            "--output",
            "out",
            "--partitions",
            "2",
            "--progress",
            "none",
        ],
        &["run", "--resume", "out", "--accept", "--progress", "none"],
        &["status", "out"],
        &["failures", "out"],
        &["failures", "out", "show", "1"],
        &["failures", "out", "show", "2"],
        &["failures", "out", "export", "-O", "failures.jsonl"],
        &["failures", "out", "export", "-O", "failures.jsonl"],
        &["gc", "out"],
        &["run", "--input", "data/*.tar.lz4", "--output", "out"],
        &["doctor", "--coordinator", "http://127.0.0.1:1"],
    ];
    std::fs::write(dir.path().join("bad.h5"), b"this is not HDF5").expect("the test's folder can be written");
    let text: Vec<String> = lines.iter().map(|args| transcript(args, dir.path())).collect();
    golden("session", &masked(&text.join("\n")));
    let exported = std::fs::read_to_string(dir.path().join("failures.jsonl")).expect("it was written");
    let record: serde_json::Value = serde_json::from_str(exported.trim()).expect("one line of JSON");
    assert_eq!(
        (record["code"].as_str(), record["member"].as_str()),
        (Some("E0401"), Some("bad.h5")),
        "{record}"
    );
}

/// Ids, times, sizes that an encoder decides, and what `doctor` reads of the machine.
fn masked(text: &str) -> String {
    let masks = [
        ("Finished ", 0..9, "Finished in TIME"),
        ("Held after", 2..3, "TIME"),
        ("  read  ", 1..3, "BYTES"),
        ("  wrote  ", 1..3, "BYTES"),
        ("Job  ", 1..2, "ID"),
        ("      hint Job", 2..3, "ID"),
        ("Objects", 1..2, "out.tarquet/jobs/ID"),
        ("Took", 1..2, "TIME"),
        ("  fingerprint", 1..2, "FINGERPRINT"),
        ("  etag", 1..2, "ETAG"),
    ];
    let text = masks.into_iter().fold(text.to_owned(), |t, (start, words, by)| mask(&t, start, words, by));
    let mut hiding = false;
    let lines = text.lines().filter_map(|line| {
        // What is hidden may go on below itself.
        hiding &= line.starts_with("          ");
        if hiding {
            return None;
        }
        let told = of_machine(line);
        hiding = told.is_some();
        Some(told.unwrap_or_else(|| line.to_owned()))
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// What stands for a line whose length depends on the machine.
fn of_machine(line: &str) -> Option<String> {
    if line.starts_with("  attempt ") {
        return Some("  attempt      WORKER AND TIME".to_owned());
    }
    let finding =
        ["ok ", "skipped ", "warning ", "bad "].iter().find_map(|v| line.strip_prefix(v))?.trim_start();
    let check = ["memory", "/dev/shm", "open files"].into_iter().find(|check| finding.starts_with(check))?;
    Some(format!("VERDICT  {check}  FOUND"))
}

#[test]
fn every_code_is_explained_within_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    for info in tarquet_common::codes::TABLE.iter().flat_map(|g| g.iter()) {
        let code = format!("E{:04}", info.number);
        let output = tarquet(&["explain", &code]).output().expect("the command starts");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success() && text.starts_with(&format!("{code}: {}\n", info.title)), "{text}");
        for part in [info.explain, info.hint].iter().flat_map(|t| t.split_whitespace()) {
            assert!(text.contains(part), "{code}: {part:?} is missing in {text}");
        }
        assert!(text.lines().all(|l| l.width() <= 80), "{text}");
    }
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
