//! An engine over a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coroner_core::Text;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::StreamExt;
use url::Url;

use crate::error::EngineError;
use crate::once::{self, Planned};
use crate::query::{Query, Values};
use crate::site::Site;
use crate::store::Store;
use crate::table::{BATCHED, EXPECTED, ROLES, Table};

/// The views that shipped queries stand on.
const VIEWS: &str = include_str!("../queries/views.sql");
/// How texts are held. Views would be faster, but each batch of a join is counted with all that they were cut
/// from, and a query that needs little fails for want of memory.
const TEXT: DataType = DataType::Utf8;
/// Characters of what a cluster says of itself.
const LONGEST_SAID: usize = 600;

/// An engine with the tables and views of one store.
pub struct Engine {
    site: Site,
    context: SessionContext,
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Over a store as it is now: what is taken in later is not seen.
    ///
    /// # Errors
    /// The store cannot be listed, or the engine does not start.
    pub fn open(store: &Store, site: Site) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(site.threads())
            .enable_all()
            .build()?;
        let context = site.session()?;
        runtime.block_on(register(&context, store))?;
        Ok(Self { site, context, runtime })
    }

    /// Starts to answer a query; the answer comes piece by piece.
    ///
    /// # Errors
    /// The query or its values are wrong, or nobody would work on it.
    pub fn ask(&self, query: &Query, values: &Values) -> Result<Answer<'_>, EngineError> {
        let given: Vec<(String, ScalarValue)> = query.values(values)?.into_iter().collect();
        self.site.ready()?;
        let (schema, rows, held) = self.runtime.block_on(async {
            let Planned { frame, held } = match self.site {
                Site::Here(_) => once::plan(&self.context, query, &given).await?,
                // Its workers do not see what this process holds.
                Site::Cluster(_) => Planned {
                    frame: once::frame(&self.context, query.sql(), &given).await?,
                    held: Vec::new(),
                },
            };
            // As it was asked: an answer that is known to be empty loses its columns on a cluster.
            let schema = Arc::clone(frame.schema().inner());
            Ok::<_, EngineError>((schema, frame.execute_stream().await?, held))
        })?;
        Ok(Answer { engine: self, schema, rows, _held: held })
    }

    /// An error while rows come.
    fn broken(&self, error: DataFusionError) -> EngineError {
        match self.site {
            Site::Here(_) => EngineError::Engine(error),
            Site::Cluster(scheduler) => EngineError::Cluster(scheduler, one_line(&error)),
        }
    }
}

/// The rows that answer a query.
pub struct Answer<'e> {
    engine: &'e Engine,
    schema: SchemaRef,
    rows: SendableRecordBatchStream,
    /// Of what the plan has in memory, until all rows have come.
    _held: Vec<MemoryReservation>,
}

impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// Name and type of each column.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Iterator for Answer<'_> {
    type Item = Result<RecordBatch, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.engine.runtime.block_on(self.rows.next());
        next.map(|batch| batch.map_err(|error| self.engine.broken(error)))
    }
}

/// What another machine said, which may be long and many-lined.
fn one_line(error: &DataFusionError) -> String {
    let said = error.to_string();
    let words: Vec<&str> = said.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LONGEST_SAID).collect();
    Text::from(line).to_string()
}

async fn register(context: &SessionContext, store: &Store) -> Result<(), EngineError> {
    for table in BATCHED {
        register_table(context, table, &store.files(table)?)?;
    }
    for table in [&ROLES, &EXPECTED] {
        let file = store.whole_file(table);
        let files = if file.exists() { vec![file] } else { Vec::new() };
        register_table(context, table, &files)?;
    }
    for view in VIEWS.split(';').filter(|statement| statement.contains("CREATE")) {
        context.sql(view).await?;
    }
    Ok(())
}

/// Each file by its name: a file that is not named here is not part of the store.
fn register_table(
    context: &SessionContext,
    table: &Table,
    files: &[PathBuf],
) -> Result<(), EngineError> {
    if files.is_empty() {
        context.register_table(table.name, Arc::new(EmptyTable::new(table.schema(&TEXT))))?;
        return Ok(());
    }
    let urls = files.iter().map(|file| file_url(file)).collect::<Result<Vec<_>, _>>()?;
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(ListingOptions::new(Arc::new(ParquetFormat::new())))
        .with_schema(table.schema(&TEXT));
    context.register_table(table.name, Arc::new(ListingTable::try_new(config)?))?;
    Ok(())
}

/// Not read as a pattern, whatever signs its name has.
fn file_url(file: &Path) -> Result<ListingTableUrl, EngineError> {
    let whole = file.canonicalize()?;
    let url = Url::from_file_path(&whole)
        .map_err(|()| DataFusionError::Configuration(format!("{} is no path", whole.display())))?;
    Ok(ListingTableUrl::try_new(url, None)?)
}
