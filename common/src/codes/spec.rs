//! What the user asked for.

super::codes! {
    /// A key that the spec does not have.
    UNKNOWN_KEY = 101, Usage, "unknown key",
        "The spec has a key that this version does not know. Nothing is ignored silently, so the job is refused.",
        "Correct the key, or remove it; `tarquet spec schema` lists all of them.";
    /// Not TOML, not JSON.
    SYNTAX = 102, Usage, "the spec cannot be read",
        "The text is neither valid TOML nor valid JSON.",
        "Correct the text at the place shown.";
    /// A key that must be there.
    MISSING_KEY = 103, Usage, "a key is missing",
        "The spec lacks something that has no default: version, kind, input.uris, output.uri.",
        "Add the key.";
    /// A value that cannot be.
    BAD_VALUE = 104, Usage, "a value cannot be used",
        "A key has a value of another type, or outside what is possible.",
        "Correct the value; `tarquet spec schema` says what each key takes.";
    /// A glob that is none.
    BAD_GLOB = 105, Usage, "not a glob",
        "Globs know `*`, `**`, `?`, `[...]` and `{a,b}`; this one is broken.",
        "Correct the glob, or put a backslash before a character that is meant as it stands.";
    /// A location that is none.
    BAD_URI = 106, Usage, "not a location",
        "Locations are file paths, file:// URLs and s3://bucket/key URIs.",
        "Correct the location.";
    /// The output is a bucket's root.
    BUCKET_ROOT = 107, Usage, "the output is a whole bucket",
        "The dataset's root holds only part files and everything else goes beside it, but nothing is beside a bucket's root.",
        "Set output.job_uri, or choose a prefix inside the bucket.";
    /// Output and input, or output and job prefix, overlap.
    OUTPUT_OVERLAP = 108, Usage, "the output overlaps",
        "What a job writes must never be among what it reads, and the dataset's root must hold only part files.",
        "Choose another output.";
    /// No file of that name.
    NO_SPEC = 109, Usage, "the spec file cannot be read",
        "The file named on the command line is not there or cannot be opened.",
        "Check the path.";
    /// A store that those who are to do the job do not have.
    STORE_NOT_LISTED = 110, Usage, "the spec asks for a store that is not configured",
        "Whoever does a job signs its requests with credentials of their own, so they say which stores there are: that of their environment, and each --store. The spec asks for another one.",
        "Have coordinator and workers started with --store NAME=URL, or take the key out of the spec.";
    /// An argument that cannot be.
    BAD_ARGUMENT = 150, Usage, "an argument cannot be used",
        "The command line asks for something that is not there or not possible.",
        "Correct the argument; `tarquet COMMAND --help` says what it takes.";
    /// A local file or folder for an answer.
    CANNOT_WRITE = 151, Usage, "a file cannot be written",
        "The answer was to go to a file or folder that cannot be written, or that holds something already.",
        "Choose a folder that is new or empty, and can be written.";
    /// A question without anybody to ask.
    NEEDS_YES = 152, Usage, "a yes is needed",
        "The command would delete something and nobody has agreed to it. Tarquet never asks on the terminal.",
        "Read the list, then run the command again with -y.";
    /// No job in a job prefix.
    NO_JOB_HERE = 153, Usage, "no job is kept there",
        "The folder or prefix beside an output, where a job keeps its plan, receipts and outcome, holds no job.",
        "Give the job's id, or the output of a `tarquet run`.";
}
