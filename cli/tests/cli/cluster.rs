//! What people see who talk to a coordinator, word for word. The coordinator's answers are fixed.

use crate::{
    common::{SPEC, golden, tarquet, transcript_of},
    fake::{Fake, JOB, Scene, ended, running, with},
};
use serde_json::json;

/// Runs each line against a coordinator of this scene and gives all of it.
fn session(scene: Scene, lines: &[&[&str]]) -> (String, Vec<String>) {
    let dir = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(dir.path().join("frames.toml"), SPEC).expect("the test's folder can be written");
    let fake = Fake::start(scene);
    let run = |args: &&[&str]| {
        let mut command = tarquet(args);
        // Nothing is asked of a store, nor of the machine's surroundings for its region.
        command.env("TARQUET_COORDINATOR", &fake.url).env("AWS_REGION", "eu-central-1");
        command
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b");
        let text = transcript_of(&mut command, args, dir.path());
        text.replace(&fake.url, "http://127.0.0.1:7481")
    };
    (lines.iter().map(run).collect::<Vec<_>>().join("\n"), fake.wishes())
}

fn script(name: &str, scene: Scene, lines: &[&[&str]]) {
    golden(name, &session(scene, lines).0);
}

#[test]
fn looking() {
    script(
        "cluster_looking",
        Scene::of(running()),
        &[
            &["status", "01HF7YAT"],
            &["status", "@last", "-o", "name"],
            &["status", "@last", "-o", "jsonl"],
            &["status", "01ZZZ"],
            &["jobs"],
            &["jobs", "-o", "name"],
            &["workers"],
            &["workers", "-o", "name"],
        ],
    );
}

#[test]
fn wishes() {
    let lines: &[&[&str]] = &[
        &["pause", "@last"],
        &["resume", "@last"],
        &["retry", "01HF7"],
        &["accept", "01HF7"],
        &["accept", "01HF7", "-o", "name"],
        &["cancel", "@last", "--reason", "the input was wrong"],
        &["cancel", "@last", "-o", "jsonl"],
        &["cancel", "01ZZZ"],
        &["drain", "node-a"],
        &["drain", "node"],
        &["drain", "nobody"],
        &["adopt", "s3://acme-lake/frames.tarquet/jobs/01HF7YAT000000000000000007"],
        &["adopt", "s3://acme-lake/frames.tarquet/jobs/01HF7YAT000000000000000007", "-o", "json"],
    ];
    let (text, wishes) = session(Scene::of(running()), lines);
    golden("cluster_wishes", &text);
    let asked = [
        "pause @last",
        "resume @last",
        "retry 01HF7",
        "accept 01HF7",
        "accept 01HF7",
        "cancel because \"the input was wrong\": @last",
        "cancel because \"cancelled on the command line\": @last",
        "drain node-a-71-00c0ffee",
    ];
    assert_eq!(wishes, asked);
}

#[test]
fn submitting_and_waiting() {
    script(
        "cluster_waiting",
        Scene::to_the_end(),
        &[
            &["submit", "frames.toml"],
            &["submit", "frames.toml", "--token", "again", "-o", "json"],
            &["submit", "frames.toml", "-o", "name", "-q"],
            &["submit", "frames.toml", "--wait"],
            &["submit", "frames.toml", "--wait", "-q"],
            &["wait", "@last", "--progress", "json", "-o", "name"],
            &["wait", "@last", "--progress", "none", "--for", "running"],
            &["submit", "absent.toml"],
        ],
    );
}

#[test]
fn a_watch_without_a_terminal_prints_lines() {
    script("cluster_watching", Scene::moving(), &[&["status", JOB, "-w"]]);
    script("cluster_watching_data", Scene::moving(), &[&["status", JOB, "-w", "-o", "name"]]);
}

#[test]
fn ends_that_nobody_wished_for() {
    let over = "1,203 members failed, 100 are allowed";
    let held = with(ended("held", "E0802", over), &[("/output_uri", json!("frames"))]);
    script("cluster_held", Scene::of(held), &[&["status"], &["wait"]]);
    let denied = "s3:GetObject is not granted on s3://acme-raw/frames/frames_03.tar.lz4";
    script("cluster_failed", Scene::of(ended("failed", "E0604", denied)), &[&["wait", "--progress", "none"]]);
}
