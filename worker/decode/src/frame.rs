//! What a member holds once it is decoded: a **frame** of **columns** and **index levels**, as Arrow arrays.
//!
//! A frame says what pandas would have in memory, to the bit, before any schema is frozen: float NaN, NaT
//! and None are already nulls; categories are dictionaries whose values stand in category order, unused
//! ones included; a column of objects without a single value has the type `Null`.

use arrow::array::ArrayRef;

/// A column's or level's name. pandas allows any hashable; these are the ones that files hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// Text.
    Str(String),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// A moment: nanoseconds since the epoch and, for aware ones, the zone.
    Datetime {
        /// Nanoseconds since 1970-01-01.
        ns: i64,
        /// Zone name.
        zone: Option<String>,
    },
    /// A span: nanoseconds.
    Timedelta(i64),
    /// A period, as pandas prints it.
    Period(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// One label per level of a MultiIndex.
    Tuple(Vec<Label>),
    /// No name: an unnamed level, or a missing label.
    None,
}

/// What kind of pandas array a column or level is, where Arrow's type does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logical {
    /// Nothing beyond the Arrow type.
    Plain,
    /// Text in an `object` array (pandas 2) or a `str` array (pandas 3): numpy_type "object".
    ObjectText,
    /// Text of the `string` extension type: numpy_type "string".
    StringText,
    /// Other Python objects of one inferred type (bytes, date, time, Decimal, bool, int, float).
    Object,
    /// A categorical: a dictionary array; `ordered` as declared.
    Categorical {
        /// Whether the order of the categories means something.
        ordered: bool,
    },
    /// A period index or column: int64 ordinals of this pandas frequency (`M`, `D`, `Q-DEC` …).
    Period {
        /// The frequency's name.
        freq: String,
    },
}

/// One level of the row index.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its name.
    pub name: Label,
    /// Its values: as many as the frame has rows.
    pub values: ArrayRef,
    /// What pandas makes of them.
    pub logical: Logical,
}

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub label: Label,
    /// Its values: as many as the frame has rows.
    pub values: ArrayRef,
    /// What pandas makes of them.
    pub logical: Logical,
}

/// How the frame stood in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// pandas `fixed`.
    Fixed,
    /// pandas `table`.
    Table,
    /// HDF5 that pandas did not write: no index.
    Plain,
}

/// The dtype of `df.columns`, for the pandas metadata's `column_indexes`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnLevel {
    /// Name of this level of `df.columns`.
    pub name: Label,
    /// numpy dtype of its labels: "object", "int64", "float64", "datetime64[ns]", "bool", …
    pub numpy_type: String,
    /// Zone of datetime labels.
    pub zone: Option<String>,
}

/// A decoded frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Key inside the file: `df`, `/a/b`.
    pub key: String,
    /// How it stood in the file.
    pub layout: Layout,
    /// Whether it is a Series: one column, and `None` as label when it has no name.
    pub series: bool,
    /// Number of rows.
    pub rows: usize,
    /// Levels of the row index, outermost first; none for [`Layout::Plain`].
    pub index: Vec<Level>,
    /// Columns, in the frame's order.
    pub columns: Vec<Column>,
    /// Levels of `df.columns`, outermost first.
    pub column_levels: Vec<ColumnLevel>,
}
