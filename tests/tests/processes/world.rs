//! A directory with an S3 server beside it, and commands run in it.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tarquet_kit::environment::repository;
use tarquet_s3server::{Config, Server};
use tarquet_tests::binary;
use tempfile::TempDir;

/// The bucket of every world.
pub(crate) const BUCKET: &str = "test";
/// A directory with an S3 server beside it.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// The answer, which must have ended with `code`.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Its JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.out, self.err))
    }

    /// The answer, whose talk must hold `text`.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is missing in:\n{}", self.err);
        self
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    /// The same with another kind of server.
    pub(crate) fn with(config: Config) -> Self {
        let server = Server::start(config).expect("a free port");
        Self { dir: tempfile::tempdir().expect("a directory"), server }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command in the world's directory that knows the way to its server.
    pub(crate) fn command(&self) -> Command {
        let mut command = binary::command();
        let home = self.path("home");
        command.current_dir(self.dir.path()).env("HOME", &home).env("XDG_STATE_HOME", home.join("state"));
        command.env("AWS_ENDPOINT_URL", &self.server.url).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", &self.server.access_key);
        command.env("AWS_SECRET_ACCESS_KEY", &self.server.secret_key);
        // Tests run on no instance; one that fakes it says so.
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// Runs `tarquet` with these arguments to its end.
    pub(crate) fn tarquet(&self, args: &[&str]) -> Answer {
        answer(self.command().args(args))
    }

    /// `tarquet run`, without progress, answering JSON.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        answer(self.command().args(["run", "--progress", "none", "-o", "json"]).args(args))
    }

    /// Writes a file below the world's directory.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is below the directory")).expect("a directory");
        fs::write(&path, bytes).expect("it writes");
        path
    }

    /// The sample archives, in the folder `name`.
    pub(crate) fn samples(&self, name: &str) {
        for file in ["north.tar.lz4", "south.tar.lz4"] {
            let bytes = fs::read(repository().join("examples/frames").join(file)).expect("the examples");
            self.write(&format!("{name}/{file}"), &bytes);
        }
    }

    /// Part files of a local dataset, by name, with their bytes.
    pub(crate) fn local_parts(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.path(name)).expect("the dataset").flatten();
        let mut parts: Vec<_> =
            entries.map(|e| (file_name(&e.path()), fs::read(e.path()).expect("it reads"))).collect();
        parts.sort();
        parts
    }

    /// The same of a dataset in the bucket.
    pub(crate) fn stored_parts(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let keys = self.keys(prefix);
        let bytes = |key: &str| self.server.object(BUCKET, key).expect("it is listed").to_vec();
        keys.iter().map(|k| (k[prefix.len()..].to_owned(), bytes(k))).collect()
    }

    /// Keys of the bucket below a prefix, in order.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.server.keys(BUCKET).into_iter().filter(|k| k.starts_with(prefix)).collect()
    }

    /// Receipts of the convert stage of the jobs of `output`: their keys and what they say.
    pub(crate) fn receipts(&self, output: &str) -> Vec<(String, Value)> {
        let keys = self.keys(&format!("{output}.tarquet/jobs/")).into_iter();
        let keys = keys.filter(|k| k.contains("/receipts/003/"));
        keys.map(|k| {
            let bytes = self.server.object(BUCKET, &k).expect("it is listed");
            (k, serde_json::from_slice(&bytes).expect("a receipt"))
        })
        .collect()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("an entry has a name").to_string_lossy().into_owned()
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("tarquet starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Two datasets that must have the same files with the same bytes.
pub(crate) fn assert_same(found: &[(String, Vec<u8>)], wanted: &[(String, Vec<u8>)]) {
    let names = |parts: &[(String, Vec<u8>)]| parts.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(found), names(wanted));
    for ((name, found), (_, wanted)) in found.iter().zip(wanted) {
        assert!(found == wanted, "{name} differs: {} and {} bytes", found.len(), wanted.len());
    }
}
