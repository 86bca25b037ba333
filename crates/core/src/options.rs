//! What the person who started the audit asked for.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use coroner_parse::Text;
use serde::{Deserialize, Serialize};

use crate::{Network, Time};

/// How much is looked at.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// What plugins name: seconds of work on any host.
    Quick,
    /// And every packaged file.
    #[default]
    Standard,
    /// And what costs minutes.
    Full,
}

/// The time of an audit. A plugin asks [`crate::Cx::now`] for it, or [`crate::Cx::today`], so
/// that what it collects is known to hold then alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(Time);

impl Clock {
    /// The time, for whoever is no plugin.
    pub fn outside_plugins(self) -> Time {
        self.0
    }
}

impl From<Time> for Clock {
    fn from(now: Time) -> Self {
        Self(now)
    }
}

/// What an audit is asked to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// See [`Scope`].
    pub scope: Scope,
    /// Only these plugins, when any are named.
    pub only: Vec<String>,
    /// Not these plugins.
    pub skip: Vec<String>,
    /// Labels for comparing hosts, such as `role=gateway`.
    pub labels: BTreeMap<String, String>,
    /// Networks that logins and console peers are expected from.
    pub trusted_nets: Vec<Network>,
    /// Passwords to try beside the built-in ones.
    pub wordlist: Vec<Text>,
    /// The time of the audit.
    pub now: Clock,
    /// Time each plugin may take.
    pub plugin_budget: Duration,
    /// Mask what looks like a secret in scripts and commands.
    pub redact: bool,
    /// How long the traffic is watched; not at all when zero.
    pub traffic: Duration,
}

impl Options {
    /// Whether an address is on the internet and nobody said that it is expected.
    pub fn is_foreign(&self, address: IpAddr) -> bool {
        Network::is_public(address) && !self.trusted_nets.iter().any(|net| net.contains(address))
    }

    /// Whether this plugin was asked for.
    pub fn wants(&self, plugin: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|id| id == plugin);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            only: Vec::new(),
            skip: Vec::new(),
            labels: BTreeMap::new(),
            trusted_nets: Vec::new(),
            wordlist: Vec::new(),
            now: Time::now().into(),
            plugin_budget: Duration::from_mins(1),
            redact: false,
            traffic: Duration::ZERO,
        }
    }
}
