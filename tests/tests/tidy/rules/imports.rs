//! Who may import whom.

use super::{Allowed, Finding, without_allowed};
use crate::{
    rust,
    tree::{File, Tree},
};
use tarquet_common::spec::Kind;

/// Each crate of ours and the crates of ours that it may depend on.
const MAY: [(&str, &[&str]); 10] = [
    ("common", &[]),
    ("common/container", &["tarquet-common"]),
    ("proto", &["tarquet-common"]),
    ("coordinator/core", &["tarquet-common"]),
    ("coordinator", &["tarquet-common", "tarquet-container", "tarquet-proto", "tarquet-core"]),
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
            "tarquet-coordinator",
            "tarquet-decode",
            "tarquet-encode",
            "tarquet-worker",
        ],
    ),
    ("tests/s3server", &[]),
];

/// Crates that may import anything of ours: nobody imports them.
const ABOVE: [&str; 2] = ["tests", "benches"];

/// What only tests may depend on.
const FOR_TESTS: [&str; 1] = ["tarquet-s3server"];

/// What the core never touches: runtimes, the wire, the disk, clocks, chance.
const NOT_IN_CORE: [&str; 9] =
    ["tokio", "tonic", "prost", "sled", "rand", "futures", "async_trait", "tarquet_proto", "getrandom"];
const NO_NAMES_IN_CORE: [&str; 3] = ["Instant", "SystemTime", "async"];
const NO_STD_IN_CORE: [&str; 3] = ["std::fs", "std::net", "std::process"];
/// A simulation takes its seed from the environment and runs on several threads; the core does not.
const NO_STD_OUTSIDE_TESTS: [&str; 2] = ["std::env", "std::thread"];

/// What a kind never touches: leases, gRPC, S3, clocks.
const NOT_IN_KINDS: [&str; 7] =
    ["tonic", "prost", "tarquet_proto", "aws_sdk_s3", "aws_config", "sled", "tarquet_coordinator"];
const NO_NAMES_IN_KINDS: [&str; 7] =
    ["Instant", "SystemTime", "Clock", "leasing", "Leasing", "transport", "S3Store"];

/// Where a coordinator's kinds are.
const COORDINATOR_KINDS: &str = "coordinator/src/kinds/";
/// The files beside the kinds' own folders that name kinds: the registry, and the list of folders.
const COORDINATOR_REGISTRY: [&str; 2] = ["coordinator/src/kinds/registry.rs", "coordinator/src/kinds/mod.rs"];

const DISK_IN_CORE: [Allowed; 1] = [Allowed {
    path: "coordinator/core/tests/scripts/transcripts.rs",
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
        for path in NO_STD_IN_CORE.iter().chain(stricter) {
            out.extend(rust::names(&code, path).map(|i| found(f, &code, i, path, "the core")));
        }
        out
    });
    without_allowed(tree, found.collect(), &DISK_IN_CORE)
}

/// A kind turns opened inputs into batches or bytes and knows nothing else.
pub(crate) fn kinds(tree: &Tree) -> Vec<Finding> {
    let kinds = tree.rust().filter(|f| f.path.starts_with("worker/src/kinds/"));
    kinds
        .flat_map(|f| {
            let code = rust::code(&f.text);
            let mut out = libraries(f, &code, &NOT_IN_KINDS, "a kind");
            out.extend(names(f, &code, &NO_NAMES_IN_KINDS, "a kind"));
            out
        })
        .collect()
}

/// The coordinator names a kind in its registry and in the kind's own folder, and nowhere else; tests may.
pub(crate) fn coordinator_names_no_kind(tree: &Tree) -> Vec<Finding> {
    let neutral = tree.rust().filter(|f| {
        let of_a_kind = f.path.strip_prefix(COORDINATOR_KINDS).is_some_and(|rest| rest.contains('/'));
        let ours = f.path.starts_with("coordinator/src/") && !rust::is_test_file(&f.path);
        ours && !of_a_kind && !COORDINATOR_REGISTRY.contains(&f.path.as_str())
    });
    neutral.flat_map(|f| Kind::ALL.iter().flat_map(|kind| named(f, kind.as_str()))).collect()
}

/// Where a file names a kind: its type, a type of its own (`ConvertSpec`), its folder, or its word in quotes.
fn named(file: &File, kind: &str) -> Vec<Finding> {
    let (text, _) = rust::split_tests(&file.text);
    let code = rust::code(text);
    let (first, rest) = kind.split_at(1);
    let (stem, folder, word) = (first.to_uppercase() + rest, format!("kinds::{kind}"), format!("\"{kind}\""));
    let types = code.match_indices(&stem).map(|(at, _)| at).filter(|at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + stem.len()..].chars().next();
        !before.is_some_and(rust::is_name) && !after.is_some_and(|c| c.is_lowercase() || c == '_')
    });
    let folders = rust::names(&code, &folder);
    let words = text.match_indices(&word).map(|(at, _)| at);
    let all = types.chain(folders).chain(words);
    all.map(|at| Finding::new(&file.path, rust::line(text, at), format!("names the kind {kind}"))).collect()
}

fn libraries(file: &File, code: &str, banned: &[&str], who: &str) -> Vec<Finding> {
    let uses = banned.iter().flat_map(|b| rust::crate_uses(code, b).into_iter().map(move |l| (l, *b)));
    uses.map(|(line, b)| Finding::new(&file.path, line, format!("{who} may not touch {b}"))).collect()
}

fn names(file: &File, code: &str, banned: &[&str], who: &str) -> Vec<Finding> {
    let hits = banned.iter().flat_map(|b| rust::names(code, b).map(move |i| (i, *b)));
    hits.map(|(i, b)| found(file, code, i, b, who)).collect()
}

fn found(file: &File, code: &str, at: usize, what: &str, who: &str) -> Finding {
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
        ] {
            one(pure_core, path, text);
        }
        assert_eq!(
            pure_core(&Tree::of(&[(path, "// async, tokio::spawn, Instant\nlet s = \"Instant\";")])),
            []
        );
    }

    #[test]
    fn a_kind_with_machinery_is_found() {
        let path = "worker/src/kinds/convert/mod.rs";
        for text in
            ["use tonic::Status;", "use tarquet_common::leasing::Grant;", "let t = clock(Instant::now());"]
        {
            one(kinds, path, text);
        }
    }

    #[test]
    fn a_coordinator_that_names_a_kind_is_found() {
        let path = "coordinator/src/start.rs";
        for text in [
            "use tarquet_common::kinds::convert::Output;",
            "fn f(kind: Kind) -> bool { kind == Kind::Convert }",
            "fn f(spec: &ConvertSpec) {}",
            "if job.kind == \"convert\" {}",
        ] {
            one(coordinator_names_no_kind, path, text);
            one(coordinator_names_no_kind, "coordinator/src/kinds/all.rs", text);
            for of_a_kind in ["coordinator/src/kinds/convert/stages.rs", COORDINATOR_REGISTRY[0]] {
                assert_eq!(coordinator_names_no_kind(&Tree::of(&[(of_a_kind, text)])), []);
            }
        }
        let text = "use tarquet_proto::{convert, status};\nstruct Converter; // of Convert\nfn convert() {}";
        assert_eq!(coordinator_names_no_kind(&Tree::of(&[(path, text)])), []);
    }
}
