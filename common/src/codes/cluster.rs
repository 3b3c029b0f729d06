//! Coordinator and workers.

super::codes! {
    /// Work waits and nobody is there to do it.
    NO_WORKERS = 701, Environment, "no workers",
        "Shards are ready to be leased and no worker is registered, or none has been heard of for a whole lease.",
        "Start one with `tarquet worker --coordinator URL`.";
    /// Work waits that fits into nobody's slot.
    NO_SLOT_FITS = 702, Environment, "no slot fits",
        "Every shard that is ready needs more memory than one slot of any live worker offers.",
        "Start a worker with more --memory or fewer --slots, or plan smaller row groups.";
    /// A worker of another build.
    BUILD_DIFFERS = 703, Usage, "the worker's build is not the coordinator's",
        "Identical bytes are promised for one build only, so a coordinator leases to workers of its own build.",
        "Install the same version of tarquet on both.";
    /// A drained worker asks for work.
    WORKER_DRAINING = 704, Lost, "the worker is being drained",
        "Somebody asked for this worker to finish or hand back what it holds and to take nothing new.",
        "Start another worker if work remains.";
    /// A lease ran out without being renewed.
    LEASE_EXPIRED = 705, Lost, "a lease expired",
        "The worker did not renew its lease in time, so the shard was given back to the queue. It is not charged.",
        "Nothing needs doing; if it happens often, look at the workers' memory and network.";
    /// A worker handed its leases back.
    WORKER_LEFT = 706, Lost, "a worker left",
        "The worker said goodbye: it was drained, stopped or is about to be reclaimed. Its shards are requeued.",
        "Nothing needs doing.";
    /// An attempt renews its lease and does not move.
    STUCK = 707, Environment, "an attempt does not move",
        "The worker renewed its lease for a long time without reporting any progress, so the attempt was stopped.",
        "Look at what the worker waits for: `tarquet status JOB` shows the step.";
    /// No such job here.
    UNKNOWN_JOB = 708, Usage, "unknown job",
        "The coordinator has no job of this name.",
        "See `tarquet jobs`; a job of another coordinator is taken over with `tarquet adopt JOB_PREFIX`.";
    /// No such shard in the job.
    UNKNOWN_SHARD = 709, Bug, "unknown shard",
        "A worker spoke of a stage or shard that the job's plans do not have.",
        "Please report it with the message.";
    /// A receipt that does not promise what the plan asks for.
    RECEIPT_UNFIT = 710, Bug, "a receipt does not fit its plan",
        "An attempt finished, and what it made is not what the plan says the shard makes. It was not accepted.",
        "Please report it with the message.";
    /// The job's state does not allow the command.
    NOT_NOW = 711, Usage, "the job's state does not allow it",
        "The command does not apply to a job in this state.",
        "See `tarquet status JOB`: it names the command that goes on from here.";
    /// Nothing failed that could be tried again or accepted.
    NOTHING_TO_DO = 712, Usage, "there is nothing to do it to",
        "No shard and no member of the job has failed in a way that this command could change.",
        "See `tarquet status JOB`.";
    /// No such worker.
    UNKNOWN_WORKER = 713, Usage, "unknown worker",
        "The coordinator has not heard of a worker of this name since it started.",
        "See `tarquet workers`.";
    /// A kind brought a list of stages that the engine cannot run.
    BAD_STAGES = 714, Bug, "a kind's stages are unfit",
        "A kind needs at least one leased stage, at most 250, and `publish` as its last.",
        "Please report it with the message.";
    /// A message could not be read.
    MALFORMED_MESSAGE = 750, Usage, "a message could not be read",
        "A request lacked a field that it must have, or a field held something else than its name says.",
        "Use a client and a coordinator of the same version.";
    /// The ledger could not be written.
    LEDGER_UNWRITABLE = 751, Environment, "the ledger could not be written",
        "The coordinator could not make a decision durable, so it stopped without answering. Nothing that was answered is lost.",
        "Free space in the state directory or repair the disk, then start the coordinator again.";
    /// The ledger could not be opened, nor set aside.
    LEDGER_UNUSABLE = 752, Environment, "the ledger could not be opened",
        "The state directory could not be opened as a ledger. A damaged ledger is moved aside and rebuilt from the jobs' own objects; this one could not even be moved.",
        "Check that the directory exists, is writable and is not in use by another coordinator.";
    /// An address that others can reach, without protection.
    INSECURE_ADDRESS = 753, Usage, "the address can be reached by others",
        "The coordinator would listen on an address that is not loopback, and anybody who reaches it could submit jobs.",
        "Listen on 127.0.0.1, or say --insecure if the network itself is closed.";
    /// An address could not be listened on.
    LISTEN_FAILED = 754, Environment, "the address could not be listened on",
        "The operating system did not give the coordinator the address it asked for.",
        "Choose a free port, or stop the process that uses it.";
    /// The coordinator did not answer.
    COORDINATOR_UNREACHABLE = 755, Environment, "the coordinator cannot be reached",
        "No coordinator answered at the address.",
        "Check the address, and that the coordinator runs.";
    /// Worker and coordinator do not see the same shared directory.
    SHARED_DIRECTORY_DIFFERS = 756, Usage, "worker and coordinator do not share the directory",
        "The coordinator was started with --shared and put a probe file there; the worker did not present its content.",
        "Start the worker with --shared and the directory that is the coordinator's own, mounted on both machines.";
    /// A worker lost its coordinator for too long.
    ORPHANED = 757, Lost, "the coordinator was silent for too long",
        "The worker had no answer from its coordinator for longer than it may go on alone, so it stopped the attempt.",
        "Check the network between the two and whether the coordinator runs.";
    /// A worker was drained.
    DRAINED = 758, Lost, "the worker was drained",
        "The worker was told to leave before the attempt was finished and handed it back.",
        "Nothing needs to be done, another worker takes it.";
    /// A prefix that holds no job.
    NO_JOB_THERE = 759, Usage, "there is no job under the prefix",
        "The prefix holds no claim object, so there is nothing to adopt.",
        "Give the job's own prefix, which ends in /jobs/ and the job's id.";
    /// An object of a job is damaged.
    JOB_OBJECT_DAMAGED = 760, Environment, "an object of the job could not be read",
        "One of the objects that a job is rebuilt from is missing or is not what its name says.",
        "Look at the object, and restore it from a version or a backup if the store keeps one.";
    /// The peer speaks another protocol.
    BAD_ANSWER = 761, Environment, "an answer could not be read",
        "The coordinator's answer lacked something that it must have, as an answer of another version would.",
        "Use a worker and a coordinator of the same version.";
    /// Not an address of a coordinator.
    BAD_COORDINATOR_URL = 762, Usage, "not the address of a coordinator",
        "The address could not be read as http://HOST:PORT.",
        "Write it as http://127.0.0.1:7481.";
    /// The shared directory is not there or not writable.
    SHARED_DIRECTORY_UNUSABLE = 763, Usage, "the shared directory cannot be used",
        "The coordinator was started with --shared, and could neither read nor write its probe file in that directory.",
        "Name a directory that exists and that the coordinator may write to.";
    /// A file path in a cluster.
    PATH_NOT_SHARED = 764, Usage, "a path that workers do not see",
        "Workers run elsewhere, and a path means something only on the machine it is on.",
        "Use an object store, or start coordinator and workers with --shared and a directory that all of them mount.";
    /// The attempt was told to stop.
    STOPPED = 794, Lost, "the attempt was stopped",
        "The coordinator or the worker's operator ended the attempt: the shard is done elsewhere, or the job is over.",
        "Nothing to do.";
    /// Scratch is full.
    SCRATCH_FULL = 795, Environment, "scratch is full",
        "A slot reserves its scratch before it starts, and the scratch directory has no room for it.",
        "Give the worker more room: a larger /dev/shm (Docker: --shm-size, compose: shm_size), fewer --slots, or --scratch on a disk.";
    /// Scratch cannot be used.
    SCRATCH_UNUSABLE = 796, Environment, "scratch cannot be used",
        "The scratch directory is not there, cannot be written to, or its file system has no nameless files.",
        "Name another directory with --scratch.";
    /// A member that becomes larger than the slot has room for.
    SLOT_TOO_SMALL = 797, Environment, "a member needs more memory than the slot has",
        "A compressed member became larger in memory than the slot's share of --memory. It is within limits.max_decoded_bytes, so it is not set aside: the shard is tried on other workers.",
        "Start a worker with more --memory or fewer --slots, or lower limits.max_decoded_bytes to set such members aside.";
}
