//! Columns and types.

super::codes! {
    /// The frozen schema would have no columns.
    NO_COLUMNS = 501, Input, "no columns to write",
        "No sampled member holds a column. Parquet cannot hold rows without columns, so nothing can be written.",
        "Look at a member with `tarquet inspect`; if its frame is under another key, set `input.hdf5.key`.";
    /// No member could be sampled.
    NOTHING_SAMPLED = 502, Input, "no member could be sampled",
        "The schema is frozen from sampled members, and none of them could be decoded.",
        "Look at why the sampled members failed with `tarquet failures`.";
    /// Plan holds a schema that cannot be used.
    SCHEMA_UNREADABLE = 503, Bug, "the frozen schema cannot be used",
        "The plan carries a schema that this version of Tarquet cannot turn into Parquet.",
        "Run the job with the version of Tarquet that planned it, or plan it again.";
    /// The file of `schema.file` holds no schema.
    PINNED_UNUSABLE = 504, Usage, "the pinned schema cannot be used",
        "The file named by schema.file is not a schema of this version: it does not read, has no columns, names one twice, or has a type that no file can hold.",
        "Take the schema.json of an earlier job (OUTPUT.tarquet/jobs/ID/schema.json), correct it, and run the job again.";
    /// A column that the frozen schema does not have.
    EXTRA_COLUMN = 510, Input, "a column that the frozen schema does not have",
        "The member has a column that no sampled member decided on, and `on_extra_column` is `quarantine`.",
        "Set `schema.on_extra_column` to `drop` to leave it out, or to `add` if sampled members have it.";
    /// A column of the frozen schema is absent.
    MISSING_COLUMN = 511, Input, "a column of the frozen schema is absent",
        "The member lacks a column of the frozen schema, and `on_missing_column` is `quarantine`.",
        "Set `schema.on_missing_column` to `null` to write missing values instead.";
    /// The index is not 0..n-1, but the frozen schema drops the index.
    INDEX_NOT_DEFAULT = 520, Input, "an index that is not 0..n-1",
        "Every sampled member had the index 0..n-1, so the index is not written. This member has another one, which would be lost.",
        "Set `output.index` to `keep` to write the index of every member, or to `drop` to leave it out of all.";
    /// The index has other levels than the frozen one.
    INDEX_SHAPE = 521, Input, "an index of another shape",
        "The member's index has another number of levels, or other names, than the frozen one.",
        "Set `output.index` to `drop` if the index is not needed.";
    /// A column's type does not fit the frozen one.
    TYPE_MISMATCH = 530, Input, "another type than the frozen one",
        "A column holds a type that cannot become the frozen type without a guess.",
        "Convert members of another type in a job of their own. Where one type holds both (integers and floats, say), sampling more members freezes it.";
    /// A value cannot be held exactly by the frozen type.
    VALUE_NOT_EXACT = 531, Input, "a value the frozen type cannot hold exactly",
        "A value would change if it were written with the frozen type, so the member is set aside.",
        "Sample more members so that the wider type is frozen, or keep timestamps as they are with `timestamps = \"keep\"`.";
    /// A value is outside the range of the frozen type.
    VALUE_OUT_OF_RANGE = 532, Input, "a value outside the frozen type's range",
        "A value is too large or too small for the frozen type.",
        "Sample more members so that the wider type is frozen.";
    /// A categorical has other categories than the frozen ones.
    CATEGORIES_DIFFER = 533, Input, "other categories than the frozen ones",
        "A categorical column has another set of categories, or another order of ordered ones, than the sampled members.",
        "Sample more members: where the sample shows different categories, the column is written as text.";
    /// A type that Parquet output cannot hold.
    TYPE_UNSUPPORTED = 534, Input, "a type that cannot be written",
        "The column's type has no faithful form in Parquet.",
        "Leave the column out with `on_extra_column = \"drop\"`, or convert it before.";
    /// A quarantine file cannot be read.
    QUARANTINE_UNREADABLE = 590, Environment, "a quarantine file cannot be read",
        "The file of failure records in the job prefix is damaged or was written by something else.",
        "Check the object; the failures are also in the receipts' counts.";
}
