//! Transcripts are compiled in: a test run touches no disk. Only rewriting them does.

use std::path::Path;

/// Compares a story with its transcript; with `UPDATE_TRANSCRIPTS` set it becomes the transcript.
pub(crate) fn compare(name: &str, expected: &str, told: &str) {
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/transcripts").join(name);
        std::fs::write(path, told).expect("the transcript can be written");
        return;
    }
    assert!(told == expected, "{name} tells another story:\n{told}");
}
