//! Watching: rounds of capturing, sampling and reading, until the one who asked has seen enough.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use coroner_host::capture::{Capture, Share, devices};
use coroner_host::netfilter::Unseen as Refused;
use coroner_host::tracepoint::{Tracepoint, processors};
use coroner_host::{Host, HostPath, is_privileged};
use coroner_parse::Text;
use coroner_parse::packet::{
    LocalNets, Packet, fib_trie, inet6_addresses, ipv4_routes, ipv6_routes,
};
use coroner_parse::perf::Record;

use crate::counters::Counters;
use crate::join::{Join, Met};
use crate::pace::{Pace, ROUND, Sampling};
use crate::pcapng::Kept;
use crate::result::{Missing, Seen};
use crate::senders::Senders;
use crate::suspects::Suspects;
use crate::tally::{Key, Sighting, Tally, WHOLE, Who};

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

/// A frame that waits for the samples of its round.
#[derive(Debug)]
struct Captured {
    ring: usize,
    device: u32,
    time: u64,
    length: u32,
    outgoing: bool,
    packet: Option<Packet>,
    header: Option<(Vec<u8>, bool)>,
    /// How many packets it stands for, in parts.
    weight: u64,
    /// What its sample said; none when senders were not sampled.
    met: Option<Met>,
}

/// Frames of one round; more than the rings hold do not come.
const MOST_IN_ROUND: usize = 200_000;
/// Headers that are kept for evidence, in all and of one flow.
const MOST_KEPT: usize = 50_000;
const MOST_KEPT_OF_ONE: usize = 5_000;
/// At the edges of a stretch a packet and its sample may fall apart.
const EDGE: u64 = 300_000;
/// Stretches that frames may still belong to.
const MOST_STRETCHES: usize = 64;
const LONGEST_TABLE: usize = 4 << 20;

/// An observation under way.
pub struct Watch<'a> {
    host: &'a Host,
    ask: Ask,
    pub(crate) names: HashMap<u32, Text>,
    loopback: Vec<u32>,
    nets: LocalNets,
    /// The number of this network namespace.
    network: Option<u64>,
    capture: Capture,
    share: Share,
    /// The share before, and when it was changed.
    share_before: (Share, u64),
    tracepoint: Option<Tracepoint>,
    join: Join,
    pace: Pace,
    always: bool,
    stretches: VecDeque<(u64, u64)>,
    /// Frames of the last round.
    waiting: Vec<Captured>,
    pub(crate) tally: Tally,
    pub(crate) senders: Senders,
    pub(crate) seen: Seen,
    sampled: Duration,
    pub(crate) started: Instant,
    processor_time: Duration,
    pub(crate) counters: Counters,
    pub(crate) suspects: Option<Suspects>,
    missing: Vec<Missing>,
    kept: HashMap<Key, Vec<Kept>>,
    kept_in_all: usize,
}

impl<'a> Watch<'a> {
    /// Opens the capture and, where it can be had, the sampling of senders.
    ///
    /// # Errors
    /// Why nothing can be watched.
    pub fn start(host: &'a Host, ask: Ask) -> Result<Self, Trouble> {
        let no_capture = |refused: Refused| Trouble::NoCapture {
            path: refused.path,
            reason: refused.reason,
            detail: refused.detail,
        };
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
        let mut missing = Vec::new();
        let tracepoint = match Tracepoint::open(host, &processors) {
            Ok(tracepoint) => Some(tracepoint),
            Err(refused) => {
                let reason = format!("{}: {}", refused.detail, refused.reason);
                missing.push(Missing { path: Text::from(refused.path.as_bytes()), reason });
                None
            }
        };
        let suspects = tracepoint.is_none().then(|| Suspects::before(host));
        let loopback = names.iter().filter(|(_, name)| **name == Text::from("lo"));
        let loopback = loopback.map(|(&index, _)| index).filter(|&lo| device != Some(lo)).collect();
        let mut watch = Self {
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
            stretches: VecDeque::new(),
            waiting: Vec::new(),
            tally: Tally::default(),
            senders: Senders::default(),
            seen: Seen { one_in: 1, ..Seen::default() },
            sampled: Duration::ZERO,
            started: Instant::now(),
            processor_time: processor_time(),
            counters: Counters::read(host),
            suspects,
            missing,
            names,
            ask,
            kept: HashMap::new(),
            kept_in_all: 0,
        };
        watch.drain(); // what came while it was opened has no samples
        Ok(watch)
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

    /// One round, some 40 milliseconds.
    pub fn round(&mut self) {
        let begun = Instant::now();
        let samples = self.seen.samples;
        let sampled = match self.pace.sampling() {
            Sampling::Always => self.sample_always(),
            Sampling::Stretch { pause, length } => self.sample_stretch(pause, length),
        };
        std::thread::sleep(ROUND.saturating_sub(begun.elapsed()));
        let sampled = if self.always { begun.elapsed() } else { sampled };
        self.sampled += sampled;
        let passed = self.collect();
        self.pace.round(self.seen.samples - samples, sampled, passed, begun.elapsed());
        let share = self.pace.share();
        if share != self.share && self.capture.keep(share).is_ok() {
            self.share_before = (self.share, now());
            self.share = share;
            self.seen.one_in = self.seen.one_in.max(share.stands_for());
        }
    }

    fn sample_always(&mut self) -> Duration {
        if let Some(tracepoint) = self.tracepoint.as_ref().filter(|_| !self.always) {
            tracepoint.enable();
            self.always = true;
            self.begin_stretch();
        }
        Duration::ZERO
    }

    fn sample_stretch(&mut self, pause: Duration, length: Duration) -> Duration {
        let Some(tracepoint) = &self.tracepoint else { return Duration::ZERO };
        if self.always {
            tracepoint.disable();
            self.always = false;
            end_stretch(&mut self.stretches);
        }
        std::thread::sleep(pause);
        tracepoint.enable();
        let begun = Instant::now();
        self.begin_stretch();
        std::thread::sleep(length);
        if let Some(tracepoint) = &self.tracepoint {
            tracepoint.disable();
        }
        end_stretch(&mut self.stretches);
        begun.elapsed()
    }

    fn begin_stretch(&mut self) {
        if self.stretches.len() >= MOST_STRETCHES {
            self.stretches.pop_front();
        }
        self.stretches.push_back((now() + EDGE, u64::MAX));
    }

    /// Whether senders were sampled when a frame passed.
    fn was_sampled(&self, time: u64) -> bool {
        self.stretches.iter().any(|&(from, until)| (from..until).contains(&time))
    }

    /// Takes frames, then samples: a frame's sample is older than the frame, so it is there by then.
    fn drain(&mut self) -> Vec<Captured> {
        let keep = self.ask.keep_headers;
        let mut frames = Vec::new();
        self.capture.drain(&mut |ring, frame| {
            if frames.len() >= MOST_IN_ROUND {
                return;
            }
            let ethernet = frame.has_ethernet();
            let packet = if ethernet {
                Packet::in_ethernet(frame.bytes)
            } else {
                Packet::in_protocol(frame.protocol, frame.bytes)
            };
            frames.push(Captured {
                ring,
                device: frame.device,
                time: frame.time,
                length: frame.length,
                outgoing: frame.outgoing,
                packet,
                header: keep.then(|| (frame.bytes.to_vec(), ethernet)),
                weight: WHOLE,
                met: None,
            });
        });
        self.seen.captured += frames.len() as u64;
        let mut samples = Vec::new();
        if let Some(tracepoint) = &mut self.tracepoint {
            let senders = &mut self.senders;
            tracepoint.drain(&mut |record| match record {
                Record::Sample(sample) => samples.push(sample),
                Record::Comm { pid, comm, .. } => senders.named(pid, comm),
                Record::Lost(_) | Record::Other => {}
            });
            self.seen.samples_lost = tracepoint.lost();
        }
        self.seen.samples += samples.len() as u64;
        self.join.set_offset(clock_offset());
        self.join.add(samples);
        frames
    }

    /// Takes what came, and says how many packets that stands for.
    fn collect(&mut self) -> u64 {
        let lost = self.capture.passed().lost;
        let mut frames = self.drain();
        let lost = self.capture.passed().lost - lost;
        let found = frames.len() as u64;
        frames.retain(|frame| !self.loopback.contains(&frame.device));
        let mut passed = 0;
        for frame in &mut frames {
            // Packets that found no room were like those that did.
            frame.weight = self.stands_for(frame.time) * WHOLE * (found + lost) / found.max(1);
            passed += frame.weight;
            self.meet(frame);
        }
        // What no task was seen to send is told by its flow, whose first packet another ring may still hold.
        for frame in std::mem::replace(&mut self.waiting, frames) {
            self.take(frame);
        }
        self.join.forget_before(now());
        self.tally.forget_entries();
        self.seen.capture_lost += lost;
        passed / WHOLE
    }

    /// Finds the sample of a frame that was sent while senders were sampled.
    fn meet(&mut self, frame: &mut Captured) {
        if !frame.outgoing || !self.was_sampled(frame.time) {
            return;
        }
        let name = self.name(frame.device);
        let mut met = self.join.meet(frame.ring, &name, frame.length, frame.time);
        if let Met::Task(origin) | Met::Forwarded { origin, .. } = met {
            self.senders.note(self.host, origin);
        }
        if let (Met::Task(origin), Some(packet)) = (met, &frame.packet) {
            self.tally.remember(packet, origin);
        }
        if let Met::Forwarded { origin, same_name: true } = met
            && self.senders.network(origin.pid) == self.network
        {
            met = Met::Kernel; // a task that sent by this very device: the address was used again
        }
        frame.met = Some(met);
    }

    /// A device's name; one that is new since the start is asked for.
    fn name(&mut self, device: u32) -> Text {
        if !self.names.contains_key(&device) {
            let now = devices().unwrap_or_default().into_iter();
            self.names.extend(now.map(|device| (device.index, device.name)));
        }
        self.names.entry(device).or_default().clone()
    }

    /// How many packets one stood for when it was captured.
    fn stands_for(&self, time: u64) -> u64 {
        let (before, changed) = self.share_before;
        u64::from(if time < changed { before } else { self.share }.stands_for())
    }

    fn take(&mut self, frame: Captured) {
        let mut sighting = Sighting {
            device: frame.device,
            packet: frame.packet,
            length: frame.length,
            weight: frame.weight,
            who: None,
        };
        if !frame.outgoing {
            self.tally.received(&sighting);
            return;
        }
        let name = self.name(frame.device);
        sighting.who = frame.met.map(|met| self.who(&frame, met));
        let key = self.tally.sent(&sighting, name.as_bytes(), &self.nets);
        self.keep(key, frame, &name);
    }

    fn who(&mut self, frame: &Captured, met: Met) -> Who {
        self.seen.asked += 1;
        if let Met::Task(origin) = met {
            return Who::Process(origin.pid);
        }
        let packet = frame.packet.as_ref();
        if let Some(origin) = packet.and_then(|packet| self.tally.flow_of(packet)) {
            return Who::Process(origin.pid);
        }
        if let Met::Forwarded { origin, .. } = met {
            return Who::Forwarded(origin.pid);
        }
        let entered = packet.and_then(|packet| self.tally.entered_by(packet));
        if let Some(device) = entered.filter(|&device| device != frame.device) {
            return Who::Behind(device);
        }
        if met == Met::Kernel {
            return Who::Kernel;
        }
        self.seen.unmatched += 1;
        Who::Unknown
    }

    fn keep(&mut self, key: Key, frame: Captured, name: &Text) {
        let Some((bytes, ethernet)) = frame.header else { return };
        let of_one = self.kept.entry(key).or_default();
        if of_one.len() >= MOST_KEPT_OF_ONE || self.kept_in_all >= MOST_KEPT {
            return;
        }
        self.kept_in_all += 1;
        let device = name.as_bytes().to_vec();
        of_one.push(Kept { time: frame.time, length: frame.length, bytes, ethernet, device });
    }

    /// The kept headers of flows that `wanted` chooses, in the order of time.
    pub(crate) fn headers(&self, wanted: impl Fn(&Key) -> bool) -> Vec<Kept> {
        let kept = self.kept.iter().filter(|(key, _)| wanted(key));
        let mut all: Vec<Kept> = kept.flat_map(|(_, packets)| packets.iter().cloned()).collect();
        all.sort_by_key(|packet| packet.time);
        all
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

    /// Takes what has been captured to the end; nothing is watched after it.
    pub fn settle(&mut self) {
        if let Some(tracepoint) = &self.tracepoint {
            tracepoint.disable();
        }
        for _ in 0..2 {
            self.collect();
        }
    }

    /// Begins to count anew; what was learnt of senders stays.
    pub fn restart(&mut self) {
        let one_in = self.share.stands_for();
        self.tally.restart();
        self.seen = Seen { one_in, ..Seen::default() };
        self.sampled = Duration::ZERO;
        self.started = Instant::now();
        self.processor_time = processor_time();
        self.counters = Counters::read(self.host);
    }
}

fn end_stretch(stretches: &mut VecDeque<(u64, u64)>) {
    if let Some((_, until)) = stretches.back_mut() {
        *until = now();
    }
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

fn nanoseconds(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000) + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Nanoseconds since 1970, the clock of captured packets.
fn now() -> u64 {
    nanoseconds(rustix::time::ClockId::Realtime)
}

/// From the clock of samples to that of captured packets.
fn clock_offset() -> i128 {
    i128::from(now()) - i128::from(nanoseconds(rustix::time::ClockId::Monotonic))
}

/// Processor time of this process.
fn processor_time() -> Duration {
    Duration::from_nanos(nanoseconds(rustix::time::ClockId::ProcessCPUTime))
}
