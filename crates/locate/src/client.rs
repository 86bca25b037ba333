//! The connection to a Prometheus: bounded, without redirections, without names of the machine's libraries.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as UreqResolver};
use ureq::unversioned::transport::{Connector, NextTimeout, RustlsConnector, TcpConnector};
use ureq::{Agent, Body, http};

use crate::answer::{self, Series};
use crate::resolve::Resolver;
use crate::trouble::{Trouble, harmless};
use crate::{tls, walk};

/// A body that is longer is not read to its end.
const LONGEST_BODY: u64 = 32 << 20;

/// Who asks.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    None,
    /// A name and a password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token.
    Bearer(String),
}

/// Where to ask, and how.
pub struct Access {
    /// `http://` or `https://`, a name or an address, perhaps a port and a path.
    pub url: String,
    /// Who asks.
    pub credentials: Credentials,
    /// The authorities that the server's certificate is checked against.
    pub authorities: Option<PathBuf>,
    /// How long one question may take.
    pub patience: Duration,
    /// How names become addresses.
    pub resolver: Resolver,
}

/// A Prometheus that can be asked.
pub struct Server {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

impl Server {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is none, the name has no address, or TLS cannot be had.
    pub fn new(access: &Access) -> Result<Self, Trouble> {
        let uri = address(&access.url)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => access
                .resolver
                .addresses(&host)
                .map_err(|why| Trouble::Name { name: harmless(&host), why })?,
        };
        let secure = uri.scheme_str() == Some("https");
        let mut settings = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("coroner/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(access.patience));
        if secure {
            settings = settings.tls_config(tls::configuration(access.authorities.as_deref())?);
        }
        let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default());
        let agent = Agent::with_parts(settings.build(), connector, Known(addresses));
        Ok(Self {
            agent,
            base: access.url.trim_end_matches('/').to_owned(),
            authorization: authorization(&access.credentials),
        })
    }

    fn get(&self, path: &str, parameters: &[(&str, String)]) -> Result<Vec<Series>, Trouble> {
        let mut request = self.agent.get(format!("{}/api/v1/{path}", self.base));
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.call().map_err(|error| self.unreachable(&error))?;
        self.read(response)
    }

    fn read(&self, mut response: http::Response<Body>) -> Result<Vec<Series>, Trouble> {
        let status = response.status().as_u16();
        let refused = |why| Err(Trouble::Refused(self.name(), status, why));
        match status {
            401 => return refused("it wants a name and password, or a token, that it knows"),
            403 => return refused("whoever asks may not"),
            404 => {
                return refused(
                    "no Prometheus there; is a path missing, as in http://name/prometheus?",
                );
            }
            300..=399 => return refused("it sends us elsewhere; give that address"),
            _ => {}
        }
        let body = response.body_mut().with_config().limit(LONGEST_BODY).read_to_vec();
        let body = body.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                let why = format!("an answer of more than {} MiB", LONGEST_BODY >> 20);
                Trouble::Query(self.name(), why)
            }
            error => self.unreachable(&error),
        })?;
        match answer::read(&body) {
            Ok(Ok(series)) => Ok(series),
            Ok(Err(error)) => Err(Trouble::Query(self.name(), harmless(&error))),
            Err(_) if status >= 500 => {
                Err(Trouble::Query(self.name(), format!("HTTP status {status}")))
            }
            Err(why) => Err(Trouble::NotPrometheus(
                self.name(),
                format!("HTTP status {status}, {}", harmless(&why)),
            )),
        }
    }

    fn name(&self) -> String {
        harmless(&self.base)
    }

    fn unreachable(&self, error: &ureq::Error) -> Trouble {
        match error {
            ureq::Error::Rustls(error) => Trouble::Tls(self.name(), untrusted(error)),
            ureq::Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(error) => Trouble::Tls(self.name(), untrusted(error)),
                None => Trouble::NoServer(self.name(), harmless(&io.to_string())),
            },
            error => Trouble::NoServer(self.name(), harmless(&error.to_string())),
        }
    }
}

impl walk::Prometheus for Server {
    fn instant(&self, query: &str, at: f64) -> Result<Vec<Series>, Trouble> {
        self.get("query", &[("query", query.to_owned()), ("time", at.to_string())])
    }

    fn range(&self, query: &str, from: f64, to: f64, step: f64) -> Result<Vec<Series>, Trouble> {
        let parameters = [
            ("query", query.to_owned()),
            ("start", from.to_string()),
            ("end", to.to_string()),
            ("step", step.to_string()),
        ];
        self.get("query_range", &parameters)
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

/// The address of a server; a password in it would stand in the list of processes.
fn address(url: &str) -> Result<Uri, Trouble> {
    let wrong = |why: &str| Err(Trouble::Address(format!("{}: {why}", harmless(url))));
    let Ok(uri) = url.parse::<Uri>() else { return wrong("not an address of the web") };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return wrong("neither http nor https");
    }
    if uri.host().is_none_or(str::is_empty) {
        return wrong("without a host");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(Trouble::Address(
            "no name or password in the address: others see it; --user and --password-file".into(),
        ));
    }
    if uri.query().is_some() {
        return wrong("with a question in it");
    }
    Ok(uri)
}

fn authorization(credentials: &Credentials) -> Option<String> {
    match credentials {
        Credentials::None => None,
        Credentials::Basic { user, password } => {
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
        }
        Credentials::Bearer(token) => Some(format!("Bearer {token}")),
    }
}

/// The addresses that were found before anything was sent.
#[derive(Debug)]
struct Known(Vec<IpAddr>);

impl UreqResolver for Known {
    fn resolve(
        &self,
        uri: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(usual);
        let mut found: ResolvedSocketAddrs = self.empty();
        for address in &self.0 {
            found.push(SocketAddr::new(*address, port));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_without_secrets() {
        for good in [
            "http://192.0.2.1:9090",
            "https://prom.example/prometheus/",
            "http://[2001:db8::1]:9090",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for (bad, says) in [
            ("192.0.2.1:9090", "http"),
            ("ftp://192.0.2.1", "neither"),
            ("http://", "not an address"),
            ("http://a:b@192.0.2.1", "--password-file"),
            ("http://192.0.2.1/?query=up", "question"),
        ] {
            let said = address(bad).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains('\n'), "{bad}: {said}");
        }
    }

    #[test]
    fn credentials_are_what_the_server_expects() {
        let basic = Credentials::Basic { user: "a".into(), password: "b".into() };
        assert_eq!(authorization(&basic).unwrap(), "Basic YTpi");
        assert_eq!(authorization(&Credentials::Bearer("t".into())).unwrap(), "Bearer t");
    }
}
