//! Command lines: words, quotes, pipes, and what a command does.
//!
//! [`shell`] takes shell text apart, [`programs`] names what it starts, [`normal`] masks what
//! differs between hosts, and [`analyze`] tells what it is a sign of.

pub mod analysis;
mod normal;
mod programs;
pub mod shell;

pub use analysis::{Analysis, Indicator, Kind, Language, Strength, analyze, analyze_as};
pub use normal::normal;
pub use programs::programs;
