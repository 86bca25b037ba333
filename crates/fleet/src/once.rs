//! Parts of a query that are worked out once and kept, where its header says so. The engine would work
//! out a common table expression anew wherever it is named.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{Cte, Query as Select, Statement as Sql};
use futures::StreamExt;

use crate::query::Query;

/// Values of a query's parameters.
type Given = Vec<(String, ScalarValue)>;

/// A query in its parts.
#[derive(Debug)]
struct Parts {
    /// Common table expressions: name and statement, in order.
    named: Vec<(String, String)>,
    rest: String,
}

/// A plan, and what memory the parts take that were worked out for it.
pub(crate) struct Planned {
    pub(crate) frame: DataFrame,
    pub(crate) held: Vec<MemoryReservation>,
}

/// Plans a query. What it keeps is worked out here; it counts among what the query may hold in memory.
///
/// # Errors
/// The query is wrong, or a part of it could not be worked out or held.
pub(crate) async fn plan(
    context: &SessionContext,
    query: &Query,
    given: &Given,
) -> Result<Planned, DataFusionError> {
    let Some(mut parts) = Parts::of(query) else {
        return Ok(Planned { frame: frame(context, query.sql(), given).await?, held: Vec::new() });
    };
    let mut kept = Vec::new();
    let planned = keep(context, query, given, &mut parts, &mut kept).await;
    // Plans hold what they found by these names.
    for table in kept {
        context.deregister_table(table)?;
    }
    planned
}

async fn keep(
    context: &SessionContext,
    query: &Query,
    given: &Given,
    parts: &mut Parts,
    kept: &mut Vec<String>,
) -> Result<Planned, DataFusionError> {
    let mut held = Vec::new();
    for at in 0..parts.named.len() {
        let Some((name, _)) = parts.named.get(at).filter(|(name, _)| query.once.contains(name))
        else {
            continue;
        };
        let table = format!("once_{name}");
        let (rows, memory) =
            gathered(context, frame(context, &parts.upto(at), given).await?).await?;
        context.register_table(&table, Arc::new(rows))?;
        held.push(memory);
        if let Some((_, statement)) = parts.named.get_mut(at) {
            *statement = format!("SELECT * FROM {table}");
        }
        kept.push(table);
    }
    Ok(Planned { frame: frame(context, &parts.whole(), given).await?, held })
}

/// All rows of a part, in as many partitions as the session works with.
async fn gathered(
    context: &SessionContext,
    part: DataFrame,
) -> Result<(MemTable, MemoryReservation), DataFusionError> {
    let memory = MemoryConsumer::new("kept").register(&context.runtime_env().memory_pool);
    let mut partitions = vec![Vec::new(); context.copied_config().target_partitions().max(1)];
    let mut rows = part.execute_stream().await?;
    let mut next = (0..partitions.len()).cycle();
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        memory.try_grow(batch.get_array_memory_size())?;
        if let Some(partition) = next.next().and_then(|at| partitions.get_mut(at)) {
            partition.push(batch);
        }
    }
    Ok((MemTable::try_new(rows.schema(), partitions)?, memory))
}

/// Plans a statement as it stands.
///
/// # Errors
/// It is wrong.
pub(crate) async fn frame(
    context: &SessionContext,
    sql: &str,
    given: &Given,
) -> Result<DataFrame, DataFusionError> {
    let frame = context.sql_with_options(sql, reading()).await?;
    if given.is_empty() { Ok(frame) } else { frame.with_param_values(given.clone()) }
}

/// A query of a user reads: it makes no tables of other files, and writes none.
fn reading() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

impl Parts {
    /// None when there is nothing to keep, or when it is no query: its plan says what is wrong.
    fn of(query: &Query) -> Option<Self> {
        if query.once.is_empty() {
            return None;
        }
        let statement = DFParser::parse_sql(query.sql()).ok()?.pop_front()?;
        let Statement::Statement(statement) = statement else { return None };
        let Sql::Query(mut select) = *statement else { return None };
        let with = select.with.take().filter(|with| !with.recursive)?;
        let named = with.cte_tables.iter().map(named).collect::<Option<_>>()?;
        Some(Self { named, rest: Select::to_string(&select) })
    }

    /// All rows of one of them.
    fn upto(&self, at: usize) -> String {
        let name = self.named.get(at).map(|(name, _)| name.as_str()).unwrap_or_default();
        self.with(at + 1) + "SELECT * FROM " + name
    }

    fn whole(&self) -> String {
        self.with(self.named.len()) + &self.rest
    }

    fn with(&self, count: usize) -> String {
        let mut out = String::new();
        for (name, statement) in self.named.iter().take(count) {
            let start = if out.is_empty() { "WITH " } else { ", " };
            let _ = write!(out, "{start}{name} AS ({statement})");
        }
        out + " "
    }
}

/// None when it renames its columns.
fn named(part: &Cte) -> Option<(String, String)> {
    part.alias.columns.is_empty().then(|| (part.alias.name.to_string(), part.query.to_string()))
}

#[cfg(test)]
mod tests {
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::SessionConfig;

    use super::*;

    const QUERY: &str = "-- What.\n-- once: twice, late\n-- columns:\n--   n  a number\n\
        WITH five AS (SELECT 5 AS n), twice AS (SELECT n * $by AS n FROM five),\n\
        late AS (SELECT sum(t.n) AS n FROM twice t)\n\
        SELECT a.n AS n FROM twice a JOIN late b ON a.n = b.n ORDER BY a.n LIMIT 3";

    fn rows(context: &SessionContext, query: &Query) -> Result<Vec<String>, DataFusionError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let given = vec![("by".to_owned(), ScalarValue::from(2_i64))];
            let batches = plan(context, query, &given).await?.frame.collect().await?;
            let rows = batches.iter().flat_map(|batch| {
                let column = Arc::clone(batch.column(0));
                (0..batch.num_rows()).map(move |row| {
                    ScalarValue::try_from_array(&column, row).map(|value| value.to_string())
                })
            });
            rows.collect()
        })
    }

    #[test]
    fn what_is_kept_gives_the_rows_of_the_whole_and_leaves_nothing() {
        let context = SessionContext::new();
        let query = Query::parse(QUERY).unwrap();
        assert_eq!(query.once, ["twice", "late"]);
        for _ in 0..2 {
            assert_eq!(rows(&context, &query).unwrap(), ["10"]);
            assert!(!context.table_exist("once_twice").unwrap());
        }
    }

    #[test]
    fn what_is_kept_is_planned_by_itself_and_the_rest_reads_it() {
        let parts = Parts::of(&Query::parse(QUERY).unwrap()).unwrap();
        assert_eq!(
            parts.upto(1),
            "WITH five AS (SELECT 5 AS n), twice AS (SELECT n * $by AS n FROM five) SELECT * FROM twice"
        );
        assert!(parts.whole().ends_with("ON a.n = b.n ORDER BY a.n LIMIT 3"));
    }

    #[test]
    fn a_part_that_is_wrong_is_said_and_nothing_stays() {
        let context = SessionContext::new();
        let query = Query::parse(&QUERY.replace("FROM twice t", "FROM nowhere t")).unwrap();
        assert!(rows(&context, &query).unwrap_err().to_string().contains("nowhere"));
        assert!(!context.table_exist("once_twice").unwrap());
    }

    #[test]
    fn what_is_kept_counts_among_what_a_query_may_hold() {
        let many = QUERY.replace("SELECT 5 AS n", "SELECT value AS n FROM range(100000)");
        let query = Query::parse(&many).unwrap();
        let held = |bytes| {
            let runtime = RuntimeEnvBuilder::new().with_memory_limit(bytes, 1.0).build().unwrap();
            let config = SessionConfig::new();
            let context = SessionContext::new_with_config_rt(config, Arc::new(runtime));
            rows(&context, &query)
        };
        assert!(held(100_000).unwrap_err().to_string().contains("kept"));
        assert_eq!(held(100_000_000).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_names_no_part_is_one_statement() {
        let query = Query::parse(&QUERY.replace("-- once: twice, late\n", "")).unwrap();
        assert!(Parts::of(&query).is_none());
        assert_eq!(rows(&SessionContext::new(), &query).unwrap(), ["10"]);
    }
}
