//! Command lines: words, quotes, pipes, and what a command does.

mod normal;
mod programs;
pub mod shell;

pub use normal::normal;
pub use programs::programs;
