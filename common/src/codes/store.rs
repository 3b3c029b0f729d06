//! Object stores and disks.

super::codes! {
    /// An object that must be there is not.
    OBJECT_NOT_FOUND = 601, Input, "the object is not there",
        "An object that the job needs does not exist: it was deleted since the job was planned, or its name is wrong.",
        "Check the name with its exact spelling; if the object was deleted, restore it or run the job without it.";
    /// An object is not the one that was asked for.
    OBJECT_CHANGED = 602, Input, "the object was overwritten while it was in use",
        "The store's tag or size of an object is not the one recorded when the job was planned, so its bytes may not be mixed with those already read.",
        "Leave inputs alone while a job reads them, and submit the job again to read the new object.";
    /// The bucket or root directory is missing.
    NO_BUCKET = 603, Denied, "the bucket does not exist",
        "The bucket named in a URI does not exist at this endpoint, or lies in another account or region.",
        "Check the bucket's name, the endpoint and the region.";
    /// The store says no to these credentials.
    ACCESS_DENIED = 604, Denied, "access is denied",
        "The store or the file system refused the operation for the credentials in use.",
        "Grant the permission named in the message, or use other credentials.";
    /// There are no credentials, or they are not valid.
    BAD_CREDENTIALS = 605, Denied, "no valid credentials",
        "No credentials were found in the environment, the profile or the instance, or the store does not know them.",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or an instance role; public buckets want `anonymous = true`.";
    /// The store asks to slow down.
    THROTTLED = 606, Environment, "the store asks to slow down",
        "The store answered 503 SlowDown or its like, also after several retries with growing pauses.",
        "It usually passes; with many workers on one prefix, run fewer at a time.";
    /// The store does not answer, or fails.
    STORE_UNREACHABLE = 607, Environment, "the store cannot be reached",
        "The store did not answer, broke the connection or failed on its side, also after several retries.",
        "Check the endpoint, the network and the store's health; the job goes on when it answers again.";
    /// Bytes were damaged on the way.
    STORE_INTEGRITY = 608, Environment, "bytes were damaged on the way",
        "The length or checksum of what the store sent or received is not that of what was asked or given.",
        "It is tried again; if it comes back, suspect a proxy, the network card or the store.";
    /// No space left.
    DISK_FULL = 609, Environment, "the disk is full",
        "A file could not be written because its file system, or the quota on it, is full.",
        "Free space on the file system named in the message.";
    /// An object is larger than what may be held in memory.
    OBJECT_TOO_LARGE = 610, Input, "the object is larger than allowed here",
        "An object that is read as a whole (a receipt, a plan, a manifest) is larger than the limit for its kind.",
        "Check that the object is what its name says.";
    /// The text is not a URI that Tarquet understands.
    BAD_URI = 611, Usage, "not a URI that can be used here",
        "Inputs and outputs are file paths, file:// or s3://bucket/key; nothing else.",
        "Write s3://bucket/key, or a path.";
    /// The name cannot be a key in this store.
    BAD_KEY = 612, Usage, "not a usable object name",
        "A key is empty, too long, or (on a disk) has a part that a file system cannot hold or that leads out of the directory.",
        "Use plain names separated by single slashes.";
    /// The store cannot do what is needed.
    STORE_UNSUPPORTED = 613, Usage, "the store cannot do what is needed",
        "The store refused a request because it does not know the operation, the option or the region.",
        "Check endpoint and region; `tarquet doctor --probe` lists what the store can do.";
    /// The operating system refused, for a reason that has no code of its own.
    DISK_ERROR = 614, Environment, "the file system failed",
        "Reading or writing a file failed for the reason that the operating system gives.",
        "See the cause; if it names an input/output error, check the disk.";
    /// The store refused a request as wrong.
    STORE_REFUSED = 615, Bug, "the store refused a request",
        "The store called a request of Tarquet's wrong, for a reason that has no code of its own.",
        "Please report it with the message and the kind of store.";
    /// Credentials that were good are not any more.
    CREDENTIALS_EXPIRED = 616, Environment, "the credentials have expired",
        "The store does not accept the credentials any more; those of a role are renewed by themselves, others are not.",
        "Renew the token or log in again; the job goes on with the new credentials.";
    /// Settings that mean no store of this process.
    STORE_NOT_CONFIGURED = 617, Denied, "the store is not configured here",
        "Credentials go only where they were configured for. The endpoint, profile or name that was asked for is none of this process' own: not its environment's, not one of its --store.",
        "Start it with --store NAME=URL[,profile=PROFILE], or take the key out.";
    /// An endpoint that no store has.
    LINK_LOCAL = 618, Denied, "a link-local address is no store",
        "169.254.0.0/16, fe80::/10, fd00:ec2::/32 and fd20:ce::/32 are where machines ask for their own credentials. A store that lies there, or whose name leads there, is not asked.",
        "Correct the endpoint, or what its name resolves to.";
}
