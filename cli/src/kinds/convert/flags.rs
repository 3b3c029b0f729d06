//! A job of `convert` in a line.

use serde_json::Value;
use tarquet_common::{kinds::convert::ConvertSpec, spec::Spec};

/// Input and output, and what is asked for most.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RunFlags {
    /// Archives or loose files: paths or s3:// URIs, globs allowed
    #[arg(long, value_name = "URI", num_args = 1.., conflicts_with = "spec", requires = "output")]
    input: Vec<String>,
    /// Where the dataset goes: a new or empty folder or s3:// prefix
    #[arg(long, value_name = "URI", conflicts_with = "spec", requires = "input")]
    output: Option<String>,
    /// How many partitions to write
    #[arg(long, value_name = "N", requires = "input")]
    partitions: Option<u32>,
    /// Where indexes of archives are kept for reuse [default: OUTPUT.tarquet/index/]
    #[arg(long, value_name = "URI")]
    index: Option<String>,
}

impl RunFlags {
    /// The spec of input and output alone, if they are given.
    pub(crate) fn spec(&self) -> Option<Spec> {
        let output = self.output.clone()?;
        Some(Spec::Convert(ConvertSpec::new(self.input.clone(), output)))
    }

    /// The keys of a spec that the other flags stand for: flag, path, value.
    pub(crate) fn keys(&self) -> Vec<(&'static str, &'static str, Value)> {
        let partitions = self.partitions.map(|n| ("--partitions", "output.partitions", n.into()));
        let index = self.index.clone().map(|uri| ("--index", "output.index_uri", uri.into()));
        partitions.into_iter().chain(index).collect()
    }
}
