//! Puts commands together to pipelines and groups.

use std::ops::Range;

use super::{Command, Group, Redirect, Script};

/// Nesting of compound commands that is followed.
const DEEPEST_GROUP: usize = 200;

/// A compound command that is not closed yet.
#[derive(Debug)]
struct Open {
    kind: Opener,
    first: usize,
    outer: Pipe,
}

/// What opened a compound command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    /// `(`
    Parenthesis,
    /// `{`, `if`, loops: closed by a word.
    Word,
    /// `case`: patterns stand where commands are expected.
    Case { pattern: bool },
}

/// The pipeline being read.
#[derive(Debug, Default)]
struct Pipe {
    stages: Vec<Range<usize>>,
    /// The last token was `|`.
    expecting: bool,
}

#[derive(Debug, Default)]
pub(super) struct Builder {
    script: Script,
    open: Vec<Open>,
    pipe: Pipe,
}

impl Builder {
    pub(super) fn command(&mut self, command: Command) {
        let at = self.script.commands.len();
        self.script.commands.push(command);
        self.stage(at..at + 1);
    }

    fn stage(&mut self, range: Range<usize>) {
        if !self.pipe.expecting {
            self.flush();
        }
        self.pipe.expecting = false;
        self.pipe.stages.push(range);
    }

    fn flush(&mut self) {
        let stages = std::mem::take(&mut self.pipe.stages);
        if stages.len() > 1 {
            self.script.pipelines.push(stages);
        }
    }

    pub(super) fn pipe(&mut self) {
        self.pipe.expecting = !self.pipe.stages.is_empty();
    }

    /// `;`, `&&`, a newline that ends a command.
    pub(super) fn separator(&mut self) {
        if !self.pipe.expecting {
            self.flush();
        }
    }

    /// `&`: what was read last runs in the background.
    pub(super) fn background(&mut self) {
        if let Some(last) = self.pipe.stages.last().cloned() {
            for command in self.script.commands.get_mut(last).into_iter().flatten() {
                command.background = true;
            }
        }
        self.separator();
    }

    pub(super) fn open(&mut self, kind: Opener) {
        if self.open.len() >= DEEPEST_GROUP {
            self.script.truncated = true;
            return;
        }
        let outer = std::mem::take(&mut self.pipe);
        self.open.push(Open { kind, first: self.script.commands.len(), outer });
    }

    /// Closes the innermost compound command, when `kind` fits.
    pub(super) fn close(&mut self, fits: impl Fn(Opener) -> bool) -> bool {
        let Some(open) = self.open.pop_if(|open| fits(open.kind)) else { return false };
        self.flush();
        self.pipe = open.outer;
        let range = open.first..self.script.commands.len();
        if !range.is_empty() {
            self.stage(range);
        }
        true
    }

    /// Redirections after `}`, `)`, `done`.
    pub(super) fn redirect_group(&mut self, redirects: Vec<Redirect>) {
        let Some(range) = self.pipe.stages.last().cloned() else { return };
        if !redirects.is_empty() {
            self.script.groups.push(Group { commands: range, redirects });
        }
    }

    pub(super) fn innermost(&self) -> Option<Opener> {
        self.open.last().map(|open| open.kind)
    }

    pub(super) fn set_pattern(&mut self, expected: bool) {
        if let Some(Opener::Case { pattern }) = self.open.last_mut().map(|open| &mut open.kind) {
            *pattern = expected;
        }
    }

    pub(super) fn finish(mut self) -> Script {
        while self.close(|_| true) {}
        self.flush();
        self.script
    }
}
