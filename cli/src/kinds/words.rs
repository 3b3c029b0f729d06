//! The words of a kind, as plain data.

use crate::render::count;
use tarquet_common::stage_plan::StageWords;

/// A thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noun {
    /// One of it.
    pub one: &'static str,
    /// Any other number of it.
    pub many: &'static str,
}

impl Noun {
    /// `1 archive`, `10 archives`.
    pub(crate) fn counted(self, n: u64) -> String {
        format!("{} {}", count(n), if n == 1 { self.one } else { self.many })
    }
}

impl Default for Noun {
    /// An item of a kind that is not known.
    fn default() -> Self {
        NEUTRAL.item
    }
}

/// What screens are drawn with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// What is done or fails one by one, and goes to quarantine.
    pub item: Noun,
    /// What the items are in.
    pub source: Noun,
    /// The stage whose shards are one source each, if there is one.
    pub sources_in: Option<&'static str>,
    /// The stages, in order.
    pub stages: &'static [StageWords],
    /// Extra counts that a summary tells when they are not 0: their names, and what is said behind the figure.
    pub extras: &'static [(&'static str, &'static str)],
    /// How the output below a root can be read, one line a tool.
    pub readers: fn(&str) -> Vec<String>,
}

/// For a kind that this build does not know: a coordinator may be newer.
pub(crate) static NEUTRAL: Words = Words {
    item: Noun { one: "item", many: "items" },
    source: Noun { one: "object", many: "objects" },
    sources_in: None,
    stages: &[],
    extras: &[],
    readers: |_| Vec::new(),
};

impl Words {
    /// What a job does in the stage of this name, in one word.
    pub(crate) fn doing(&self, stage: &str) -> Option<&'static str> {
        self.stages.iter().find(|words| words.name == stage).map(|words| words.doing)
    }
}

/// How a folder of Parquet files can be read.
pub(super) fn parquet_readers(root: &str) -> Vec<String> {
    vec![format!("duckdb: from '{root}/*.parquet'"), format!("pandas: pd.read_parquet(\"{root}/\")")]
}
