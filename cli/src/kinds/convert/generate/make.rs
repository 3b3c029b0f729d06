//! What can be asked for, and what is said of it.

use super::{
    archive::Blocks,
    sample::{Sample, sample},
    set::{Parameters, Truth, generate},
};
use crate::{
    generate::{Made, Maker, Sink},
    render::{bytes, counted},
};
use std::io;

/// What to make.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Make {
    /// Archives of pandas HDF5 frames, and truth.json with what they add up to
    #[command(
        after_help = "Example:\n  tarquet generate frames --output data --archives 4 --members 400\n  \
                            tarquet run --input 'data/*.tar.lz4' --output out --partitions 8"
    )]
    Frames(Frames),
    /// The sample archives of Tarquet's repository: 320 frames written by pandas, one of them bad on purpose
    #[command(after_help = "Example:\n  tarquet generate sample --output s3://lake/raw/sample")]
    Sample(Target),
}

/// Where the sample goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Folder or s3:// prefix; an archive that is there already is left as it is
    #[arg(long, value_name = "URI")]
    output: String,
}

/// The frames to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Frames {
    /// Folder or s3:// prefix; files that are there already are never overwritten
    #[arg(long, value_name = "URI")]
    output: String,
    /// How many .tar.lz4 archives
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    archives: u64,
    /// How many members in all of them together
    #[arg(long, default_value_t = 200, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    members: u64,
    /// Rows of an average member; they vary by half
    #[arg(long, default_value_t = 1000, value_name = "R", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rows: u64,
    /// The same seed makes the same bytes, on any machine
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// How the LZ4 frames are cut into blocks
    #[arg(long, value_enum, default_value = "linked", value_name = "MODE")]
    blocks: Blocks,
}

impl Maker for Make {
    fn output(&self) -> &str {
        match self {
            Self::Frames(frames) => &frames.output,
            Self::Sample(target) => &target.output,
        }
    }

    fn make(&self, sink: &dyn Sink) -> io::Result<Made> {
        match self {
            Self::Frames(frames) => frames.make(sink),
            Self::Sample(target) => {
                let made = sample(sink)?;
                Ok(Made { text: of_sample(&made, &target.output), data: serde_json::to_value(&made)? })
            }
        }
    }
}

impl Frames {
    fn make(&self, sink: &dyn Sink) -> io::Result<Made> {
        let params = Parameters {
            archives: self.archives.min(self.members),
            members: self.members,
            rows: self.rows,
            seed: self.seed,
            blocks: self.blocks,
        };
        let truth = generate(&params, sink)?;
        Ok(Made { text: of_frames(&truth, &self.output), data: serde_json::to_value(&truth)? })
    }
}

fn of_frames(truth: &Truth, output: &str) -> String {
    let root = output.trim_end_matches('/');
    format!(
        "Made {}, {}, {} ({} in {})\n\nNext:\n  tarquet run --input '{root}/*.tar.lz4' --output OUT\n",
        counted(truth.archives.len() as u64, "archive"),
        counted(truth.params.members, "member"),
        counted(truth.sums.rows, "row"),
        bytes(truth.bytes),
        output,
    )
}

fn of_sample(made: &Sample, output: &str) -> String {
    let verb = if made.there == made.archives { "There already:" } else { "Put" };
    let root = output.trim_end_matches('/');
    format!(
        "{verb} {}, {} ({} in {output})\nOne member is bad on purpose.\n\nNext:\n  tarquet run --input \
         '{root}/*.tar.lz4' --output OUT\n",
        counted(made.archives.len() as u64, "archive"),
        counted(made.members, "member"),
        bytes(made.bytes),
    )
}
