//! The databases of wtmpdb and lastlog2, opened from memory: `SQLite` gets bytes that were read
//! already, never a path, and so makes no journal, lock or shared-memory file beside them.

use coroner_core::{Blocked, Content, Cx, HostPath, Text};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::Scene;
use super::tally::{Accepted, Place, is_terminal};
use crate::items::{Odd, RecordOddity, Source};

const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";
/// util-linux's place, and the one of wtmpdb before 0.11.
const WTMPDB: [&str; 2] = ["/var/lib/wtmpdb/wtmp.db", "/var/log/wtmp.db"];
/// A hundred thousand logins take some 10 MiB.
const LARGEST: usize = 64 << 20;
const MOST_ROWS: &str = "200000";

pub(super) fn read(cx: &mut Cx<'_>, scene: &mut Scene) {
    if let Some((path, db)) = open(cx, LASTLOG2, "Lastlog2") {
        let columns = "SELECT 0, Name, Time, TTY, RemoteHost FROM Lastlog2";
        let rows = rows(cx, &path, &db, columns);
        for row in &rows {
            take(scene, Source::Lastlog2, &path, row);
        }
    }
    for path in WTMPDB {
        let Some((path, db)) = open(cx, path, "wtmp") else { continue };
        // Type 3 is a user's session; times are microseconds.
        let columns = "SELECT ID, User, Login / 1000000, TTY, RemoteHost FROM wtmp WHERE Type = 3";
        let rows = rows(cx, &path, &db, columns);
        for row in &rows {
            take(scene, Source::Wtmpdb, &path, row);
        }
        missing_rows(cx, &path, &db);
    }
}

/// Reads a database and loads it; `None`, with a gap where it is there and cannot be read.
fn open(cx: &mut Cx<'_>, path: &str, table: &str) -> Option<(HostPath, Connection)> {
    let path = HostPath::new(path);
    let content = cx.read_up_to(&path, LARGEST)?;
    if content.truncated || content.bytes.is_empty() {
        return None;
    }
    let log = path.with_suffix("-wal");
    if cx.stat(&log).is_some_and(|stat| stat.size > 0) {
        cx.minor_gap(&log, Blocked::Unsupported, "rows that are only in the write-ahead log");
    }
    match load(content, table) {
        Ok(db) => Some((path, db)),
        Err(error) => {
            cx.gap_because(&path, Blocked::Malformed, error.to_string());
            None
        }
    }
}

fn load(mut content: Content, table: &str) -> rusqlite::Result<Connection> {
    // A database in WAL mode cannot be opened from memory; bytes 18 and 19 of the header say so
    // (SQLite file format, 1.3). The rows in the main file are whole either way.
    if let Some(versions) = content.bytes.get_mut(18..20) {
        versions.fill(1);
    }
    let mut db = Connection::open_in_memory()?;
    let size = content.bytes.len();
    db.deserialize_read_exact("main", content.bytes.as_slice(), size, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    plain_table(&db, table)?;
    Ok(db)
}

/// An intruder's schema could put a view, a virtual table or computed columns in a table's place.
fn plain_table(db: &Connection, table: &str) -> rusqlite::Result<()> {
    let query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?1)";
    let sql: String = db.query_row(query, [table], |row| row.get(0))?;
    let sql = sql.to_ascii_uppercase();
    let computed = sql.contains("GENERATED") || sql.contains(" AS ") || sql.contains(" AS(");
    if sql.starts_with("CREATE TABLE") && !computed {
        return Ok(());
    }
    Err(rusqlite::Error::InvalidQuery)
}

struct Login {
    row: u32,
    user: Text,
    when: i64,
    line: Text,
    from: Text,
}

fn rows(cx: &mut Cx<'_>, path: &HostPath, db: &Connection, query: &str) -> Vec<Login> {
    let query = format!("{query} ORDER BY 3 DESC LIMIT {MOST_ROWS}");
    let read = || -> rusqlite::Result<Vec<Login>> {
        let mut statement = db.prepare(&query)?;
        statement.query_map([], login)?.collect()
    };
    read().unwrap_or_else(|error| {
        cx.gap_because(path, Blocked::Malformed, error.to_string());
        Vec::new()
    })
}

fn login(row: &Row<'_>) -> rusqlite::Result<Login> {
    let text = |column| {
        row.get_ref(column).map(|value| match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Text::from(bytes),
            _ => Text::default(),
        })
    };
    Ok(Login {
        row: row.get::<_, Option<u32>>(0).ok().flatten().unwrap_or(0),
        user: text(1)?,
        when: row.get::<_, Option<i64>>(2)?.unwrap_or(0),
        line: text(3)?,
        from: text(4)?,
    })
}

fn take(scene: &mut Scene, source: Source, path: &HostPath, login: &Login) {
    if login.when == 0 {
        return;
    }
    let method = if source == Source::Lastlog2 { login.line.as_bytes() } else { b"session" };
    let event = Accepted {
        source,
        when: login.when,
        user: login.user.as_bytes(),
        from: login.from.as_bytes(),
        method,
        key: None,
        comparable: is_terminal(login.line.as_bytes()),
    };
    let place = Place { file: path.clone(), line: login.row };
    scene.tally.accepted(&event, &place, false);
}

/// wtmpdb adds rows with the next number and rotation takes them from the start: numbers missing
/// in between were deleted one by one.
fn missing_rows(cx: &mut Cx<'_>, path: &HostPath, db: &Connection) {
    let query = "SELECT max(ID) - min(ID) + 1 - count(*), min(ID) FROM wtmp";
    let numbers = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let Ok((missing, first)) = db.query_row(query, [], numbers) else { return };
    let Some(count) = u64::try_from(missing).ok().filter(|&count| count > 0) else { return };
    let first_missing = "SELECT min(a.ID) + 1 FROM wtmp a LEFT JOIN wtmp b ON b.ID = a.ID + 1 \
                         WHERE b.ID IS NULL";
    let record = db.query_row(first_missing, [], |row| row.get::<_, i64>(0)).unwrap_or(first);
    cx.emit(RecordOddity {
        file: path.clone(),
        odd: Odd::MissingRows,
        count,
        record: u64::try_from(record).unwrap_or(0),
        detail: String::from("row numbers that no row has"),
    });
}
