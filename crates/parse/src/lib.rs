//! Bytes to types. Nothing here reads a file, asks the kernel or knows where its bytes came from.
//!
//! Every input is an intruder's: parsers take `&[u8]`, give a result per line or record, never
//! index, never panic, and leave names as bytes ([`Text`]). A bad line costs that line alone.

pub mod account;
pub mod command;
mod digest;
pub mod directory;
pub mod elf;
pub mod firewall;
mod line;
pub mod login;
pub mod module;
pub mod package;
pub mod packet;
pub mod perf;
pub mod process;
pub mod schedule;
mod shell_word;
pub mod startup;
mod text;
pub mod virt;

pub use digest::{Algorithm, Digest, NotADigest, hex};
pub use line::{BadLine, Line, lines};
pub use shell_word::shell_word;
pub use text::Text;
