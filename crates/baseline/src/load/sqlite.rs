//! rpm's headers out of an sqlite file: opened from memory, never by name, so that `SQLite` touches
//! nothing of the host and leaves no journal beside it.

use std::io::Read;

use coroner_host::{Blocked, HostPath, OpenFile, ReadError, Root};
use rusqlite::Connection;

/// The file's name in rpm's directory.
pub(super) const NAME: &str = "rpmdb.sqlite";

const LARGEST: u64 = 384 << 20;
/// A damaged tree of pages can lead to the same rows again and again.
const MOST_PACKAGES: usize = 100_000;

/// The only table that is read, in the words in which rpm makes it (`lib/backend/sqlite.c`). A
/// view, or a column that computes its value, would have `SQLite` run an intruder's expressions.
const TABLE: &str = "CREATETABLE'PACKAGES'(HNUMINTEGERPRIMARYKEYAUTOINCREMENT,BLOBBLOBNOTNULL)";

/// Why headers could not be read.
pub(super) enum Trouble {
    /// The file.
    Read(ReadError),
    /// What is in it, in `SQLite`'s words.
    Database(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Gives every header blob to `take`.
pub(super) fn each_header(
    root: &Root,
    path: &HostPath,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), Trouble> {
    let file = root.open_file(path)?;
    let size = file.stat().size;
    if size > LARGEST {
        return Err(ReadError::from(Blocked::TooLarge).into());
    }
    let connection = open(&file, usize::try_from(size).unwrap_or(0))?;
    check_table(&connection)?;
    let mut statement = connection.prepare("SELECT blob FROM Packages")?;
    let mut rows = statement.query([])?;
    for _ in 0..MOST_PACKAGES {
        let Some(row) = rows.next()? else { return pending_changes(root, path) };
        if let Ok(blob) = row.get_ref(0)?.as_blob() {
            take(blob);
        }
    }
    Err(Trouble::Database("more packages than any host has".to_owned()))
}

fn open(file: &OpenFile, size: usize) -> Result<Connection, Trouble> {
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", Image { file, at: 0 }, size, true)?;
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;",
    )?;
    Ok(connection)
}

fn check_table(connection: &Connection) -> Result<(), Trouble> {
    let sql: String = connection.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'Packages'",
        [],
        |row| row.get(0),
    )?;
    let plain: String = sql.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.to_ascii_uppercase() == TABLE {
        return Ok(());
    }
    Err(Trouble::Database("not the table that rpm makes".to_owned()))
}

/// A write-ahead log with content holds changes that this reading did not see.
fn pending_changes(root: &Root, path: &HostPath) -> Result<(), Trouble> {
    match root.stat_followed(&path.with_suffix("-wal")) {
        Ok(stat) if stat.size > 0 => Err(Trouble::Database(
            "its write-ahead log holds changes that were not read".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The file with the two bytes of its header changed that ask for a write-ahead log (offsets 18 and
/// 19, `fileformat2.html`, 1.3): a database in memory can have none.
struct Image<'a> {
    file: &'a OpenFile,
    at: usize,
}

const LOG_VERSIONS: std::ops::Range<usize> = 18..20;
const ROLLBACK: u8 = 1;

impl Read for Image<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer).map_err(std::io::Error::other)?;
        for offset in LOG_VERSIONS {
            let inside = offset.checked_sub(self.at).filter(|inside| *inside < count);
            if let Some(byte) = inside.and_then(|inside| buffer.get_mut(inside)) {
                *byte = ROLLBACK;
            }
        }
        self.at += count;
        Ok(count)
    }
}
