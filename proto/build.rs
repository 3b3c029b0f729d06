//! Compiles `tarquet/v2/*.proto` without `protoc`, and keeps the descriptors for the reflection service.

use std::{env, fs, path::PathBuf};

const FILES: [&str; 3] = ["tarquet/v2/failure.proto", "tarquet/v2/worker.proto", "tarquet/v2/jobs.proto"];

/// Messages that mirror a view of the core field by field; see `convert::views`.
const MIRRORS: [&str; 19] = [
    "Failure",
    "Place",
    "AttemptId",
    "Progress",
    "Counts",
    "StageStatus",
    "QuarantineStatus",
    "Rate",
    "EffectLine",
    "JobStatus",
    "JobLine",
    "LeaseLine",
    "ShardLine",
    "WorkerLine",
    "EventLine",
    "FailureCount",
    "ListShardsResponse",
    "ListWorkersResponse",
    "ListJobsResponse",
];

/// Mirrors of tuples.
const TUPLES: [(&str, &str); 3] =
    [("Range", "(u64, u64)"), ("ShardPlace", "(u32, u32)"), ("HeldLease", "(String, u32, u32, LeaseLine)")];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=tarquet");
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_source_info(true).include_imports(true).open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("tarquet.bin"), compiler.encode_file_descriptor_set())?;
    let mut builder = tonic_prost_build::configure();
    for name in MIRRORS {
        builder = builder.message_attribute(
            format!(".tarquet.v2.{name}"),
            "#[derive(serde::Serialize, serde::Deserialize)]\n#[serde(default)]",
        );
    }
    for (name, tuple) in TUPLES {
        builder = builder.message_attribute(
            format!(".tarquet.v2.{name}"),
            format!(
                "#[derive(serde::Serialize, serde::Deserialize)]\n#[serde(from = \"{tuple}\", into = \"{tuple}\")]"
            ),
        );
    }
    // A view has its extras beside its other counts.
    builder = builder
        .btree_map(".tarquet.v2.Counts")
        .field_attribute(".tarquet.v2.Counts.extras", "#[serde(flatten)]");
    builder.compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
