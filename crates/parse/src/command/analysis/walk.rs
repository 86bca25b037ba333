//! Goes through the commands of a text in order and asks every topic about each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::shell::{self, Command, How, Redirect, Role, Script, Span};
use super::{
    Analysis, Indicator, Kind, Language, Strength, abuse, access, code, decode, defence, fetch,
    network, place, schedule, traces,
};
use crate::Text;

/// More indicators than this tell nothing more.
const MOST_INDICATORS: usize = 256;
/// Evidence is cut here.
const LONGEST_EVIDENCE: usize = 240;
/// Text decoded out of decoded text is followed this far.
const MOST_DECODED: u8 = 3;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Fetched,
    Decoded,
}

/// What earlier commands of the text did.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Descriptors that `exec` tied to a network address.
    pub(super) network: Descriptors,
    /// Files that were fetched, as written.
    pub(super) fetched: Vec<fetch::Fetched>,
    /// Files that decoded text was written to.
    pub(super) decoded: Vec<Vec<u8>>,
    /// Variables that hold fetched or decoded text.
    pub(super) tainted: BTreeMap<Vec<u8>, Origin>,
    /// Variables filled by `read`.
    pub(super) read: BTreeSet<Vec<u8>>,
    /// Something was connected to `/dev/tcp` at all.
    pub(super) connected: Option<Span>,
    /// Commands that were run from a variable filled by `read`.
    pub(super) ran_read: Option<Span>,
    /// Where `cd` went last.
    pub(super) directory: Option<Vec<u8>>,
    /// Firewall rules removed, and added.
    pub(super) flushed: Option<Span>,
    pub(super) firewall_rules: u32,
    /// Programs of others that were killed.
    pub(super) rivals: u32,
}

/// A set of descriptors 0 to 15.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Descriptors(u16);

impl Descriptors {
    pub(super) fn has(self, descriptor: u32) -> bool {
        1_u16.checked_shl(descriptor).is_some_and(|bit| self.0 & bit != 0)
    }

    fn set(&mut self, descriptor: u32, is_network: bool) {
        // Descriptors that bash picks, and high ones, share the last place.
        let bit = 1_u16 << descriptor.min(15);
        self.0 = if is_network { self.0 | bit } else { self.0 & !bit };
    }

    fn copied(self, from: &[u8]) -> bool {
        let text = from.strip_suffix(b"-").unwrap_or(from);
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok());
        // `>&$fd`: which one is not known, but it is the one that was opened.
        self.has(number.unwrap_or(10).min(15)) || (number.is_none() && self.0 != 0)
    }

    /// What the redirections make of the descriptors, one after the other.
    pub(super) fn after(mut self, redirects: &[Redirect]) -> Self {
        for redirect in redirects {
            let is_network = match redirect.how {
                How::Copy => self.copied(&redirect.target.text),
                How::Text => false,
                _ => is_network_file(&redirect.target.text),
            };
            self.set(redirect.descriptor, is_network);
            if redirect.both {
                self.set(2, is_network);
            }
        }
        self
    }
}

/// bash(1), "Redirection": files that are connections.
pub(super) fn is_network_file(path: &[u8]) -> bool {
    path.starts_with(b"/dev/tcp/") || path.starts_with(b"/dev/udp/")
}

#[derive(Debug)]
pub(super) struct Walk<'a> {
    source: &'a [u8],
    /// Texts that were decoded to get to `source`.
    level: u8,
    /// Where the outermost text holds what was decoded.
    outer_line: Option<u32>,
    pub(super) state: State,
    found: Vec<Indicator>,
    detached: bool,
    truncated: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Self {
            source,
            level: 0,
            outer_line: None,
            state: State::default(),
            found: Vec::new(),
            detached: false,
            truncated: false,
        }
    }

    /// Shell text.
    pub(super) fn text(&mut self, text: &[u8]) {
        let script = shell::parse(text);
        self.truncated |= script.truncated;
        self.script(&script, Descriptors::default());
        network::conclude(self);
        defence::conclude(self);
        abuse::conclude(self);
    }

    fn script(&mut self, script: &Script, inherited: Descriptors) {
        let groups = network_groups(script, inherited);
        for (index, command) in script.commands.iter().enumerate() {
            let around = groups.iter().rev().find(|(range, _)| range.contains(&index));
            let mut descriptors = around.map_or(inherited, |(_, descriptors)| *descriptors);
            descriptors.0 |= self.state.network.0;
            let own = descriptors.after(&command.redirects);
            for inner in &command.inner {
                let passed = if inner.role == Role::Run { own } else { Descriptors::default() };
                self.script(&inner.script, passed);
            }
            self.detached |= command.background;
            self.command(command, own);
        }
        for stages in &script.pipelines {
            network::pipeline(script, stages, self);
            fetch::pipeline(script, stages, self);
            decode::pipeline(script, stages, self);
            schedule::pipeline(script, stages, self);
            abuse::pipeline(script, stages, self);
        }
    }

    fn command(&mut self, command: &Command, descriptors: Descriptors) {
        network::command(command, descriptors, self);
        code::command(command, self);
        fetch::command(command, self);
        decode::command(command, self);
        place::command(command, self);
        traces::command(command, self);
        access::command(command, self);
        defence::command(command, self);
        schedule::command(command, self);
        abuse::command(command, self);
    }

    /// Notes an indicator at a place of the source.
    pub(super) fn raise(
        &mut self,
        kind: Kind,
        strength: Strength,
        technique: &'static str,
        span: &Span,
    ) {
        if self.found.len() >= MOST_INDICATORS {
            self.truncated = true;
            return;
        }
        let evidence = self.source.get(span.clone()).unwrap_or_default().trim_ascii();
        let evidence = Text::from(evidence.get(..LONGEST_EVIDENCE).unwrap_or(evidence));
        let line = self.outer_line.unwrap_or_else(|| line_of(self.source, span.start));
        let decoded = self.level > 0;
        let same = |other: &Indicator| {
            (other.kind, other.technique, other.line) == (kind, technique, line)
        };
        if !self.found.iter().any(same) {
            self.found.push(Indicator { kind, strength, technique, evidence, line, decoded });
        }
    }

    /// Analyses text that was decoded out of `span`.
    pub(super) fn decoded(&mut self, text: &[u8], span: &Span) {
        if self.level >= MOST_DECODED || !is_text(text) {
            return;
        }
        let mut inside = Walk::new(text);
        inside.level = self.level + 1;
        let line = self.outer_line.unwrap_or_else(|| line_of(self.source, span.start));
        inside.outer_line = Some(line);
        match Language::of(text) {
            Language::Binary | Language::Other => {}
            Language::Shell => inside.text(text),
            other => code::whole(other, text, &mut inside),
        }
        // Code without a first line that tells: any of the interpreters may be meant.
        code::any(text, &mut inside);
        let room = MOST_INDICATORS.saturating_sub(self.found.len());
        self.found.extend(inside.found.into_iter().take(room));
        self.truncated |= inside.truncated;
    }

    /// The whole source, as a place.
    pub(super) fn everything(&self) -> Span {
        0..self.source.len()
    }

    pub(super) fn finish(mut self) -> Analysis {
        self.found.sort_by(|a, b| {
            (b.strength, a.kind, a.line, a.technique).cmp(&(
                a.strength,
                b.kind,
                b.line,
                b.technique,
            ))
        });
        Analysis { indicators: self.found, detached: self.detached, truncated: self.truncated }
    }
}

/// Compound commands whose input or output is a connection.
fn network_groups(script: &Script, inherited: Descriptors) -> Vec<(Range<usize>, Descriptors)> {
    let groups = script.groups.iter().filter_map(|group| {
        let descriptors = inherited.after(&group.redirects);
        (descriptors != inherited).then(|| (group.commands.clone(), descriptors))
    });
    groups.take(64).collect()
}

fn line_of(source: &[u8], position: usize) -> u32 {
    let before = source.get(..position).unwrap_or(source);
    u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX).saturating_add(1)
}

fn is_text(bytes: &[u8]) -> bool {
    let odd = |byte: &&u8| (byte.is_ascii_control() && !byte.is_ascii_whitespace()) || **byte == 0;
    !bytes.is_empty() && bytes.iter().filter(odd).count() * 16 <= bytes.len()
}

/// The commands of a stage.
pub(super) fn stage<'a>(script: &'a Script, range: &Range<usize>) -> &'a [Command] {
    script.commands.get(range.clone()).unwrap_or_default()
}

/// From the first to the last stage.
pub(super) fn pipeline_span(script: &Script, stages: &[Range<usize>]) -> Span {
    let ends = |range: &Range<usize>| {
        let commands = stage(script, range);
        Some((commands.first()?.span.start, commands.last()?.span.end))
    };
    let first = stages.first().and_then(ends).map_or(0, |(start, _)| start);
    let last = stages.last().and_then(ends).map_or(first, |(_, end)| end);
    first..last.max(first)
}
