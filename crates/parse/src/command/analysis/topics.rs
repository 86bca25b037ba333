//! Goes through the commands of a text in order and asks every topic about each.

use std::ops::Range;

use super::super::shell::{self, Command, Role, Script, Span};
use super::descriptors::Descriptors;
use super::walk::{MOST_INDICATORS, Walk};
use super::{
    Language, abuse, access, code, decode, defence, fetch, network, place, schedule, traces,
};

/// Text decoded out of decoded text is followed this far.
const MOST_DECODED: u8 = 3;

impl Walk<'_> {
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
            descriptors = descriptors.with(self.state.network);
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

    /// Analyses text that was decoded out of `span`.
    pub(super) fn decoded(&mut self, text: &[u8], span: &Span) {
        if self.level >= MOST_DECODED || !is_text(text) {
            return;
        }
        let mut inside = Walk::new(text);
        inside.level = self.level + 1;
        inside.outer_line = Some(self.line_of(span));
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
}

/// Compound commands whose input or output is a connection.
fn network_groups(script: &Script, inherited: Descriptors) -> Vec<(Range<usize>, Descriptors)> {
    let groups = script.groups.iter().filter_map(|group| {
        let descriptors = inherited.after(&group.redirects);
        (descriptors != inherited).then(|| (group.commands.clone(), descriptors))
    });
    groups.take(64).collect()
}

fn is_text(bytes: &[u8]) -> bool {
    let odd = |byte: &&u8| (byte.is_ascii_control() && !byte.is_ascii_whitespace()) || **byte == 0;
    !bytes.is_empty() && bytes.iter().filter(odd).count() * 16 <= bytes.len()
}
