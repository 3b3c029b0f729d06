//! Reading archives.

super::codes! {
    /// The name has no suffix of a container.
    UNKNOWN_CONTAINER = 301, Usage, "not a container that Tarquet reads",
        "The object's name ends in none of .tar.lz4, .tar.gz, .tgz, .tar.zst, .tzst, .tar, .zip, .h5, .hdf5. The name decides how an object is read.",
        "Narrow the glob, or rename the object after what it is.";
    /// Name and first bytes disagree.
    OTHER_CONTAINER = 302, Input, "the bytes are not what the name says",
        "The first bytes of the object belong to another format than its name promises. Nothing of it is guessed.",
        "Rename the object after what it is, or write it again.";
    /// It ends in the middle.
    ARCHIVE_TRUNCATED = 303, Input, "the archive ends too early",
        "The archive stops inside a structure that it began. What came before may be right, but members may be missing, so the archive is not used.",
        "Copy or write the archive again; `accept` goes on without it.";
    /// It does not decompress.
    ARCHIVE_DAMAGED = 304, Input, "the archive is damaged",
        "The compressed stream of the archive breaks its own format. What follows the place named cannot be read.",
        "Copy or write the archive again; `accept` goes on without it.";
    /// It decompresses to something else.
    CHECKSUM_WRONG = 305, Input, "a checksum in the archive is wrong",
        "The archive carries a checksum of its bytes, and the bytes give another one: something changed since it was written.",
        "Copy or write the archive again; `accept` goes on without it.";
    /// A feature of the format that is refused.
    FEATURE_REFUSED = 306, Input, "the archive needs a feature that Tarquet refuses",
        "The archive uses a variant of its format that Tarquet does not read, such as an LZ4 dictionary, the legacy LZ4 frame or a zip that spans disks.",
        "Write the archive with the format's ordinary settings.";
    /// Something follows the end.
    TRAILING_BYTES = 307, Input, "bytes follow the end of the archive",
        "After the archive's end there is something other than zero padding. It may be a second archive that was appended, so nothing is skipped in silence.",
        "Split the object into one archive each, or remove what follows the end.";
    /// A tar header that is none.
    TAR_HEADER = 308, Input, "a tar header is damaged",
        "Where a tar header should stand there is a block whose checksum or numbers are wrong, so neither this member nor the ones after it can be found.",
        "Copy or write the archive again; `accept` goes on without it.";
    /// The two zero blocks are missing.
    TAR_END_MISSING = 309, Input, "the tar archive has no end mark",
        "A tar archive ends with two blocks of zeros. Without them nobody can tell a whole archive from one that was cut between two members.",
        "Write the archive again; the program that wrote it did not finish.";
    /// A PAX or GNU header that cannot be followed.
    TAR_EXTENSION = 310, Input, "a tar extension header is damaged",
        "A PAX or GNU long-name header breaks its format, is larger than any honest one, or describes no member.",
        "Write the archive again with GNU tar, bsdtar or Python's tarfile.";
    /// More members or more bytes than allowed.
    ARCHIVE_LIMIT = 311, Input, "the archive exceeds a limit",
        "The archive holds more members, or expands to more bytes, than the limits of the job allow.",
        "Raise the limit in the spec if the archive is honest.";
    /// A member that is no plain file.
    MEMBER_NOT_A_FILE = 320, Input, "the member is not a plain file",
        "The member is a link, a device or another special file. Tarquet reports them and never follows or makes them.",
        "Store the file itself in the archive (tar --dereference --hard-dereference).";
    /// A member with holes.
    MEMBER_SPARSE = 321, Input, "the member is stored sparse",
        "The member was stored with its holes left out (GNU or PAX sparse format), so its bytes are not in the archive as they were in the file.",
        "Write the archive without --sparse.";
    /// An encrypted member.
    MEMBER_ENCRYPTED = 322, Input, "the member is encrypted",
        "The member of the zip archive is encrypted; Tarquet takes no passwords.",
        "Store the member without encryption.";
    /// A zip method that is refused.
    MEMBER_METHOD = 323, Input, "the member's compression method is refused",
        "Members of zip archives are read when they are stored or deflated; this one uses another method.",
        "Write the zip archive with stored or deflated members.";
    /// A member of a zip archive that does not read.
    MEMBER_DAMAGED = 324, Input, "the member is damaged in its archive",
        "Read twice, the member's bytes do not decompress, or do not give the size and checksum that the archive's directory states. The directory alone is read when a zip is indexed, so this shows when the member's turn comes.",
        "Write the archive again from its source; `unzip -t` names the same members.";
    /// The archive gave other bytes than its index says.
    BODY_CHANGED = 330, Environment, "the bytes read are not those that were indexed",
        "A member's bytes do not give the checksum that was taken when the archive was indexed, or the archive no longer decodes at a place where it did. The object was damaged on its way, or changed without a new ETag.",
        "The attempt is repeated elsewhere; if it stays, compare the object with its source.";
    /// The index does not read back.
    INDEX_DAMAGED = 331, Environment, "the index of an archive is damaged",
        "An object of the index is cut short, was changed, or does not belong to its sibling. It is never used in part.",
        "Delete the two index objects; the next run makes them again.";
    /// The index is another archive's.
    INDEX_OTHER = 332, Environment, "the index belongs to another archive",
        "The index found under this archive's key says that it was made from another object, another version of it, or by another version of Tarquet.",
        "Delete the two index objects; the next run makes them again.";
    /// The index cannot be written.
    INDEX_WRITE = 333, Environment, "the index of an archive cannot be written",
        "Writing a part of the index failed; the index pass starts again.",
        "See the cause; mostly a full disk or a store that answers errors.";
    /// The archive cannot be read.
    ARCHIVE_READ = 334, Environment, "the archive cannot be read",
        "A ranged read of the archive failed.",
        "See the cause; the attempt is repeated.";
}
