//! How failures are said: one line, the right status.

use std::io::{self, Write};
use std::process::ExitCode;

#[cfg(feature = "cluster")]
use coroner_fleet::ServiceError;
use coroner_fleet::{BucketError, EngineError, QueryError, SourceError, StoreError};

/// `EX_USAGE` and `EX_SOFTWARE`, sysexits.h.
const USAGE: u8 = 64;
const BROKEN: u8 = 70;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The person can mend it.
    Usage(String),
    /// coroner-fleet, or the disk it writes to, failed.
    Broken(String),
    /// Whoever read the answer has seen enough.
    Closed,
}

impl Failure {
    pub(crate) fn report(self) -> ExitCode {
        let (message, status) = match self {
            Self::Usage(message) => (message, USAGE),
            Self::Broken(message) => (message, BROKEN),
            Self::Closed => return ExitCode::SUCCESS,
        };
        say(&message);
        ExitCode::from(status)
    }
}

/// A line for people, beside the answer.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr(), "coroner-fleet: {message}");
}

/// Says what is wrong with the arguments; asking for help is not wrong.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Empty(_) | StoreError::Foreign(_) | StoreError::OtherLayout(_) => {
                Self::Usage(error.to_string())
            }
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Bucket(error) => error.into(),
            error => Self::Usage(error.to_string()),
        }
    }
}

impl From<BucketError> for Failure {
    fn from(error: BucketError) -> Self {
        let said = error.to_string();
        if error.is_usage() { Self::Usage(said) } else { Self::Broken(said) }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Query(error) => error.into(),
            EngineError::NoCluster => Self::Usage(error.to_string()),
            error if error.is_the_queries() => Self::Usage(error.to_string()),
            error => Self::Broken(error.to_string()),
        }
    }
}

#[cfg(feature = "cluster")]
impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unreachable(_) => Self::Usage(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Broken(format!("the answer was not written: {error}")),
        }
    }
}
