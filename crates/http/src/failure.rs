//! Why nobody could be asked, in one line each.

use coroner_parse::Text;

/// Why a server was not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No address belongs to the name.
    #[error("{name}: {why}; an address in place of the name needs no name server")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// Nobody listens, or nobody answers.
    #[error("nobody answers at {0}: {1}")]
    NoServer(String, String),
    /// The encrypted connection was not made.
    #[error("{0}: {1}")]
    Tls(String, String),
}

impl Failure {
    /// Of what went wrong while a server of that name was asked.
    pub fn of(server: &str, error: &ureq::Error) -> Self {
        let server = harmless(server);
        match error {
            ureq::Error::Rustls(error) => Self::Tls(server, untrusted(error)),
            ureq::Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(error) => Self::Tls(server, untrusted(error)),
                None => Self::NoServer(server, harmless(&io.to_string())),
            },
            error => Self::NoServer(server, harmless(&error.to_string())),
        }
    }
}

fn untrusted(error: &rustls::Error) -> String {
    use rustls::{CertificateError, Error};
    match error {
        // A bad signature: an authority of the same name that did not sign it.
        Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => {
            "its certificate is of no authority that is trusted here; give that authority's with --ca-file".into()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name; ask by the name in it".into(),
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "its certificate has expired".into(),
        Error::InvalidMessage(_) => "it does not speak TLS; is it http://?".into(),
        other => harmless(&other.to_string()),
    }
}

/// What a server says of itself, short and harmless.
pub fn harmless(said: &str) -> String {
    const MOST: usize = 200;
    let said: String = said.chars().take(MOST).collect();
    Text::from(said.as_str()).to_string()
}
