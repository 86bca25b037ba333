//! Sorted rows as a Parquet file: columns are encoded in parallel.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int64Array, UInt32Array};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowWriterOptions, compute_leaves,
};
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use rayon::prelude::*;

use crate::gathered::{Gathering, Sorted};
use crate::table::Table;

/// Rows of a group, the unit that engines read in parallel and skip by its smallest and largest.
const GROUP: usize = 128 << 10;

/// Writes all rows; `texts` has the text of each number. Gives the file back, whole and not yet synced.
///
/// # Errors
/// The disk failed.
pub(crate) fn encode(
    file: File,
    table: &Table,
    rows: &Sorted,
    texts: &ArrayRef,
) -> Result<File, ParquetError> {
    let schema = table.schema(&numbered());
    // Without it readers would take the texts for the dictionaries that they are here.
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let options = options.with_properties(properties());
    let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
    let (mut writer, factory) = writer.into_serialized_writer()?;
    for (number, order) in rows.order.chunks(GROUP).enumerate() {
        let writers = factory.create_column_writers(number)?;
        let columns: Vec<_> = writers.into_iter().zip(schema.fields()).zip(&rows.columns).collect();
        let chunks = columns
            .into_par_iter()
            .map(|((writer, field), column)| chunk(writer, field, &array(column, order, texts)?));
        let chunks = chunks.collect::<Result<Vec<ArrowColumnChunk>, ParquetError>>()?;
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
    }
    writer.into_inner()
}

/// What texts are before they are encoded: each row has the number of its text.
fn numbered() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::LargeUtf8))
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP))
        .build()
}

/// A row that a column lacks makes it shorter than others, which the group refuses.
fn array(column: &Gathering, order: &[u32], texts: &ArrayRef) -> Result<ArrayRef, ParquetError> {
    let rows = order.iter().filter_map(|row| usize::try_from(*row).ok());
    Ok(match column {
        Gathering::Numbers(numbers) => {
            let numbers = rows.filter_map(|row| numbers.get(row).copied());
            Arc::new(Int64Array::from_iter_values(numbers))
        }
        Gathering::Texts(numbers) => {
            let numbers = rows.filter_map(|row| numbers.get(row).copied());
            let numbers = UInt32Array::from_iter_values(numbers);
            Arc::new(DictionaryArray::try_new(numbers, Arc::clone(texts))?)
        }
    })
}

fn chunk(
    mut writer: ArrowColumnWriter,
    field: &Field,
    array: &ArrayRef,
) -> Result<ArrowColumnChunk, ParquetError> {
    for leaf in compute_leaves(field, array)? {
        writer.write(&leaf)?;
    }
    writer.close()
}
