//! The connection to a Prometheus: bounded, without redirections, without names of the machine's libraries.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coroner_http::{Failure, Patience, Resolver, Unfit, harmless};
use ureq::{Agent, Body, http};

use crate::answer::{self, Series};
use crate::ask::Prometheus;
use crate::trouble::Trouble;

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
        let patience = Patience { connect: access.patience, whole: access.patience };
        let authorities = access.authorities.clone();
        let reach =
            coroner_http::Access { authorities, patience, resolver: access.resolver.clone() };
        let agent = reach.agent(&uri).map_err(Trouble::of)?;
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
        Trouble::of(Failure::of(&self.base, error))
    }
}

impl Prometheus for Server {
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

fn address(url: &str) -> Result<http::Uri, Trouble> {
    coroner_http::address(url).map_err(|unfit| match unfit {
        Unfit::Secret => Trouble::Address(format!("{unfit}; --user and --password-file")),
        unfit => Trouble::Address(format!("{}: {unfit}", harmless(url))),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_said_in_one_line_with_what_to_do() {
        assert!(address("https://prom.example/prometheus/").is_ok());
        for (bad, says) in [
            ("192.0.2.1:9090", "neither http"),
            ("http://", "not an address"),
            ("http://a:b@192.0.2.1", "--password-file"),
        ] {
            let said = address(bad).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains('\n'), "{bad}: {said}");
            assert!(!said.contains("a:b"), "{said}");
        }
    }

    #[test]
    fn credentials_are_what_the_server_expects() {
        let basic = Credentials::Basic { user: "a".into(), password: "b".into() };
        assert_eq!(authorization(&basic).unwrap(), "Basic YTpi");
        assert_eq!(authorization(&Credentials::Bearer("t".into())).unwrap(), "Bearer t");
    }
}
