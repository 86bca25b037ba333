//! What asks: one server, whose addresses are found before anything is sent.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as UreqResolver};
use ureq::unversioned::transport::{Connector, NextTimeout, RustlsConnector, TcpConnector};

use crate::failure::{Failure, harmless};
use crate::resolve::Resolver;
use crate::tls;

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until somebody takes the connection.
    pub connect: Duration,
    /// Until the answer is there to its last byte.
    pub whole: Duration,
}

/// How servers are reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// The authorities that a server's certificate is checked against; those of this machine by default.
    pub authorities: Option<PathBuf>,
    /// How long one question may take.
    pub patience: Patience,
    /// How names become addresses.
    pub resolver: Resolver,
}

impl Access {
    /// What asks the server of this address, and that server alone; nothing is sent yet.
    ///
    /// # Errors
    /// When the name has no address, or TLS cannot be had.
    pub fn agent(&self, uri: &Uri) -> Result<Agent, Failure> {
        let addresses = self.addresses(uri)?;
        let mut settings = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("coroner/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.patience.connect))
            .timeout_global(Some(self.patience.whole));
        if uri.scheme_str() == Some("https") {
            settings = settings.tls_config(tls::configuration(self.authorities.as_deref())?);
        }
        let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default());
        Ok(Agent::with_parts(settings.build(), connector, Known(addresses)))
    }

    fn addresses(&self, uri: &Uri) -> Result<Vec<IpAddr>, Failure> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![address]),
            Err(_) => self
                .resolver
                .addresses(host)
                .map_err(|why| Failure::Name { name: harmless(host), why }),
        }
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
