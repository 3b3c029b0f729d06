//! Planning.

super::codes! {
    /// No object matches.
    NO_MATCH = 201, Usage, "no input matches",
        "An input names no object: a path that is not there, or a glob that matches nothing.",
        "Check the input with `tarquet plan`; quote globs so that the shell leaves them alone.";
    /// Archives there are, members not.
    NO_MEMBERS = 202, Usage, "no member counts",
        "The archives were read, but none of their members matches the member filter.",
        "Set input.members.include; without it, **/*.h5, **/*.hdf5, **/*.hdf and **/*.he5 count, in any case of letters.";
    /// The output has objects.
    OUTPUT_NOT_EMPTY = 203, Usage, "the output is not empty",
        "A dataset's root must hold nothing but the part files of one job, so a target with objects in it is refused.",
        "Choose another output, or remove what is there.";
    /// No schema.
    NOTHING_SAMPLED = 205, Input, "no sampled member could be decoded",
        "The schema is frozen from a sample of the members, and every one of the sample failed.",
        "Look at the failure of the first member with `tarquet inspect`; set input.hdf5.key if files hold several frames.";
    /// The plan is not what the lease says.
    PLAN_UNREADABLE = 206, Environment, "the plan cannot be read",
        "A worker fetched the plan of its stage and found another object than its lease names, or a damaged one.",
        "Nothing to do if it passes; otherwise look at the job prefix for objects that someone changed.";
    /// Too many objects.
    TOO_MANY_INPUTS = 207, Usage, "too many inputs",
        "The inputs match more objects than one job may have.",
        "Split the job.";
    /// Names that cannot be read.
    UNREADABLE_NAME = 208, Usage, "an input's name cannot be used",
        "An object that the input matches has a name that is not UTF-8, or is a link that leads out of its folder.",
        "Rename the object, or exclude it.";
    /// The input was overwritten between planning and reading.
    INDEX_MISSING = 209, Environment, "an index is gone",
        "An archive's index was there when the job was planned and is not any more.",
        "Run the job again; leave the folder of indexes alone while a job runs.";
    /// A member larger than the plan allows.
    MEMBER_TOO_LARGE = 210, Input, "the member is larger than allowed",
        "A slot's scratch must hold the largest member, so members above limits.max_member_bytes are set aside.",
        "Raise limits.max_member_bytes, and the workers' memory with it.";
    /// A member that killed the decoder twice.
    KILLS_DECODER = 211, Input, "the member kills the decoder",
        "Two separate attempts ended while this member was being decoded, so it is not tried any more.",
        "Please report it, with the member if you can share it.";
    /// More members than a coordinator can hold.
    TOO_MANY_MEMBERS = 212, Usage, "too many members to plan",
        "Who plans holds every member of the job, and the names and places of these need more memory than one job may take.",
        "Split the job: fewer archives, or members with shorter names.";
    /// The output is no folder.
    OUTPUT_NOT_A_FOLDER = 213, Usage, "the output is a file",
        "A dataset is a folder of part files, and a file lies where the folder would be.",
        "Choose another output.";
}
