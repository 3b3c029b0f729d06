//! Sentences of the help that say what the kinds of this build read.

/// What Tarquet does.
pub(crate) const ABOUT: &str = "Turns archives of pandas HDF5 frames into query-ready Parquet, on one machine or many, in \
                                bounded memory, and survives whatever happens to those machines.";
/// What can be looked into.
pub(crate) const INSPECT: &str = "Look into an archive or a member";
/// What an object to look into may be.
pub(crate) const INSPECT_URI: &str = "An archive or a loose .h5 file: a path or an s3:// URI";
/// How to look into one.
pub(crate) const INSPECT_EXAMPLES: &str = "Examples:\n  tarquet inspect s3://in/frames_07.tar.lz4\n  \
     tarquet inspect frames_07.tar.lz4 --member x/004112.h5\n  tarquet inspect one.h5";
/// How to plan a job, and what to know of a plan.
pub(crate) const PLAN_NOTE: &str = "Examples:\n  tarquet plan frames.toml\n  \
     tarquet plan --input 'data/*.tar.lz4' --output out --partitions 8\n\n\
     Archives without an index are judged by their beginnings; such figures are marked.";
