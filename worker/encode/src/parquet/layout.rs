//! What a flat file is, besides its rows and what a user tunes.

use arrow::datatypes::{DataType, SchemaRef};
use parquet::{
    arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema},
    file::metadata::{KeyValue, SortingColumn},
};
use tarquet_common::{codes::ourselves, failure::Failure};

/// The columns of a file, how each is stored, and what its footer says.
#[derive(Clone, Debug, PartialEq)]
pub struct FileLayout {
    /// The columns, none of them nested. Stands in the footer too, under `ARROW:schema`.
    pub schema: SchemaRef,
    /// How each column is stored, in the schema's order.
    pub columns: Vec<ColumnStorage>,
    /// Keys and values of the footer, in order. The embedded Arrow schema has them as well: pyarrow looks there, others
    /// in the footer.
    pub key_values: Vec<(String, String)>,
    /// What all rows are sorted by, first key first. Taken at its word.
    pub sorting: Vec<SortedBy>,
}

/// How a column is stored, where its Arrow type does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnStorage {
    /// Dictionary columns only: the whole dictionary, which every batch must have and every row group gets, in this
    /// order, unused values included. Without it, a dictionary grows from the values that occur.
    pub dictionary: Option<Vec<String>>,
    /// Floats only: whether the profile `compact` splits their bytes.
    pub split: bool,
}

/// One key of the rows' order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortedBy {
    /// The column's place in the schema.
    pub column: u16,
    /// Whether the largest value comes first.
    pub descending: bool,
    /// Whether missing values come first.
    pub nulls_first: bool,
}

impl FileLayout {
    /// A file of these columns, stored as their types say, in no order that could be told.
    pub fn of(schema: SchemaRef) -> Self {
        let columns = vec![ColumnStorage::default(); schema.fields().len()];
        Self { schema, columns, key_values: Vec::new(), sorting: Vec::new() }
    }

    /// Whether the parts fit each other.
    ///
    /// # Errors
    /// `INVARIANT` with what does not.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let fields = self.schema.fields();
        let wrong = if self.columns.len() != fields.len() {
            format!("{} columns are described where the schema has {}", self.columns.len(), fields.len())
        } else if let Some(key) = self.sorting.iter().find(|key| usize::from(key.column) >= fields.len()) {
            format!("rows cannot be sorted by column {} of {}", key.column, fields.len())
        } else {
            let mut columns = fields.iter().zip(&self.columns);
            let no_dictionary = |data_type: &DataType| !matches!(data_type, DataType::Dictionary(..));
            match columns.find(|(field, c)| c.dictionary.is_some() && no_dictionary(field.data_type())) {
                Some((field, _)) => format!("column {} has a dictionary and is none", field.name()),
                None => return Ok(()),
            }
        };
        Err(Failure::new(ourselves::INVARIANT, wrong))
    }

    /// What stands under the footer's keys.
    pub(super) fn footer(&self) -> Vec<KeyValue> {
        let mut metadata = self.schema.metadata().clone();
        metadata.extend(self.key_values.iter().cloned());
        let described = self.schema.as_ref().clone().with_metadata(metadata);
        let own = self.key_values.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let embedded = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&described));
        own.chain([embedded]).collect()
    }

    /// What the footer says of the order; nothing if there is none.
    pub(super) fn order(&self) -> Option<Vec<SortingColumn>> {
        let key = |key: &SortedBy| SortingColumn {
            column_idx: i32::from(key.column),
            descending: key.descending,
            nulls_first: key.nulls_first,
        };
        (!self.sorting.is_empty()).then(|| self.sorting.iter().map(key).collect())
    }
}
