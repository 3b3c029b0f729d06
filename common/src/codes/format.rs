//! Members and their decoding.

super::codes! {
    /// The bytes are not HDF5.
    NOT_HDF5 = 401, Input, "not an HDF5 file",
        "No HDF5 signature stands where one must: the member is empty, is something else under this name, or its first bytes are damaged.",
        "Look at the member's first bytes; leave such members out with a member filter if they are not meant.";
    /// The file ends early.
    HDF5_TRUNCATED = 402, Input, "HDF5 file is truncated",
        "The file says that it is longer than it is, so that its last part was never written or was cut off.",
        "Write the member again; what is missing cannot be recovered from here.";
    /// The file contradicts itself.
    HDF5_DAMAGED = 403, Input, "HDF5 file is damaged",
        "A structure inside the file is not what the format demands: a wrong signature, checksum, address or size.",
        "Check with `h5dump` or `ptdump`; write the member again if it fails there too.";
    /// Valid, but not readable here.
    HDF5_UNSUPPORTED = 404, Input, "HDF5 feature not supported",
        "The file uses a part of the HDF5 format that pandas and h5py do not write by default and that this reader does not know.",
        "Rewrite the member with pandas or `h5repack`.";
    /// A filter that is not read here.
    FILTER_UNKNOWN = 405, Input, "compression filter not supported",
        "A dataset was written with a filter outside shuffle, deflate (zlib), fletcher32, lzf, blosc and bzip2; plugins are never loaded.",
        "Rewrite the member with zlib or blosc, for example with `ptrepack --complib=blosc`.";
    /// A chunk does not decompress.
    FILTER_FAILED = 406, Input, "compressed data is damaged",
        "A chunk did not decompress to the size the file declares, or its checksum differs.",
        "Write the member again; the chunk cannot be recovered.";
    /// The file wants data from elsewhere.
    EXTERNAL_STORAGE = 407, Input, "external storage is not followed",
        "The file keeps its data in other files (external storage, an external link or a virtual dataset), and a decoder that followed such names would read any file of the host.",
        "Gather the data into one file, for example with `h5repack` or by reading and writing it in Python.";
    /// Links that lead nowhere.
    LINK_UNUSABLE = 408, Input, "link is not usable",
        "A soft link leads to itself, to nothing, or through too many others. In plain groups links within the file are followed; a part of a pandas frame must stand where it belongs.",
        "Remove the link or name the object's real path as key.";
    /// More than the plan's limits allow.
    OVER_LIMIT = 409, Input, "member is over a limit",
        "The member claims or needs more bytes, rows, nesting or objects than the plan allows; nothing of that size was allocated.",
        "Raise the limit in the job's spec if the member is honest.";
    /// No frame inside.
    NO_FRAME = 410, Input, "no frame in the member",
        "Neither a pandas frame or series nor plain datasets of one length were found in the file.",
        "List what is inside with `tarquet inspect`.";
    /// The named key is not there.
    WRONG_KEY = 411, Input, "no frame under this key",
        "The spec names a key that this member does not hold.",
        "List the keys with `tarquet inspect` and set `input.hdf5.key`.";
    /// More than one frame and no key.
    SEVERAL_FRAMES = 412, Input, "several frames and no key",
        "The member holds more than one frame, or more than one table or group of plain datasets, and nothing says which is meant.",
        "Set `input.hdf5.key` to one of them.";
    /// The pandas structure is inconsistent.
    PANDAS_LAYOUT = 413, Input, "pandas structure is inconsistent",
        "A node or attribute that pandas always writes is missing, or contradicts another.",
        "Read the member with pandas; if that works, please report it.";
    /// A pickle that is not one.
    PICKLE_DAMAGED = 414, Input, "pickle is damaged",
        "A Python pickle inside the file ends early, has an unknown opcode, or uses its stack or memo wrongly.",
        "Write the member again, without object columns if possible.";
    /// A pickle that needs code.
    PICKLE_GLOBAL = 415, Input, "pickle refers to an unknown object",
        "A value is a pickled Python object of a class that is not on the list of known ones. Nothing is ever executed, so such a value cannot be had.",
        "Convert the column to plain values before writing. Python would import and call what is named here: let it do so only with files that you trust.";
    /// A type that Parquet cannot hold.
    TYPE_UNSUPPORTED = 416, Input, "type cannot be converted",
        "The column's type has no counterpart in Parquet that keeps every value (complex, float128, references and the like), or lays its bits out in a way that is not read: floats other than IEEE's and bfloat16.",
        "Convert the column to a plain type before writing.";
    /// Objects of several types.
    MIXED_OBJECTS = 417, Input, "column mixes types",
        "An object column holds values of more than one type; writing them as either would change the others.",
        "Give the column one type before writing.";
    /// Cells that hold containers.
    NESTED_CELLS = 418, Input, "cells hold containers",
        "Cells of an object column are lists, dicts, arrays or the like.",
        "Flatten the column, or store it as JSON text.";
    /// Bytes that are not text in the file's encoding.
    TEXT_UNDECODABLE = 419, Input, "text cannot be decoded",
        "A string is not valid in the encoding the file declares, or holds a lone surrogate, which no Parquet reader accepts.",
        "Repair the text before writing; pandas' `errors=\"surrogatepass\"` stores what nobody can read.";
    /// A zone that is not known.
    ZONE_UNKNOWN = 420, Input, "time zone not known",
        "The zone of a datetime column or index is neither an IANA name nor a fixed offset in whole minutes; the zone of whatever machine reads the file (`tzlocal`) is none either.",
        "Convert the column to UTC or to a named zone before writing.";
    /// A value outside its type.
    VALUE_RANGE = 421, Input, "value out of range",
        "A value does not fit the type its column has in Arrow, or has no name in its enum.",
        "Look at the named column and row.";
    /// The file is not as pandas frames are, and no plain reading fits.
    PLAIN_SHAPES = 422, Input, "datasets do not form a frame",
        "The file is not pandas', and its datasets are not all of one dimension and one length, so that they make no table.",
        "Name the group that holds the columns as `input.hdf5.key`.";
}
