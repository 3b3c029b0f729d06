//! The two commands that serve until they are stopped, from their first word to their last.

use crate::common::{golden, line, mask, tarquet};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A service of ours; killed if the test fails before it is stopped.
struct Service {
    child: Child,
    said: std::path::PathBuf,
    line: String,
}

impl Service {
    fn start(args: &[&str], dir: &Path) -> Self {
        let said = dir.join(format!("{}.txt", args[0]));
        let mut command: Command = tarquet(args);
        // The log tells times; what is said to people does not.
        command.env("TARQUET_LOG", "error").current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(File::create(&said).expect("a file of the test")).spawn();
        Self { child: child.expect("the command starts"), said, line: line(args) }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).expect("it is there")
    }

    /// Waits until it said this; gives the line.
    fn says(&self, text: &str) -> String {
        for _ in 0..3_000 {
            let said = self.said();
            // A line is whole when it ends.
            let mut lines = said.split_inclusive('\n').filter(|l| l.ends_with('\n'));
            if let Some(found) = lines.find(|l| l.contains(text)) {
                return found.trim_end().to_owned();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{text:?} never came: {}", self.said());
    }

    /// SIGTERM, and all it said.
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        let status = self.child.wait().expect("it is ours");
        let code = status.code().map_or("killed".to_owned(), |c| c.to_string());
        format!("{}\n--- stderr\n{}--- exit {code}\n", self.line, self.said())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_coordinator_and_its_worker_come_and_go() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let listen = ["coordinator", "--state", "state", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let coordinator = Service::start(&listen, dir.path());
    let told = coordinator.says("coordinator: gRPC on ");
    let grpc =
        told.split(' ').find(|w| w.starts_with("127.")).expect("an address").trim_end_matches(',').to_owned();
    let url = format!("http://{grpc}");
    let worker = ["worker", "--slots", "2", "--memory", "1GiB", "--coordinator", &url];
    let worker = Service::start(&worker, dir.path());
    worker.says("2 slots");
    let there = || {
        let asked = tarquet(&["workers", "-o", "name"]).env("TARQUET_COORDINATOR", &url).output();
        asked.expect("the command starts").stdout
    };
    let came = (0..3_000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        !there().is_empty()
    });
    assert!(came, "the worker never came: {}", worker.said());
    let worker = worker.stop();
    assert!(there().is_empty(), "a worker that was stopped has said good-bye");
    let text = format!("{}\n{}", coordinator.stop(), worker);
    let http = told.split("http://").nth(1).expect("an address").trim_end_matches('/');
    let text = text.replace(&grpc, "127.0.0.1:7481").replace(http, "127.0.0.1:7480");
    golden("services", &mask(&text, "worker ", 1..2, "NAME:"));
}
