//! An observation under way: what it has open, and what it has seen so far.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use coroner_host::capture::{Capture, Share, devices};
use coroner_host::netfilter::Unseen as Refused;
use coroner_host::tracepoint::{Tracepoint, processors};
use coroner_host::{Host, HostPath, is_privileged};
use coroner_parse::Text;
use coroner_parse::packet::{LocalNets, fib_trie, inet6_addresses, ipv4_routes, ipv6_routes};

use crate::captured::Captured;
use crate::clock::{now, processor_time};
use crate::counters::{Checks, Counters};
use crate::join::Join;
use crate::namespaces::Namespaces;
use crate::pace::Pace;
use crate::pcapng::Kept;
use crate::result::{Missing, Seen};
use crate::senders::Senders;
use crate::stretches::Stretches;
use crate::suspects::Suspects;
use crate::tally::{Key, Tally};

/// What is to be watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// One device, or all but loopback.
    pub device: Option<Text>,
    /// Keep headers, for [`Watch::evidence`].
    pub keep_headers: bool,
}

/// Why nothing could be watched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// No device of that name.
    #[error("there is no network device '{0}'; there are {1}")]
    NoDevice(Text, String),
    /// Not root.
    #[error("this needs the right to capture packets (run it as root)")]
    NoPrivilege,
    /// The kernel, or this process's place, does not allow it.
    #[error("packets cannot be captured: {detail} ({path}: {reason})")]
    NoCapture {
        /// The file that told.
        path: HostPath,
        /// Why.
        reason: coroner_host::Blocked,
        /// In words.
        detail: String,
    },
}

const LONGEST_TABLE: usize = 4 << 20;

/// An observation under way.
pub struct Watch<'a> {
    pub(crate) host: &'a Host,
    pub(crate) ask: Ask,
    pub(crate) names: HashMap<u32, Text>,
    pub(crate) loopback: Vec<u32>,
    pub(crate) nets: LocalNets,
    /// The number of this network namespace.
    pub(crate) network: Option<u64>,
    pub(crate) capture: Capture,
    /// The share of received packets that is captured.
    pub(crate) share: Share,
    /// The share before, and when it was changed.
    pub(crate) share_before: (Share, u64),
    pub(crate) tracepoint: Option<Tracepoint>,
    pub(crate) join: Join,
    pub(crate) pace: Pace,
    pub(crate) always: bool,
    pub(crate) stretches: Stretches,
    /// Frames of the last round.
    pub(crate) waiting: Vec<Captured>,
    pub(crate) tally: Tally,
    pub(crate) senders: Senders,
    pub(crate) seen: Seen,
    /// Samples that were lost before the last restart.
    pub(crate) lost_before: u64,
    pub(crate) sampled: Duration,
    /// When the rings were emptied last: what they hold has come since.
    pub(crate) drained: Instant,
    pub(crate) started: Instant,
    pub(crate) processor_time: Duration,
    pub(crate) counters: Counters,
    pub(crate) checks: Checks,
    pub(crate) suspects: Option<Suspects>,
    pub(crate) namespaces: Option<Namespaces>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) kept: HashMap<Key, Vec<Kept>>,
    pub(crate) kept_in_all: usize,
}

impl<'a> Watch<'a> {
    /// Opens the capture and, where it can be had, the sampling of senders.
    pub(crate) fn open(host: &'a Host, ask: Ask) -> Result<Self, Trouble> {
        let names: HashMap<u32, Text> = devices()
            .unwrap_or_default()
            .into_iter()
            .map(|device| (device.index, device.name))
            .collect();
        let device = index_of(&names, ask.device.as_ref())?;
        if !is_privileged() {
            return Err(Trouble::NoPrivilege);
        }
        let processors = processors(host);
        let capture = Capture::open(host, device, processors.len()).map_err(no_capture)?;
        let drained = Instant::now();
        let mut missing = Vec::new();
        let tracepoint = match Tracepoint::open(host, &processors) {
            Ok(tracepoint) => Some(tracepoint),
            Err(refused) => {
                let reason = format!("{}: {}", refused.detail, refused.reason);
                missing.push(Missing { path: Text::from(refused.path.as_bytes()), reason });
                None
            }
        };
        let loopback = names.iter().filter(|(_, name)| name.as_bytes() == b"lo");
        let loopback = loopback.map(|(&index, _)| index).filter(|&lo| device != Some(lo)).collect();
        Ok(Self {
            host,
            loopback,
            nets: local_nets(host),
            network: host.process(std::process::id()).and_then(|own| own.namespaces.network),
            join: Join::new(capture.rings()),
            capture,
            share: Share::ALL,
            share_before: (Share::ALL, 0),
            tracepoint,
            pace: Pace::new(),
            always: false,
            stretches: Stretches::new(now()),
            waiting: Vec::new(),
            tally: Tally::default(),
            senders: Senders::default(),
            seen: Seen { one_in: 1, ..Seen::default() },
            lost_before: 0,
            sampled: Duration::ZERO,
            drained,
            started: Instant::now(),
            processor_time: processor_time(),
            counters: Counters::read(host),
            checks: Checks::default(),
            suspects: None,
            namespaces: None,
            missing,
            names,
            ask,
            kept: HashMap::new(),
            kept_in_all: 0,
        })
    }

    /// The host.
    pub(crate) fn host(&self) -> &'a Host {
        self.host
    }

    /// Whether packets of this device are captured.
    pub(crate) fn watches(&self, index: u32) -> bool {
        let asked = self.ask.device.as_ref();
        let other = asked.is_some_and(|device| self.names.get(&index) != Some(device));
        !other && !self.loopback.contains(&index)
    }

    /// How much was looked at since the last question.
    pub(crate) fn looked_at(&self) -> Seen {
        let spent = processor_time().saturating_sub(self.processor_time);
        let elapsed = self.started.elapsed();
        let part = self.sampled.as_secs_f64() / elapsed.as_secs_f64().max(1e-3);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 1000
        let sampled_time = (part * 1000.0).clamp(0.0, 1000.0) as u32;
        Seen { ms: millis(elapsed), cpu_ms: millis(spent), sampled_time, ..self.seen.clone() }
    }

    pub(crate) fn missing(&self) -> Vec<Missing> {
        self.missing.clone()
    }

    /// Begins to count anew; what was learnt of senders stays.
    pub fn restart(&mut self) {
        self.tally.restart();
        self.seen = Seen { one_in: 1, ..Seen::default() };
        self.sampled = Duration::ZERO;
        self.checks = Checks::default();
        self.lost_before = self.tracepoint.as_ref().map_or(0, Tracepoint::lost);
        if self.tracepoint.is_none() {
            self.suspects = Some(Suspects::before(self.host));
            self.namespaces = Some(Namespaces::before(self.host));
        }
        self.counters = Counters::read(self.host);
        self.processor_time = processor_time();
        self.started = Instant::now();
    }
}

fn no_capture(refused: Refused) -> Trouble {
    Trouble::NoCapture { path: refused.path, reason: refused.reason, detail: refused.detail }
}

fn index_of(names: &HashMap<u32, Text>, wanted: Option<&Text>) -> Result<Option<u32>, Trouble> {
    let Some(wanted) = wanted else { return Ok(None) };
    let found = names.iter().find(|(_, name)| *name == wanted);
    if let Some((&index, _)) = found {
        return Ok(Some(index));
    }
    let mut known: Vec<String> = names.values().map(ToString::to_string).collect();
    known.sort();
    Err(Trouble::NoDevice(wanted.clone(), known.join(", ")))
}

/// Source addresses that packets of this network namespace may carry.
fn local_nets(host: &Host) -> LocalNets {
    let table = |name: &str| {
        let content = host.read(&HostPath::new(format!("/proc/net/{name}")), LONGEST_TABLE);
        content.map(|content| content.bytes).unwrap_or_default()
    };
    let mut nets = fib_trie(&table("fib_trie"));
    nets.merge(ipv4_routes(&table("route")));
    nets.merge(ipv6_routes(&table("ipv6_route")));
    nets.merge(inet6_addresses(&table("if_inet6")));
    nets
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
