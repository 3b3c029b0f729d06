//! What is believed of an S3 store. Every safety argument about objects rests on this list and on nothing else.
//!
//! The contract suite shows that the test server keeps it; [`probe`](super::probe) asks a real store for the part that
//! can be asked. A store that breaks a line with `probed` is used with a standing warning; one that breaks another
//! line cannot be used, and the line says how that shows.

/// One belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// A few words to name it by.
    pub name: &'static str,
    /// What is believed.
    pub text: &'static str,
    /// What goes wrong where it does not hold.
    pub otherwise: &'static str,
    /// Whether [`probe`](super::probe) looks.
    pub probed: bool,
}

const fn line(name: &'static str, text: &'static str, otherwise: &'static str, probed: bool) -> Assumption {
    Assumption { name, text, otherwise, probed }
}

/// The list.
pub const ASSUMPTIONS: &[Assumption] = &[
    line(
        "conditional-put",
        "Of parallel PutObject calls with If-None-Match: * on one key, exactly one succeeds.",
        "Two coordinators may both believe to own an output, or two receipts of a shard to be accepted.",
        true,
    ),
    line(
        "conditional-complete",
        "CompleteMultipartUpload with If-None-Match: * never replaces an object.",
        "A foreign object that appears under a final key in the last moment is overwritten.",
        true,
    ),
    line(
        "read-after-write",
        "GET, HEAD, LIST and ListParts show every write that was answered before they were sent.",
        "A read-back after a lost reply may find nothing, and work is done again.",
        true,
    ),
    line(
        "atomic-objects",
        "An object is replaced as a whole: no reader sees parts of two, and a failed PUT leaves no object.",
        "Receipts and plans may be read torn; their checksums show it.",
        false,
    ),
    line(
        "etag-changes",
        "An object that is overwritten with other bytes has another ETag, and GET honours If-Match.",
        "An archive that is overwritten while a job reads it may go unnoticed; the response's ETag is compared too.",
        true,
    ),
    line(
        "uploads-are-invisible",
        "Parts of an upload are seen by nobody before it is completed, and stay until it is completed or aborted.",
        "Publish finds the upload gone and opens a new round for its shard; see the bucket's lifecycle rules.",
        true,
    ),
    line(
        "uploads-are-named-once",
        "An upload id is never given twice, also not for the same key.",
        "Publish could complete another attempt's upload; the parts' ETags in the receipt show it.",
        false,
    ),
    line(
        "complete-is-once",
        "After CompleteMultipartUpload succeeded the upload id completes nothing else.",
        "None: a repeated Complete is settled by looking at the object.",
        false,
    ),
    line(
        "metadata-is-kept",
        "User metadata given to PutObject or CreateMultipartUpload comes back in HEAD.",
        "Objects of ours are taken for foreign ones and the job is held.",
        true,
    ),
    line(
        "lists-are-sorted",
        "ListObjectsV2 is in bytewise order of keys and honours start-after.",
        "Inputs may be missed; the plan's order differs.",
        false,
    ),
    line(
        "checksums-are-checked",
        "A body whose CRC-64/NVME differs from its header is not stored; a store may ignore the header.",
        "Bytes damaged on the way are published; over TLS that is unlikely.",
        false,
    ),
];
