//! How failures are said: in one line, with the right exit status.

use std::io::{self, Write};
use std::process::ExitCode;

/// `EX_USAGE` and `EX_SOFTWARE`, sysexits.h.
const USAGE: u8 = 64;
const BROKEN: u8 = 70;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The person can mend it.
    Usage(String),
    /// coroner, or the disk it writes to, failed.
    Broken(String),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn message(&self) -> &str {
        let (Self::Usage(message) | Self::Broken(message)) = self;
        message
    }

    pub(crate) fn report(self) -> ExitCode {
        let (message, status) = match self {
            Self::Usage(message) => (message, USAGE),
            Self::Broken(message) => (message, BROKEN),
        };
        let _ = writeln!(io::stderr(), "coroner: {message}");
        ExitCode::from(status)
    }
}

/// Says what is wrong with the arguments; asking for help is not wrong.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}
