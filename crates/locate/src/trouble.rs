//! Why nothing could be said, in one line each.

use coroner_http::Failure;

/// Why a trail could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The address given is not one.
    #[error("{0}; write it as http://192.0.2.1:9090 or https://name/path")]
    Address(String),
    /// No address belongs to the name.
    #[error("{name}: {why}; an address in place of the name needs no name server")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// Nobody listens, or nobody answers.
    #[error("no Prometheus at {0}: {1}")]
    NoServer(String, String),
    /// The server wants to know who asks.
    #[error("{0} answers {1}: {2}")]
    Refused(String, u16, &'static str),
    /// The server answers something else than Prometheus does.
    #[error("{0} does not answer as Prometheus does: {1}")]
    NotPrometheus(String, String),
    /// Prometheus could not answer a question.
    #[error("{0} could not answer: {1}")]
    Query(String, String),
    /// The encrypted connection was not made.
    #[error("{0}: {1}")]
    Tls(String, String),
    /// What the whole trail hangs on is not there.
    #[error("{0}")]
    NoMetric(String),
    /// The file of names.
    #[error("names of metrics: {0}")]
    Names(String),
}

impl Trouble {
    /// Whether the person who asked can mend it.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::NoServer(..) | Self::NotPrometheus(..) | Self::Query(..))
    }

    /// Of a server that was not reached.
    pub(crate) fn of(failure: Failure) -> Self {
        match failure {
            Failure::Name { name, why } => Self::Name { name, why },
            Failure::Tls(server, why) => Self::Tls(server, why),
            Failure::NoServer(server, why) => Self::NoServer(server, why),
            other => Self::NoServer("that address".to_owned(), other.to_string()),
        }
    }
}
