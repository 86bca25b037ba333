//! Substitutions: scripts and arithmetic inside words.

use super::parser::Parser;
use super::word::{Draft, is_blank};
use super::{DEEPEST, Role, Script, UNKNOWN_OUTPUT, output, parse_within};

/// How far an arithmetic `$((..))` is looked for before it is taken for a substitution.
const LONGEST_ARITHMETIC: usize = 4096;

/// Substitutions: scripts inside words.
impl Parser<'_, '_> {
    /// What follows `$` and starts with `(`.
    pub(super) fn parenthesis(&mut self, draft: &mut Draft, in_quotes: bool) {
        if self.arithmetic() {
            draft.dynamic = true;
            draft.push(UNKNOWN_OUTPUT);
            return;
        }
        if self.depth >= DEEPEST {
            self.shared.truncated = true;
            draft.push(b'$');
            self.cursor.skip(1);
            return;
        }
        self.cursor.skip(1);
        let script = self.nested(b')');
        self.output(draft, script, in_quotes);
    }

    /// Skips `((..))` when one stands here.
    fn arithmetic(&mut self) -> bool {
        if !self.cursor.starts_with(b"((") {
            return false;
        }
        let mut depth = 0_u32;
        for (index, &byte) in self.cursor.rest().iter().take(LONGEST_ARITHMETIC).enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'\n' => return false,
                _ => {}
            }
            if depth == 1 && byte == b')' && self.cursor.peek_at(index + 1) == Some(b')') {
                self.cursor.skip(index + 2);
                return true;
            }
            if depth == 0 {
                return false;
            }
        }
        false
    }

    /// Uses the output of `script` as part of the word.
    fn output(&mut self, draft: &mut Draft, script: Script, in_quotes: bool) {
        let here = self.cursor.position();
        match output::of(&script) {
            Some(value) if in_quotes || draft.is_assignment() => {
                let end = value.iter().rposition(|&byte| byte != b'\n').map_or(0, |at| at + 1);
                draft.extend(value.get(..end).unwrap_or_default());
            }
            Some(value) => draft.extend_split(&value, here),
            None => {
                draft.dynamic = true;
                draft.push(UNKNOWN_OUTPUT);
            }
        }
        let place = self.words_so_far + draft.done.len();
        draft.inner.push((Role::Output(place), script));
    }

    pub(super) fn backticks(&mut self, draft: &mut Draft, in_quotes: bool) {
        let from = self.cursor.position();
        let mut text = Vec::new();
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'`' => break,
                b'\\' => match self.cursor.bump() {
                    Some(next @ (b'`' | b'\\' | b'$')) => text.push(next),
                    Some(b'"') if in_quotes => text.push(b'"'),
                    Some(next) => text.extend_from_slice(&[b'\\', next]),
                    None => {}
                },
                other => text.push(other),
            }
        }
        let at = self.spans(from).start..self.spans(self.cursor.position()).end;
        let script = parse_within(&text, self.shared, self.depth + 1, Some(&at));
        self.output(draft, script, in_quotes);
    }

    /// `<(..)` and `>(..)`.
    pub(super) fn process_substitution(&mut self, direction: u8, draft: &mut Draft) {
        self.cursor.skip(2);
        if self.depth >= DEEPEST {
            self.shared.truncated = true;
            return;
        }
        let script = self.nested(b')');
        let place = self.words_so_far + draft.done.len();
        let role = if direction == b'<' { Role::ReadFrom(place) } else { Role::WriteTo };
        draft.dynamic = true;
        draft.push(UNKNOWN_OUTPUT);
        draft.inner.push((role, script));
    }

    /// `NAME=(..)`: the elements, joined by blanks.
    pub(super) fn array(&mut self, draft: &mut Draft) {
        self.cursor.skip(1);
        if self.depth >= DEEPEST {
            self.shared.truncated = true;
            return;
        }
        draft.array = true;
        self.depth += 1;
        loop {
            self.cursor.take_while(|byte| is_blank(byte) || byte == b'\n');
            if self.cursor.at_end() || self.cursor.take(b")") {
                break;
            }
            let element = self.word();
            if element.words.is_empty() {
                self.cursor.skip(1);
            }
            for word in element.words {
                if !draft.text.ends_with(b"=") {
                    draft.push(b' ');
                }
                draft.extend(&word.text);
                draft.dynamic |= !word.known;
            }
            draft.inner.extend(element.inner.into_iter().map(|inner| (inner.role, inner.script)));
        }
        self.depth -= 1;
    }
}
