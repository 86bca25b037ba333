//! rpm's headers out of an sqlite file: opened from memory, never by name, so that `SQLite` touches
//! nothing of the host and leaves no journal beside it.

use std::io::Read;

use coroner_host::{Blocked, HostPath, OpenFile, ReadError, Root};
use coroner_parse::package::rpm::{Log, committed};
use rusqlite::Connection;

/// The file's name in rpm's directory.
pub(super) const NAME: &str = "rpmdb.sqlite";

const LARGEST: u64 = 384 << 20;
const LARGEST_LOG: usize = 64 << 20;
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
    let log = match root.read(&path.with_suffix("-wal"), LARGEST_LOG) {
        Ok(content) if content.truncated => return Err(ReadError::from(Blocked::TooLarge).into()),
        Ok(content) => content.bytes,
        Err(ReadError::Absent) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let connection = open(Image::new(&file, committed(&log)))?;
    check_table(&connection)?;
    let mut statement = connection.prepare("SELECT blob FROM Packages")?;
    let mut rows = statement.query([])?;
    for _ in 0..MOST_PACKAGES {
        let Some(row) = rows.next()? else { return Ok(()) };
        if let Ok(blob) = row.get_ref(0)?.as_blob() {
            take(blob);
        }
    }
    Err(Trouble::Database("more packages than any host has".to_owned()))
}

fn open(image: Image<'_>) -> Result<Connection, Trouble> {
    let size = usize::try_from(image.size).ok().filter(|_| image.size <= LARGEST);
    let size = size.ok_or(ReadError::from(Blocked::TooLarge))?;
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", image, size, true)?;
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

/// The database as its programs see it: the file's pages, the newer ones of the log in their
/// places, and the two bytes of its header changed that ask for a log (offsets 18 and 19,
/// `fileformat2.html`, 1.3), which a database in memory cannot have.
struct Image<'a> {
    file: &'a OpenFile,
    log: Option<Log<'a>>,
    size: u64,
    at: u64,
}

const LOG_VERSIONS: [u64; 2] = [18, 19];
const ROLLBACK: u8 = 1;
/// Bytes taken at a time where there is no log.
const CHUNK: usize = 64 << 10;

impl<'a> Image<'a> {
    fn new(file: &'a OpenFile, log: Option<Log<'a>>) -> Self {
        let of_log = |log: &Log<'_>| u64::from(log.page_count) * log.page_size as u64;
        let size = log.as_ref().map_or(file.stat().size, of_log);
        Self { file, log, size, at: 0 }
    }

    /// Bytes up to the end of the present page.
    fn piece<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        let page = self.log.as_ref().map_or(CHUNK, |log| log.page_size) as u64;
        let left = (page - self.at % page).min(self.size - self.at);
        let most = usize::try_from(left).unwrap_or(CHUNK).min(buffer.len());
        buffer.get_mut(..most).unwrap_or_default()
    }

    fn newer(&self) -> Option<&[u8]> {
        let log = self.log.as_ref()?;
        let size = log.page_size as u64;
        let page = log.pages.get(&u32::try_from(self.at / size + 1).ok()?)?;
        page.get(usize::try_from(self.at % size).ok()?..)
    }
}

impl Read for Image<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let piece = self.piece(buffer);
        let count = match self.newer() {
            Some(mut newer) => newer.read(piece)?,
            None => self.file.read_at(piece, self.at).map_err(std::io::Error::other)?,
        };
        for offset in LOG_VERSIONS {
            let inside =
                offset.checked_sub(self.at).and_then(|inside| usize::try_from(inside).ok());
            if let Some(byte) = inside.and_then(|inside| piece.get_mut(inside)) {
                *byte = ROLLBACK;
            }
        }
        self.at += count as u64;
        Ok(count)
    }
}
