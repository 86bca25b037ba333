//! Package databases: dpkg, rpm, apk, pacman.
//!
//! They say which package a file came from and what its content should be. An intruder with root
//! can edit them, so agreement with them is worth less than agreement with a signed baseline; they
//! still betray everyone who did not. Parsers borrow from their input: a server's databases name
//! up to 100,000 files.

pub mod apk;
pub mod dpkg;
pub mod pacman;
pub mod rpm;

/// A record of a binary database that could not be parsed; the records around it still were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {record}: {reason}")]
pub struct BadRecord {
    /// Counted from 0, in the order of the database.
    pub record: u32,
    /// What is wrong with it, in a few words.
    pub reason: &'static str,
}
