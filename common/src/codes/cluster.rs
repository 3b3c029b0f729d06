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
    /// A worker was leased work that it cannot do.
    UNKNOWN_KIND = 715, Environment, "the worker knows no such kind",
        "A lease names a kind of job that the worker's build does not have, so the shard is tried on other workers.",
        "Start workers of the coordinator's version.";
    /// A call in another worker's name.
    NOT_THIS_WORKER = 716, Denied, "the call is not the worker's own",
        "A worker draws a secret when it starts and shows it with every call. The secret of this call is not the one that the worker's name was registered with, or that the lease was granted to.",
        "Start the worker again: it takes a new name and a new secret. If this comes back, somebody has the workers' token who should not: replace it.";
    /// A worker was leased work in a store that it has no credentials for.
    WORKER_LACKS_STORE = 717, Environment, "the worker does not know the store",
        "A lease names a store that is not configured for the worker, which sends its credentials nowhere else. The shard is tried on other workers, and the job is held when none of them knows it.",
        "Start the worker with the coordinator's environment and the same --store NAME=URL.";
    /// No room for one more worker's name.
    TOO_MANY_WORKERS = 718, Environment, "there are too many workers",
        "The coordinator knows as many workers as it keeps, all of them were heard of within a lease or hold leases, and this is a name that it does not know. Those that it knows go on.",
        "See `tarquet workers`. If it lists names that nobody has started, somebody has the workers' token who should not: replace it. Otherwise start fewer workers with more --slots.";
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
        "Give it --tls-cert, --tls-key and --tokens (`tarquet certs init DIR` makes them), listen on 127.0.0.1, or say --insecure if the network itself is closed.";
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
    /// No token, or one that is not known.
    UNAUTHENTICATED = 765, Denied, "the coordinator does not know the token",
        "The coordinator asks for a bearer token, and the call carried none or one that is not, or no longer, in its token file.",
        "Name the file of a valid token with --token-file or TARQUET_TOKEN_FILE; `tarquet certs token DIR ROLE` makes one.";
    /// A token whose role does not reach.
    ROLE_TOO_LOW = 766, Denied, "the token's role does not allow it",
        "Viewers look, operators also submit and steer jobs, and workers do nothing but work. The token is valid, and its role does not cover the call.",
        "Use a token of the role that the message names.";
    /// A file that TLS needs.
    TLS_FILE_UNUSABLE = 767, Usage, "a certificate or a key cannot be used",
        "TLS needs PEM files: a certificate chain, the key that belongs to it, or the certificates of an authority. One of them is missing or is something else.",
        "Check the file that the message names; `tarquet certs init DIR` makes a set that fits together.";
    /// The token file.
    TOKENS_UNUSABLE = 768, Usage, "a token file cannot be used",
        "The coordinator's token file has a role and a token or its SHA-256 on each line; a client's holds one token. The file is missing or is something else.",
        "Check the line that the message names; `tarquet certs init DIR` makes both kinds of files.";
    /// A token without protection.
    TOKEN_IN_THE_OPEN = 769, Usage, "the token would be sent unprotected",
        "The coordinator's address is not on this machine and is without TLS, so that anybody on the way could read the token and use it.",
        "Write https:// and name the authority with --tls-ca, or say --insecure if the network itself is closed.";
    /// No TLS connection.
    TLS_REFUSED = 770, Denied, "no TLS connection came about",
        "Coordinator and client did not accept each other's certificates: another authority, another name, expired, missing, or no TLS at all.",
        "See the cause that the message names: --tls-ca must be the authority of the coordinator's certificate, and --tls-cert a certificate that the coordinator's --client-ca accepts.";
    /// Certificates are there already.
    CERTS_EXIST = 771, Usage, "there are certificates already",
        "`certs init` never overwrites: services in use would no longer trust each other.",
        "Choose an empty folder, say --if-missing to keep a complete set, or renew what is there with `tarquet certs renew DIR`.";
    /// Two coordinators cannot be told apart.
    TAKE_OVER_UNSAFE = 772, Denied, "the job may have another coordinator",
        "The job's objects were written by a coordinator with another ledger. Where a store keeps its conditions, one of two coordinators wins each write; this store does not, so both could publish.",
        "Make sure that no other coordinator is at work on the job, then say --take-over when this one is started.";
    /// A job object that its own spec contradicts.
    JOB_OBJECT_UNFIT = 773, Usage, "a job's object contradicts its spec",
        "A job that this coordinator did not take in says something else than its own spec, or lies elsewhere than it says. It is not adopted.",
        "Whoever wrote it was no coordinator of ours: look at the object before anything else.";
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
    /// A member that the decoder does not get done with.
    DECODER_SLOW = 798, Environment, "a member takes the decoder too long",
        "The decoder worked on a member for 30 s of processor time and longer without getting on with it, which no honest member needs. A member with which this happens in two attempts is set aside.",
        "Look at the member with `tarquet inspect`: it may be made to do this.";
    /// An upload was aborted by somebody else.
    UPLOAD_LOST = 799, Environment, "an upload is gone",
        "The store no longer knows an upload that parts were being sent to: somebody aborted it, or a lifecycle rule did.",
        "The shard is done again; if it comes back, check the bucket's lifecycle rules for incomplete uploads.";
}
