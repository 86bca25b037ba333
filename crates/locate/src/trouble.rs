//! Why nothing could be said, in one line each.

use coroner_parse::Text;

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
}

/// What a server says of itself, short and harmless.
pub(crate) fn harmless(said: &str) -> String {
    const MOST: usize = 200;
    let said: String = said.chars().take(MOST).collect();
    Text::from(said.as_str()).to_string()
}
