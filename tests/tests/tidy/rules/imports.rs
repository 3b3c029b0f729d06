//! Who may import whom.

use super::{Allowed, Finding, without_allowed};
use crate::{
    rust,
    tree::{File, Tree},
};

/// Each crate of ours and the crates of ours that it may depend on.
const MAY: [(&str, &[&str]); 13] = [
    ("common", &[]),
    ("common/container", &["tarquet-common"]),
    ("proto", &["tarquet-common"]),
    ("coordinator/core", &["tarquet-common"]),
    // Whoever only talks to a coordinator links neither it nor a worker.
    ("client", &["tarquet-common", "tarquet-proto", "tarquet-core"]),
    (
        // A handle in the coordinator's own process answers what any other client may ask.
        "coordinator",
        &["tarquet-common", "tarquet-container", "tarquet-proto", "tarquet-core", "tarquet-client"],
    ),
    ("worker/decode", &["tarquet-common"]),
    ("worker/encode", &["tarquet-common", "tarquet-decode"]),
    ("worker", &["tarquet-common", "tarquet-container", "tarquet-proto", "tarquet-decode", "tarquet-encode"]),
    (
        "cli",
        &[
            "tarquet-common",
            "tarquet-container",
            "tarquet-proto",
            "tarquet-core",
            "tarquet-client",
            "tarquet-coordinator",
            "tarquet-decode",
            "tarquet-encode",
            "tarquet-worker",
        ],
    ),
    ("tests/faulty", &["tarquet-common"]),
    ("tests/kit", &[]),
    ("tests/s3server", &[]),
];

/// Crates that may import anything of ours: nobody imports them.
const ABOVE: [&str; 2] = ["tests", "benches"];

/// What only tests may depend on.
const FOR_TESTS: [&str; 3] = ["tarquet-faulty", "tarquet-kit", "tarquet-s3server"];

/// What the core never touches: runtimes, the wire, the disk, clocks, chance.
const NOT_IN_CORE: [&str; 9] =
    ["tokio", "tonic", "prost", "sled", "rand", "futures", "async_trait", "tarquet_proto", "getrandom"];
const NO_NAMES_IN_CORE: [&str; 3] = ["Instant", "SystemTime", "async"];
const NO_STD_IN_CORE: [&str; 3] = ["std::fs", "std::net", "std::process"];
/// A simulation takes its seed from the environment and runs on several threads; the core does not.
const NO_STD_OUTSIDE_TESTS: [&str; 2] = ["std::env", "std::thread"];
/// What common draws from the system's chance; `chance::mix` and what is made of it are pure.
const NO_CHANCE_IN_CORE: [&str; 3] = ["chance::word", "chance::bits", "chance::hex"];

const DISK_IN_CORE: [Allowed; 1] = [Allowed {
    path: "coordinator/core/tests/scripts/script.rs",
    why: "rewrites transcripts when asked to; a test run reads what is compiled in",
}];

/// Dependencies between crates of ours go one way, in manifests (sources cannot go further).
pub(crate) fn crates(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|f| f.path != "Cargo.toml" && f.path.ends_with("/Cargo.toml"));
    manifests.flat_map(manifest).collect()
}

fn manifest(file: &File) -> Vec<Finding> {
    let home = file.path.trim_end_matches("/Cargo.toml");
    if ABOVE.contains(&home) {
        return Vec::new();
    }
    let Some((_, may)) = MAY.iter().find(|(c, _)| *c == home) else {
        return vec![Finding::new(&file.path, 1, "is a crate that the table of imports does not know")];
    };
    let mut section = "";
    let mut findings = Vec::new();
    for (i, line) in file.text.lines().enumerate() {
        if let Some(s) = line.trim().strip_prefix('[') {
            section = s.trim_end_matches(']');
        }
        let key = line.split(['=', '.', ' ']).next().unwrap_or("").trim();
        let ours = key == "tarquet" || key.starts_with("tarquet-");
        let test_only = section == "dev-dependencies" && FOR_TESTS.contains(&key);
        if section.ends_with("dependencies") && ours && !may.contains(&key) && !test_only {
            findings.push(Finding::new(&file.path, i + 1, format!("{home} may not depend on {key}")));
        }
    }
    findings
}

/// The core decides: no I/O, no runtime, no clock, no chance; nor do its tests.
pub(crate) fn pure_core(tree: &Tree) -> Vec<Finding> {
    let core = tree.rust().filter(|f| f.path.starts_with("coordinator/core/"));
    let found = core.flat_map(|f| {
        let code = rust::code(&f.text);
        let mut out = libraries(f, &code, &NOT_IN_CORE, "the core");
        out.extend(names(f, &code, &NO_NAMES_IN_CORE, "the core"));
        let stricter = NO_STD_OUTSIDE_TESTS.iter().filter(|_| !rust::is_test_file(&f.path));
        for path in NO_STD_IN_CORE.iter().chain(&NO_CHANCE_IN_CORE).chain(stricter) {
            out.extend(rust::names(&code, path).map(|i| found(f, &code, i, path, "the core")));
        }
        out
    });
    without_allowed(tree, found.collect(), &DISK_IN_CORE)
}

pub(super) fn libraries(file: &File, code: &str, banned: &[&str], who: &str) -> Vec<Finding> {
    let uses = banned.iter().flat_map(|b| rust::crate_uses(code, b).into_iter().map(move |l| (l, *b)));
    uses.map(|(line, b)| Finding::new(&file.path, line, format!("{who} may not touch {b}"))).collect()
}

pub(super) fn names(file: &File, code: &str, banned: &[&str], who: &str) -> Vec<Finding> {
    let hits = banned.iter().flat_map(|b| rust::names(code, b).map(move |i| (i, *b)));
    hits.map(|(i, b)| found(file, code, i, b, who)).collect()
}

pub(super) fn found(file: &File, code: &str, at: usize, what: &str, who: &str) -> Finding {
    Finding::new(&file.path, rust::line(code, at), format!("{who} may not touch {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(rule: crate::rules::Rule, path: &str, text: &str) -> String {
        let findings = rule(&Tree::of(&[(path, text)]));
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings[0].to_string()
    }

    #[test]
    fn a_worker_that_imports_the_coordinator_is_found() {
        let text = "[dependencies]\ntarquet-common.workspace = true\ntarquet-coordinator.workspace = true\n";
        assert_eq!(
            one(crates, "worker/Cargo.toml", text),
            "worker/Cargo.toml:3: worker may not depend on tarquet-coordinator"
        );
    }

    #[test]
    fn a_client_that_imports_a_coordinator_or_a_worker_is_found() {
        for other in ["tarquet-coordinator", "tarquet-worker", "tarquet-decode"] {
            for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let text = format!("[{section}]\ntarquet-core.workspace = true\n{other}.workspace = true\n");
                assert_eq!(
                    one(crates, "client/Cargo.toml", &text),
                    format!("client/Cargo.toml:3: client may not depend on {other}")
                );
            }
        }
        let allowed = "[dependencies]\ntarquet-common.workspace = true\ntarquet-proto.workspace = true\n";
        assert_eq!(crates(&Tree::of(&[("client/Cargo.toml", allowed)])), []);
        for below in ["proto", "coordinator/core"] {
            let text = "[dependencies]\ntarquet-client.workspace = true\n";
            one(crates, &format!("{below}/Cargo.toml"), text);
        }
    }

    #[test]
    fn what_only_tests_may_use_is_found_in_what_is_shipped() {
        for for_tests in FOR_TESTS {
            let text = format!("[dependencies]\n{for_tests}.workspace = true\n");
            one(crates, "worker/Cargo.toml", &text);
            let text = format!("[dev-dependencies]\n{for_tests}.workspace = true\n");
            assert_eq!(crates(&Tree::of(&[("worker/Cargo.toml", &text)])), []);
        }
    }

    #[test]
    fn common_imports_nothing_of_ours_even_in_tests() {
        let text =
            "[dev-dependencies]\ntarquet-s3server = { path = \"x\" }\ntarquet-core = { path = \"y\" }\n";
        assert_eq!(
            one(crates, "common/Cargo.toml", text),
            "common/Cargo.toml:3: common may not depend on tarquet-core"
        );
    }

    #[test]
    fn an_unknown_crate_is_found() {
        assert!(one(crates, "misc/Cargo.toml", "[package]\n").contains("does not know"));
    }

    #[test]
    fn an_impure_core_is_found() {
        let path = "coordinator/core/src/decide.rs";
        for text in [
            "use tokio::sync::mpsc;",
            "fn f() { let now = std::time::Instant::now(); }",
            "use std::time::{Duration, SystemTime};",
            "pub async fn f() {}",
            "let x = rand::random::<u8>();",
            "std::fs::read(p)",
            "let s = std::env::var(n);",
            "let seed = chance::word();",
        ] {
            one(pure_core, path, text);
        }
        assert_eq!(
            pure_core(&Tree::of(&[(path, "// async, tokio::spawn, Instant\nlet s = \"Instant\";")])),
            []
        );
    }
}
