//! What one round brought: frames meet samples, and both are counted.

use coroner_host::capture::devices;
use coroner_parse::Text;
use coroner_parse::packet::Packet;
use coroner_parse::perf::Record;

use crate::captured::Captured;
use crate::clock::{now, offset};
use crate::join::Met;
use crate::pcapng::Kept;
use crate::tally::{Key, SURE, Sighting, UNSURE, WHOLE, Who};
use crate::watch::Watch;

/// How many packets came in a round: of those sent only what was looked at, of those received all.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// Frames of one round; more than the rings hold do not come.
const MOST_IN_ROUND: usize = 200_000;
/// Headers that are kept for evidence, in all and of one flow.
const MOST_KEPT: usize = 50_000;
const MOST_KEPT_OF_ONE: usize = 5_000;

impl Watch<'_> {
    /// Takes frames, then samples: a frame's sample is older than the frame, so it is there by then.
    pub(crate) fn drain(&mut self) -> Vec<Captured> {
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
        let mut samples = Vec::new();
        if let Some(tracepoint) = &mut self.tracepoint {
            let senders = &mut self.senders;
            tracepoint.drain(&mut |record| match record {
                Record::Sample(sample) => samples.push(sample),
                Record::Comm { pid, comm, .. } => senders.named(pid, comm),
                Record::Lost(_) | Record::Other => {}
            });
            self.seen.samples_lost = tracepoint.lost() - self.lost_before;
        }
        self.seen.samples += samples.len() as u64;
        self.join.set_offset(offset());
        let (host, network, senders) = (self.host, self.network, &mut self.senders);
        self.join.add(samples, &mut |origin| {
            let other = senders.network(host, origin);
            other.is_some() && other != network
        });
        frames
    }

    /// Takes what came.
    pub(crate) fn collect(&mut self) -> Came {
        let lost = self.capture.passed().lost;
        let mut frames = self.drain();
        let lost = self.capture.passed().lost - lost;
        let found = frames.len() as u64;
        // Packets that found no room were like those that did.
        let scale = |weight: u64| weight * (found + lost) / found.max(1);
        let mut came = Came::default();
        frames.retain_mut(|frame| {
            frame.weight = scale(self.stands_for(frame));
            if frame.outgoing {
                came.sent += 1;
                self.checks.captured(frame.device, frame.time, frame.length);
            } else {
                came.received += frame.weight / WHOLE;
            }
            frame.weight > 0 && !self.loopback.contains(&frame.device)
        });
        came.sent = scale(came.sent);
        self.seen.captured += frames.len() as u64;
        let most = frames.iter().map(|frame| frame.weight.div_ceil(WHOLE)).max().unwrap_or(1);
        self.seen.one_in = self.seen.one_in.max(u32::try_from(most).unwrap_or(u32::MAX));
        for frame in &mut frames {
            self.meet(frame);
        }
        // What no task was seen to send is told by its flow, whose first packet another ring may still hold.
        let mut before = std::mem::replace(&mut self.waiting, frames);
        // An answer lies in the first ring, and what it answers perhaps in another.
        before.sort_by_key(|frame| frame.time);
        for frame in before {
            self.take(frame);
        }
        self.join.forget_before(now());
        self.tally.forget_entries();
        self.seen.capture_lost += lost;
        came
    }

    /// Finds the sample of a frame that was sent.
    fn meet(&mut self, frame: &mut Captured) {
        if !frame.outgoing || self.tracepoint.is_none() {
            return;
        }
        let name = self.name(frame.device);
        let mut met = self.join.meet(frame.ring, &name, frame.length, frame.time);
        if let Met::Task(origin) | Met::Forwarded { origin, .. } = met {
            self.senders.note(self.host, origin);
        }
        if let Met::Forwarded { origin, same_name: true } = met
            && self.senders.network(self.host, origin) == self.network
        {
            met = Met::Kernel; // a task that sent by this very device: the address was used again
        }
        if let Some(packet) = &frame.packet {
            match met {
                Met::Task(origin) => self.tally.remember(packet, origin, SURE),
                Met::Forwarded { origin, .. } => self.tally.remember(packet, origin, UNSURE),
                Met::Kernel | Met::Nothing => {}
            }
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

    /// How many packets one stood for when it was captured, in parts; 0 between stretches.
    fn stands_for(&self, frame: &Captured) -> u64 {
        if frame.outgoing {
            return self.stretches.weight(frame.time).unwrap_or(0);
        }
        let (before, changed) = self.share_before;
        let share = if frame.time < changed { before } else { self.share };
        u64::from(share.stands_for()) * WHOLE
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
}
