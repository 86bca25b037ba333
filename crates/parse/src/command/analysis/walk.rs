//! A text on the way through its commands: where it stands, and what was noted of it.

use super::super::shell::Span;
use super::state::State;
use super::{Analysis, Indicator, Kind, Strength};
use crate::Text;

/// More indicators than this tell nothing more.
pub(super) const MOST_INDICATORS: usize = 256;
/// Evidence is cut here.
const LONGEST_EVIDENCE: usize = 240;

/// Shared by all topics.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) source: &'a [u8],
    /// Texts that were decoded to get to `source`.
    pub(super) level: u8,
    /// Where the outermost text holds what was decoded.
    pub(super) outer_line: Option<u32>,
    pub(super) state: State,
    pub(super) found: Vec<Indicator>,
    pub(super) detached: bool,
    pub(super) truncated: bool,
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
        let line = self.line_of(span);
        let decoded = self.level > 0;
        let same = |other: &Indicator| {
            (other.kind, other.technique, other.line) == (kind, technique, line)
        };
        if !self.found.iter().any(same) {
            self.found.push(Indicator { kind, strength, technique, evidence, line, decoded });
        }
    }

    /// The line of the outermost text that a place of the source is on.
    pub(super) fn line_of(&self, span: &Span) -> u32 {
        self.outer_line.unwrap_or_else(|| line_of(self.source, span.start))
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

fn line_of(source: &[u8], position: usize) -> u32 {
    let before = source.get(..position).unwrap_or(source);
    u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX).saturating_add(1)
}
