//! Batches in, file bytes out.

use super::{
    chunk::Chunk,
    column::{ColumnSetup, ColumnWriter, column_writer, slice},
    compress::Compressor,
    cut::{ROW_GROUPS_MAX, RowGroupCut, row_bytes},
    page::{PageTools, page_rows},
    sink::Sink,
};
use crate::{schema::FrozenSchema, settings::OutputSettings};
use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use bytes::Bytes;
use parquet::{
    arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, encode_arrow_schema},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
};
use std::{collections::HashMap, sync::Arc};
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};

/// Where pandas looks for what it wants to know.
const PANDAS_KEY: &str = "pandas";

/// What a finished file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Rows written.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows of each row group, in order; none for a file without rows.
    pub row_groups: Vec<u64>,
}

/// Writes one Parquet file. The bytes depend on schema, settings and rows, never on how rows are batched.
///
/// Memory holds the encoded pages of the row group that is being written, one page of values a column, and what
/// has not been taken yet.
pub struct ParquetEncoder {
    schema: SchemaRef,
    file: SerializedFileWriter<Sink>,
    columns: Vec<Box<dyn ColumnWriter>>,
    tools: PageTools,
    cut: RowGroupCut,
    rows_in_group: u64,
    row_groups: Vec<u64>,
    bytes: u64,
}

impl ParquetEncoder {
    /// An empty file.
    ///
    /// # Errors
    /// `SCHEMA_UNREADABLE` if the schema, read from a plan, is not one that freezing makes.
    pub fn new(schema: &FrozenSchema, settings: &OutputSettings) -> Result<Self, Failure> {
        let arrow_schema = schema.arrow_schema();
        let parquet_schema = ArrowSchemaConverter::new().convert(&arrow_schema).map_err(|e| unusable(&e))?;
        if parquet_schema.num_columns() != arrow_schema.fields().len() || parquet_schema.num_columns() == 0 {
            return Err(Failure::new(codes::SCHEMA_UNREADABLE, "the frozen schema has no flat columns"));
        }
        let pandas = schema.pandas_metadata();
        // pyarrow takes the metadata of the embedded Arrow schema, others the file's own.
        let described = arrow_schema.as_ref().clone();
        let described = described.with_metadata(HashMap::from([(PANDAS_KEY.to_owned(), pandas.clone())]));
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_created_by(settings.created_by.clone())
            .set_key_value_metadata(Some(vec![
                KeyValue::new(PANDAS_KEY.to_owned(), pandas),
                KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&described)),
            ]))
            .build();
        let root = parquet_schema.root_schema_ptr();
        let file = SerializedFileWriter::new(Sink::default(), root, Arc::new(properties))
            .map_err(|e| unusable(&e))?;
        let tools = PageTools::new(Compressor::new(settings.codec())?);
        let mut columns = Vec::with_capacity(arrow_schema.fields().len());
        for (field, descr) in arrow_schema.fields().iter().zip(file.schema_descr().columns()) {
            let frozen = schema.stored().find(|column| column.name == *field.name());
            let setup = ColumnSetup {
                data_type: field.data_type(),
                categories: frozen.and_then(|column| column.ty.categories.as_ref()),
                split: frozen.is_some_and(|column| column.split),
                descr: Arc::clone(descr),
                page_rows: page_rows(row_bytes(&arrow_schema)),
                codec: tools.compressor.parquet(),
            };
            columns.push(column_writer(&setup, settings)?);
        }
        Ok(Self {
            schema: arrow_schema,
            file,
            columns,
            tools,
            cut: RowGroupCut::new(settings.row_group),
            rows_in_group: 0,
            row_groups: Vec::new(),
            bytes: 0,
        })
    }

    /// Adds the rows of a batch that [`conform`](crate::conform()) made.
    ///
    /// # Errors
    /// `INVARIANT` if the batch is of another schema; `VALUE_OUT_OF_RANGE` for a value of 2 GiB.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.check(batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let (rows, full) = self.cut.take(batch, from);
            for (column, values) in self.columns.iter_mut().zip(batch.columns()) {
                column.push(&slice(values, from, rows), &mut self.tools)?;
            }
            self.rows_in_group += rows as u64;
            from += rows;
            if full && self.row_groups.len() + 1 < ROW_GROUPS_MAX {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    /// The finished bytes since the last call, in order. May be empty.
    ///
    /// # Errors
    /// `INVARIANT` if bytes in memory cannot be flushed to memory.
    pub fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
        self.file.flush().map_err(|error| broken(&error))?;
        let ready = self.file.inner_mut().take();
        self.bytes += ready.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        Ok(ready)
    }

    /// Bytes held, about: encoded pages, values of unfinished pages, and what has not been taken.
    pub fn memory_bytes(&self) -> u64 {
        let columns: usize = self.columns.iter().map(|column| column.memory_bytes()).sum();
        (columns + self.tools.memory_bytes() + self.file.inner().waiting()) as u64
    }

    /// Ends the file. Its last bytes wait to be taken.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(&mut self) -> Result<Finished, Failure> {
        if self.rows_in_group > 0 {
            self.end_row_group()?;
        }
        self.file.finish().map_err(|error| broken(&error))?;
        let waiting = self.file.inner().waiting() as u64;
        let row_groups = self.row_groups.clone();
        Ok(Finished { rows: row_groups.iter().sum(), bytes: self.bytes + waiting, row_groups })
    }

    /// Writes the chunks of the row group.
    fn end_row_group(&mut self) -> Result<(), Failure> {
        let mut group = self.file.next_row_group().map_err(|error| broken(&error))?;
        for column in &mut self.columns {
            let Chunk { pages, close } = column.finish(&mut self.tools)?;
            group.append_column(&pages, close).map_err(|error| broken(&error))?;
        }
        group.close().map_err(|error| broken(&error))?;
        self.row_groups.push(std::mem::take(&mut self.rows_in_group));
        Ok(())
    }

    /// Whether the batch is of our schema.
    fn check(&self, batch: &RecordBatch) -> Result<(), Failure> {
        let theirs = batch.schema_ref();
        let same = Arc::ptr_eq(theirs, &self.schema)
            || theirs.fields().len() == self.schema.fields().len()
                && theirs
                    .fields()
                    .iter()
                    .zip(self.schema.fields())
                    .all(|(a, b)| a.data_type() == b.data_type());
        if same {
            return Ok(());
        }
        Err(Failure::new(ourselves::INVARIANT, "a batch of another schema").expected(&self.schema, theirs))
    }
}

/// The schema in the plan cannot be written.
fn unusable(error: &ParquetError) -> Failure {
    Failure::new(codes::SCHEMA_UNREADABLE, "the frozen schema cannot be written as Parquet").caused_by(error)
}

/// The footer writer refused what we made, or memory refused bytes.
fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "the Parquet file cannot be put together").caused_by(error)
}
