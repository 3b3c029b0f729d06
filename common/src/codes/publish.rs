//! Holding, publishing and cancelling.

super::codes! {
    /// The output belongs to another job.
    OUTPUT_CLAIMED = 801, Usage, "the output is claimed by another job",
        "Every job claims its output before it starts, and another job's claim is there already.",
        "A job of `tarquet run`: `tarquet run --resume OUTPUT` goes on with it, `tarquet cancel OUTPUT` ends it, and when it is over `tarquet rm OUTPUT` removes what it has written. A job of a coordinator: `tarquet wait` or `tarquet cancel`. Or choose another output.";
    /// More members failed than the spec bears.
    OVER_BUDGET = 802, Input, "more members failed than the budget allows",
        "More members were set aside than errors.max_failed allows. That is judged when all were tried; earlier where all of the first ones failed, where parts become visible shard by shard, or where errors.hold says so. All work is kept.",
        "`tarquet accept JOB` goes on without those that it shows and no more, `tarquet retry JOB` tries their shards again.";
    /// Whole shards cannot be done.
    SHARDS_FAILED = 803, Input, "inputs cannot be read to their end",
        "Some shards failed for good because of their input: an archive is damaged, truncated or has changed.",
        "`tarquet accept JOB` goes on without them. A repaired input is another object to this job: give it to a new job, whose --index may name the place of the indexes that are done.";
    /// A shard failed too often.
    OUT_OF_RETRIES = 804, Environment, "a shard is out of retries",
        "One shard failed more often than errors.retries allows, each time because of its surroundings.",
        "Mend what the failure names, then `tarquet retry JOB`.";
    /// Somebody else's object lies in the output.
    FOREIGN_OBJECT = 805, Environment, "an object that is not this job's lies in the output",
        "Before and while publishing, the output is looked at again; something there was not written by this job.",
        "Move it away, then `tarquet retry JOB`.";
    /// The outcome is decided.
    PAST_OUTCOME = 806, Usage, "the job is past its outcome",
        "The one decision to publish or to cancel has been made and written down; it cannot be taken back.",
        "See `tarquet status JOB`.";
    /// An upload vanished after its shard was partly published.
    PARTLY_PUBLISHED = 807, Environment, "an upload vanished from a partly published shard",
        "A shard with several partitions lost an upload after others of it had become visible, so it cannot be redone.",
        "Remove the output and submit again; check the bucket's lifecycle rules for incomplete uploads.";
    /// Another catalog is there.
    CATALOG_DIFFERS = 808, Bug, "the catalog in the store is another",
        "The catalog of this job exists and does not list what the receipts say.",
        "Please report it with both catalogs.";
    /// The spec says that one failure is one too many.
    FAILED_BY_ACTION = 809, Input, "a member failed and errors.action is fail",
        "The spec asks for the job to fail as soon as any input fails.",
        "See `tarquet failures JOB`; errors.action = \"quarantine\" goes on without what failed.";
    /// What was published is not there any more.
    OUTPUT_DIFFERS = 810, Usage, "the output is not what the job has published",
        "The job is over and its catalog lists what it has published; some of that is gone from the output, or another object lies in its place.",
        "A job that is over does not publish again: `tarquet rm OUTPUT` removes what is left of it, then run it again; `tarquet run --replace` does both.";
    /// It goes on.
    JOB_GOES_ON = 811, Usage, "the job is not over",
        "What a job has written is removed when it is over. This one is held, was interrupted, or is at work.",
        "`tarquet run --resume OUTPUT` goes on with it, `tarquet cancel OUTPUT` ends it.";
}
