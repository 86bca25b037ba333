//! Lists of commands: separators, pipes, reserved words, simple commands.

use super::builder::{Builder, Opener};
use super::parser::Parser;
use super::redirect::{Form, Operator, operator, redirect};
use super::variables::assignment_name;
use super::word::{Words, is_blank, is_metacharacter};
use super::{
    Assignment, Command, DEEPEST, Inner, Role, Script, UNKNOWN_OUTPUT, Word, hand_over,
    parse_within, wrapper,
};

/// What a reserved word makes of the command being read.
pub(super) enum Reserved {
    /// It is an ordinary word.
    No,
    /// It is put aside and the command goes on.
    Skipped,
    /// It ends what was being read.
    Ended,
}

impl Parser<'_, '_> {
    /// A script inside, up to `until`.
    pub(super) fn nested(&mut self, until: u8) -> Script {
        let words_so_far = std::mem::take(&mut self.words_so_far);
        self.depth += 1;
        let script = self.script(Some(until));
        self.depth -= 1;
        self.words_so_far = words_so_far;
        script
    }

    /// Commands up to `until`, or to the end.
    pub(super) fn script(&mut self, until: Option<u8>) -> Script {
        let mut builder = Builder::default();
        loop {
            self.blanks();
            let Some(byte) = self.cursor.peek() else { break };
            if matches!(builder.innermost(), Some(Opener::Case { pattern: true })) {
                self.pattern(&mut builder);
                continue;
            }
            match byte {
                b')' => {
                    self.cursor.skip(1);
                    if builder.close(|kind| kind == Opener::Parenthesis) {
                        self.group_redirects(&mut builder);
                    } else if until == Some(b')') {
                        break;
                    }
                }
                b'(' => self.open_parenthesis(&mut builder),
                b'\n' | b';' | b'|' => self.separator(byte, &mut builder),
                b'&' if self.cursor.peek_at(1) != Some(b'>') => {
                    self.separator(byte, &mut builder);
                }
                _ => self.command(&mut builder),
            }
        }
        builder.finish()
    }

    fn open_parenthesis(&mut self, builder: &mut Builder) {
        if self.cursor.starts_with(b"((") {
            let line = self.cursor.rest();
            let close = memchr::memmem::find(line.get(..4096).unwrap_or(line), b"))");
            let newline = memchr::memchr(b'\n', line).unwrap_or(line.len());
            if let Some(close) = close.filter(|&close| close < newline) {
                self.cursor.skip(close + 2);
                return;
            }
        }
        self.cursor.skip(1);
        builder.open(Opener::Parenthesis);
    }

    fn separator(&mut self, byte: u8, builder: &mut Builder) {
        self.cursor.skip(1);
        match byte {
            b'\n' => {
                self.here_documents.skip_bodies(&mut self.cursor);
                builder.separator();
            }
            b';' => {
                if self.cursor.take(b";") | self.cursor.take(b"&") {
                    builder.set_pattern(true);
                }
                builder.separator();
            }
            b'&' if self.cursor.take(b"&") => builder.separator(),
            b'&' => builder.background(),
            _ if self.cursor.take(b"|") => builder.separator(),
            _ => {
                self.cursor.take(b"&");
                builder.pipe();
            }
        }
    }

    /// Blanks, continued lines and comments.
    fn blanks(&mut self) {
        loop {
            self.cursor.take_while(is_blank);
            if self.cursor.take(b"\\\n") || self.cursor.take(b"\\\r\n") {
                continue;
            }
            if self.cursor.peek() != Some(b'#') {
                return;
            }
            self.cursor.take_while(|byte| byte != b'\n');
        }
    }

    /// A pattern of `case`, up to its `)`.
    fn pattern(&mut self, builder: &mut Builder) {
        let from = self.cursor.position();
        match self.cursor.peek() {
            Some(b')') => {
                self.cursor.skip(1);
                builder.set_pattern(false);
            }
            Some(byte) if is_metacharacter(byte) => self.cursor.skip(1),
            _ => {
                let words = self.word();
                if matches!(words.words.as_slice(), [only] if only.text == b"esac") {
                    builder.close(|kind| matches!(kind, Opener::Case { .. }));
                    self.group_redirects(builder);
                }
            }
        }
        if self.cursor.position() == from {
            self.cursor.skip(1);
        }
    }

    pub(super) fn group_redirects(&mut self, builder: &mut Builder) {
        let mut command = Command::default();
        loop {
            self.cursor.take_while(is_blank);
            let Some(found) = operator(&mut self.cursor) else { break };
            self.redirect(&found, &mut command);
        }
        builder.redirect_group(command.redirects);
    }

    fn redirect(&mut self, found: &Operator, command: &mut Command) {
        self.cursor.take_while(is_blank);
        let mut words = self.word();
        command.inner.append(&mut words.inner);
        let mut target = words.words.into_iter().next().unwrap_or_default();
        if let Form::HereDocument { strip_tabs } = found.how {
            target.text = self.here_documents.body(&self.cursor, &target.text, strip_tabs);
        }
        command.redirects.push(redirect(found, target));
    }

    /// A simple command, or a reserved word.
    fn command(&mut self, builder: &mut Builder) {
        let from = self.cursor.position();
        let mut command = Command::default();
        loop {
            self.cursor.take_while(is_blank);
            if self.cursor.take(b"\\\n") {
                continue;
            }
            if let Some(found) = operator(&mut self.cursor) {
                self.redirect(&found, &mut command);
                continue;
            }
            let process = self.cursor.starts_with(b"<(") || self.cursor.starts_with(b">(");
            match self.cursor.peek() {
                Some(b'(') if command.words.len() == 1 => return self.function(builder),
                Some(b'#') => {
                    self.cursor.take_while(|byte| byte != b'\n');
                    break;
                }
                Some(byte) if process || !is_metacharacter(byte) => {}
                _ => break,
            }
            match self.next_word(&mut command, builder) {
                Reserved::Ended => return,
                Reserved::No | Reserved::Skipped => {}
            }
        }
        let to = self.cursor.position();
        if to == from {
            self.cursor.skip(1);
        }
        command.span = self.spans(from).start..self.spans(to).end;
        self.finish(command, builder);
    }

    /// `name()`: a definition; the body is read as if it ran.
    fn function(&mut self, builder: &mut Builder) {
        self.cursor.skip(1);
        self.cursor.take_while(is_blank);
        if !self.cursor.take(b")") {
            builder.open(Opener::Parenthesis);
        }
    }

    fn next_word(&mut self, command: &mut Command, builder: &mut Builder) -> Reserved {
        let from = self.cursor.position();
        self.words_so_far = command.words.len();
        let words = self.word();
        if self.cursor.position() == from {
            self.cursor.skip(1);
            return Reserved::No;
        }
        let first = command.words.is_empty() && command.redirects.is_empty();
        if first && command.assignments.is_empty() && !words.quoted {
            let reserved = self.reserved(&words, builder);
            if !matches!(reserved, Reserved::No) {
                return reserved;
            }
        }
        let raw = self.cursor.slice(from, from.saturating_add(256));
        if command.words.is_empty() && assignment_name(raw).is_some() {
            self.assignment(words, command);
        } else {
            command.words.extend(words.words);
            command.inner.extend(words.inner);
        }
        Reserved::No
    }

    fn assignment(&mut self, words: Words, command: &mut Command) {
        let inner = words.inner.into_iter().map(|inner| match inner.role {
            Role::Output(_) => Inner { role: Role::Output(usize::MAX), ..inner },
            _ => inner,
        });
        command.inner.extend(inner);
        for word in words.words {
            self.assign(&word, words.array, command);
        }
    }

    /// Notes `NAME=value`, for the command and for the text after it.
    fn assign(&mut self, word: &Word, array: bool, command: &mut Command) {
        let Some((length, append)) = assignment_name(&word.text) else { return };
        let name = word.text.get(..length).unwrap_or_default();
        let value = word.text.get(length + 1 + usize::from(append)..).unwrap_or_default();
        let variables = &mut self.shared.variables;
        if value.contains(&UNKNOWN_OUTPUT) {
            variables.forget(name);
        } else if append {
            variables.append(name, value);
        } else {
            variables.set(name, value, array);
        }
        command.assignments.push(Assignment { name: name.to_vec(), value: value.to_vec() });
    }

    fn finish(&mut self, mut command: Command, builder: &mut Builder) {
        let empty = command.words.is_empty() && command.assignments.is_empty();
        if empty && command.redirects.is_empty() && command.inner.is_empty() {
            return;
        }
        if self.shared.commands_left == 0 {
            self.shared.truncated = true;
            return;
        }
        self.shared.commands_left -= 1;
        self.exports(&mut command);
        wrapper::set_program(&mut command);
        if self.depth < DEEPEST {
            for (role, text) in hand_over::texts(&command) {
                let script = parse_within(&text, self.shared, self.depth + 1, Some(&command.span));
                command.inner.push(Inner { role, script });
            }
        }
        builder.command(command);
    }

    /// `export NAME=value` and its kin assign too.
    fn exports(&mut self, command: &mut Command) {
        const EXPORTS: [&[u8]; 5] = [b"export", b"declare", b"typeset", b"local", b"readonly"];
        let Some(first) = command.words.first() else { return };
        if EXPORTS.contains(&first.text.as_slice()) {
            for word in command.words.clone().iter().skip(1) {
                self.assign(word, false, command);
            }
        }
    }
}
