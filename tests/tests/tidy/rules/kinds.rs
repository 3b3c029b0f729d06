//! Kinds: what they may not know, and who may know them.

use super::{
    Finding,
    imports::{libraries, names},
};
use crate::{
    rust,
    tree::{File, Tree},
};
use std::collections::BTreeSet;

/// What a worker's kind never touches: leases, gRPC, stores, clocks, the runtime.
const NOT_IN_WORK: [&str; 8] =
    ["tokio", "tonic", "prost", "tarquet_proto", "aws_sdk_s3", "aws_config", "sled", "tarquet_coordinator"];
/// It reaches the world through its site alone, whatever compiles.
const NO_NAMES_IN_WORK: [&str; 16] = [
    "Instant",
    "SystemTime",
    "Clock",
    "SystemClock",
    "leasing",
    "Lease",
    "Leasing",
    "agent",
    "runner",
    "transport",
    "Handle",
    "Store",
    "Stores",
    "S3Store",
    "LocalStore",
    "AttemptContext",
];

/// The engine's parts, and what is in the inputs of some kinds, which they do not look into: crates, and names.
const ENGINES: [(&str, &[&str], &[&str]); 6] = [
    ("common/src/", &["tarquet_container"], &[]),
    ("client/", &["tarquet_container", "tarquet_decode", "tarquet_encode"], &["archive"]),
    (
        "coordinator/core/",
        &["tarquet_container", "tarquet_decode", "tarquet_encode"],
        &["archive", "Container"],
    ),
    ("coordinator/src/", &["tarquet_container", "tarquet_decode"], &["Container"]),
    ("worker/src/", &["tarquet_container", "tarquet_decode"], &["archive", "Container"]),
    ("cli/src/", &["tarquet_container", "tarquet_decode"], &["Container"]),
];

/// A worker's kind turns opened inputs into batches or bytes and knows nothing else.
pub(crate) fn work(tree: &Tree) -> Vec<Finding> {
    let work = tree.rust().filter(|f| f.path.starts_with("worker/src/kinds/"));
    work.flat_map(|f| {
        let code = rust::code(&f.text);
        let mut out = libraries(f, &code, &NOT_IN_WORK, "a kind");
        out.extend(names(f, &code, &NO_NAMES_IN_WORK, "a kind"));
        out
    })
    .collect()
}

/// The engine moves items, rows, bytes and parts, whatever they were.
pub(crate) fn engine(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    for (part, crates, words) in ENGINES {
        for f in tree.rust().filter(|f| f.path.starts_with(part) && !is_of_kinds(&f.path)) {
            let code = rust::code(&f.text);
            out.extend(libraries(f, &code, crates, "the engine"));
            out.extend(names(f, &code, words, "the engine"));
        }
    }
    out
}

/// Which kinds there are stands in one registry a crate; whatever else is of one kind stands in its own folders. Tests may
/// need some kind.
pub(crate) fn named(tree: &Tree) -> Vec<Finding> {
    let kinds: BTreeSet<&str> = tree.rust().filter_map(|f| folder(&f.path)).collect();
    let engine = tree.rust().filter(|f| {
        let shipped =
            f.path.contains("src/") && !f.path.starts_with("tests/") && !rust::is_test_file(&f.path);
        shipped && !is_registry(&f.path) && folder(&f.path).is_none()
    });
    engine.flat_map(|f| kinds.iter().flat_map(|kind| places(f, kind))).collect()
}

/// The kind that a file is of.
fn folder(path: &str) -> Option<&str> {
    path.split_once("src/kinds/")?.1.split_once('/').map(|(kind, _)| kind)
}

fn is_registry(path: &str) -> bool {
    path == "common/src/spec/kind.rs"
        || ["src/kinds/registry.rs", "src/kinds/mod.rs"].iter().any(|of| path.ends_with(of))
}

fn is_of_kinds(path: &str) -> bool {
    is_registry(path) || folder(path).is_some()
}

/// Where a file names a kind: its variant, a type of its own (`PackSpec`), its folder, or its word in quotes.
fn places(file: &File, kind: &str) -> Vec<Finding> {
    let (text, _) = rust::split_tests(&file.text);
    let code = rust::code(text);
    let (first, rest) = kind.split_at(1);
    let stem = first.to_uppercase() + rest;
    let types = code.match_indices(&stem).map(|(at, _)| at).filter(|at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + stem.len()..].chars().next();
        !before.is_some_and(rust::is_name) && !after.is_some_and(|c| c.is_lowercase() || c == '_')
    });
    let word = format!("\"{kind}\"");
    let words = text.match_indices(&word).map(|(at, _)| at);
    let all = types.chain(folders(&code, kind)).chain(words);
    all.map(|at| Finding::new(&file.path, rust::line(text, at), format!("names the kind {kind}"))).collect()
}

/// Where code has `kinds::pack`, alone or in a group.
fn folders(code: &str, kind: &str) -> Vec<usize> {
    let group = |at: &usize| {
        let Some(path) = code[at + "kinds".len()..].strip_prefix("::") else { return false };
        let end = match path.starts_with('{') {
            true => path.find(';'),
            false => path.find(|c| !rust::is_name(c)),
        };
        rust::names(&path[..end.unwrap_or(path.len())], kind).next().is_some()
    };
    rust::names(code, "kinds").filter(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_with_machinery_is_found() {
        let path = "worker/src/kinds/pack/mod.rs";
        for text in [
            "use tonic::Status;",
            "use tarquet_common::leasing::Grant;",
            "let t = clock(Instant::now());",
            "fn run(stores: &Stores) {}",
            "let store: Arc<dyn Store> = open();",
            "let skip = &lease_of::<Lease>().skip;",
            "let runtime = Handle::current();",
            "tokio::task::spawn_blocking(work);",
            "use crate::agent::Drain;",
        ] {
            let found = work(&Tree::of(&[(path, text)]));
            assert_eq!(found.len(), 1, "{text}: {found:?}");
        }
        let modest = "use tarquet_common::store::StoreSettings; // a Store, a Lease\nfn f(site: &Site) {}";
        assert_eq!(work(&Tree::of(&[(path, modest)])), []);
    }

    #[test]
    fn an_engine_that_names_a_kind_is_found() {
        let of =
            |path, text| named(&Tree::of(&[(path, text), ("worker/src/kinds/pack/mod.rs", "Kind::Pack")]));
        for path in
            ["worker/src/runner.rs", "coordinator/core/src/act.rs", "cli/src/app.rs", "client/src/jobs.rs"]
        {
            for text in [
                "use crate::kinds::pack;",
                "use crate::kinds::{named, pack};",
                "use tarquet_common::{\n    kinds::{self, pack::STAGES},\n};",
                "let work = of(Kind::Pack);",
                "fn f(spec: &PackSpec) {}",
                "match lease.kind.as_str() { \"pack\" => {} }",
            ] {
                let found = of(path, text);
                assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
                assert!(found[0].to_string().ends_with("names the kind pack"), "{found:?}");
            }
            for text in [
                "let work = kinds::named(&lease.kind)?; pack::of(7); // kinds::pack",
                "struct Packet; fn pack() {} // of Pack",
                "fn f() {}\n#[cfg(test)]\nmod tests {\n    const WORD: &str = \"pack\";\n}\n",
            ] {
                assert_eq!(of(path, text), [], "{path}: {text}");
            }
        }
        for registry in ["worker/src/kinds/registry.rs", "common/src/spec/kind.rs", "tests/src/job.rs"] {
            assert_eq!(of(registry, "let work = of(Kind::Pack);"), []);
        }
    }

    #[test]
    fn an_engine_that_looks_into_inputs_is_found() {
        fn of(path: &str, text: &str) -> usize {
            engine(&Tree::of(&[(path, text)])).len()
        }
        for (part, crates, words) in ENGINES {
            let path = format!("{part}some.rs");
            for library in crates {
                assert_eq!(of(&path, &format!("use {library}::Thing;")), 1);
                assert_eq!(of(&path, &format!("// {library}")), 0);
                assert_eq!(
                    of(
                        &format!("{part}src/kinds/pack/look.rs").replace("src/src", "src"),
                        &format!("use {library}::Thing;")
                    ),
                    0
                );
            }
            for word in words {
                assert_eq!(of(&path, &format!("use tarquet_common::{word};")), 1);
            }
        }
    }
}
