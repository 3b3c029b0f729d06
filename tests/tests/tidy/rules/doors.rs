//! One name, one door: the few files that may speak to a library.

use super::Finding;
use crate::{rust, tree::Tree};

struct Door {
    /// The crate's name in code.
    library: &'static str,
    /// Paths, or beginnings of paths that end in `/` or in a common stem.
    doors: &'static [&'static str],
    /// Why it has one.
    why: &'static str,
}

/// Tests that ask a running coordinator what a stranger's client would.
const HARNESS: &str = "tests/tests/cluster/";

/// The table of roles, whose test compares it with what is served.
const TABLE: &str = "coordinator/src/access/methods.rs";
/// Tests that come as strangers do.
const SAFETY: &str = "tests/tests/safety/";

/// A coordinator of fixed answers, for what the command prints about it.
const FAKE: &str = "cli/tests/cli/fake/";

const DOORS: [Door; 14] = [
    Door {
        library: "sled",
        doors: &["coordinator/src/ledger/sled.rs"],
        why: "the order of durable writes stands in one file",
    },
    Door { library: "aws_sdk_s3", doors: &["common/src/store/s3"], why: "all of S3 goes through the store" },
    Door {
        library: "aws_config",
        doors: &["common/src/store/s3", "common/src/instance.rs"],
        why: "credentials are resolved in the store, and the instance is asked in one place",
    },
    Door {
        library: "aws_smithy_http_client",
        doors: &["common/src/store/s3", "common/src/instance.rs"],
        why: "the TLS provider is chosen in the store",
    },
    Door {
        library: "hdf5_reader",
        doors: &["worker/decode/src/hdf5/"],
        why: "its limits are set in one place, always",
    },
    Door {
        library: "hdf5_metno",
        doors: &["worker/decode/src/libhdf5/", "worker/decode/tests/libhdf5"],
        why: "the second decoder stands behind the same door",
    },
    Door { library: "datafusion", doors: &["worker/src/sql/"], why: "SQL is one module" },
    Door {
        library: "tonic",
        doors: &[
            "proto/",
            "coordinator/src/services/",
            "worker/src/transport.rs",
            "client/src/remote.rs",
            HARNESS,
            FAKE,
        ],
        why: "statuses and generated types stop at the services and the transports",
    },
    Door {
        library: "tonic_health",
        doors: &["coordinator/src/services/", TABLE, HARNESS],
        why: "health is a service",
    },
    Door {
        library: "tonic_reflection",
        doors: &["coordinator/src/services/", TABLE],
        why: "reflection is a service",
    },
    Door {
        library: "rustls",
        doors: &["proto/src/tls.rs", "proto/src/client/"],
        why: "protocol versions, provider and trust are chosen in one place",
    },
    Door {
        library: "tokio_rustls",
        doors: &["proto/src/client/", "coordinator/src/services/", SAFETY],
        why: "TLS is between the socket and the services, nowhere else",
    },
    Door {
        library: "rcgen",
        doors: &["cli/src/certs/", SAFETY],
        why: "certificates are made by one command",
    },
    Door { library: "prost", doors: &["proto/"], why: "messages are converted in proto" },
];

/// Each library is used behind its door only.
pub(crate) fn doors(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    for file in tree.rust() {
        let code = rust::code(&file.text);
        for door in DOORS.iter().filter(|d| !d.doors.iter().any(|p| file.path.starts_with(p))) {
            for line in rust::crate_uses(&code, door.library) {
                let what =
                    format!("{} is used outside {}: {}", door.library, door.doors.join(", "), door.why);
                out.push(Finding::new(&file.path, line, what));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_holds() {
        for door in &DOORS {
            let text = format!("fn f() {{}}\nuse {}::Thing;\n", door.library);
            let findings = doors(&Tree::of(&[("cli/src/commands/run.rs", &text)]));
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].line, 2);
            let inside = if door.doors[0].ends_with(".rs") {
                door.doors[0].to_owned()
            } else {
                format!("{}/x.rs", door.doors[0].trim_end_matches('/'))
            };
            assert_eq!(doors(&Tree::of(&[(&inside, &text)])), []);
        }
    }
}
