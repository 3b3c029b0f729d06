//! Batches in, file bytes out.

use super::{
    chunk::{Chunk, ColumnWriter},
    column::{ColumnSetup, column_writer, slice},
    compress::Compressor,
    cut::{ROW_GROUPS_MAX, RowGroupCut, row_bytes},
    layout::FileLayout,
    page::{PageTools, page_rows},
    sink::Sink,
};
use crate::{
    part::{Finished, PartWriter},
    settings::OutputSettings,
};
use arrow::{
    array::{Array, ArrayRef},
    datatypes::{FieldRef, SchemaRef},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use parquet::{
    arrow::ArrowSchemaConverter,
    errors::ParquetError,
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
};
use std::sync::Arc;
use tarquet_common::{
    codes::{ourselves, schema as codes},
    failure::Failure,
};

/// Writes one Parquet file of flat columns. The bytes depend on layout, settings and rows, never on how rows are
/// batched.
///
/// Memory holds the encoded pages of the row group that is being written, one page of values a column, and what
/// has not been taken yet.
pub struct ParquetEncoder {
    schema: SchemaRef,
    file: SerializedFileWriter<Sink>,
    columns: Vec<Box<dyn ColumnWriter>>,
    tools: PageTools,
    cut: RowGroupCut,
    rows: u64,
    rows_in_group: u64,
    row_groups: usize,
    bytes: u64,
}

impl ParquetEncoder {
    /// An empty file.
    ///
    /// # Errors
    /// `SCHEMA_UNREADABLE` if the schema, read from a plan, has no columns or nested ones; `TYPE_UNSUPPORTED` for a
    /// column that this encoder does not write; `INVARIANT` if the layout's parts do not fit each other.
    pub fn new(layout: &FileLayout, settings: &OutputSettings) -> Result<Self, Failure> {
        let schema = Arc::clone(&layout.schema);
        let fields = schema.fields();
        let parquet_schema = ArrowSchemaConverter::new().convert(&schema).map_err(|e| unusable(&e))?;
        if parquet_schema.num_columns() != fields.len() || parquet_schema.num_columns() == 0 {
            return Err(Failure::new(codes::SCHEMA_UNREADABLE, "the frozen schema has no flat columns"));
        }
        layout.check()?;
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_created_by(settings.created_by.clone())
            .set_key_value_metadata(Some(layout.footer()))
            .set_sorting_columns(layout.order())
            .build();
        let root = parquet_schema.root_schema_ptr();
        let file = SerializedFileWriter::new(Sink::default(), root, Arc::new(properties))
            .map_err(|e| unusable(&e))?;
        let tools = PageTools::new(Compressor::new(settings.codec())?);
        let mut columns = Vec::with_capacity(fields.len());
        for ((field, storage), descr) in fields.iter().zip(&layout.columns).zip(file.schema_descr().columns())
        {
            let setup = ColumnSetup {
                data_type: field.data_type(),
                storage,
                descr: Arc::clone(descr),
                page_rows: page_rows(row_bytes(&schema)),
                codec: tools.compressor.parquet(),
            };
            columns.push(column_writer(&setup, settings.profile)?);
        }
        Ok(Self {
            schema,
            file,
            columns,
            tools,
            cut: RowGroupCut::new(settings.row_group),
            rows: 0,
            rows_in_group: 0,
            row_groups: 0,
            bytes: 0,
        })
    }

    /// Writes the chunks of the row group.
    fn end_row_group(&mut self) -> Result<(), Failure> {
        let mut group = self.file.next_row_group().map_err(|error| broken(&error))?;
        for column in &mut self.columns {
            let Chunk { pages, close } = column.finish(&mut self.tools)?;
            group.append_column(&pages, close).map_err(|error| broken(&error))?;
        }
        group.close().map_err(|error| broken(&error))?;
        self.rows += std::mem::take(&mut self.rows_in_group);
        self.row_groups += 1;
        Ok(())
    }

    /// Whether the batch is of our schema.
    fn check(&self, batch: &RecordBatch) -> Result<(), Failure> {
        let theirs = batch.schema_ref();
        if Arc::ptr_eq(theirs, &self.schema) {
            return Ok(());
        }
        let fits = |(ours, values): (&FieldRef, &ArrayRef)| {
            ours.data_type() == values.data_type() && (ours.is_nullable() || values.logical_null_count() == 0)
        };
        let fields = self.schema.fields();
        if batch.num_columns() == fields.len() && fields.iter().zip(batch.columns()).all(fits) {
            return Ok(());
        }
        Err(Failure::new(ourselves::INVARIANT, "a batch of another schema").expected(&self.schema, theirs))
    }
}

impl PartWriter for ParquetEncoder {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.check(batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let (rows, full) = self.cut.take(batch, from);
            for (column, values) in self.columns.iter_mut().zip(batch.columns()) {
                column.push(&slice(values, from, rows), &mut self.tools)?;
            }
            self.rows_in_group += rows as u64;
            from += rows;
            if full && self.row_groups + 1 < ROW_GROUPS_MAX {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
        self.file.flush().map_err(|error| broken(&error))?;
        let ready = self.file.inner_mut().take();
        self.bytes += ready.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        Ok(ready)
    }

    fn memory_bytes(&self) -> u64 {
        let columns: usize = self.columns.iter().map(|column| column.memory_bytes()).sum();
        (columns + self.tools.memory_bytes() + self.file.inner().waiting()) as u64
    }

    fn finish(&mut self) -> Result<Finished, Failure> {
        if self.rows_in_group > 0 {
            self.end_row_group()?;
        }
        self.file.finish().map_err(|error| broken(&error))?;
        let waiting = self.file.inner().waiting() as u64;
        Ok(Finished { rows: self.rows, bytes: self.bytes + waiting })
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
