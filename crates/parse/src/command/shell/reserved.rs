//! Reserved words: what opens and closes compound commands.

use super::builder::{Builder, Opener};
use super::list::Reserved;
use super::parser::Parser;
use super::word::{Words, is_blank, is_metacharacter};
use super::{Command, Inner};

/// Reserved words (POSIX XCU 2.4).
impl Parser<'_, '_> {
    pub(super) fn reserved(&mut self, words: &Words, builder: &mut Builder) -> Reserved {
        let [word] = words.words.as_slice() else { return Reserved::No };
        match word.text.as_slice() {
            b"!" | b"time" | b"coproc" => return Reserved::Skipped,
            b"if" | b"while" | b"until" | b"{" => builder.open(Opener::Word),
            b"then" | b"elif" | b"else" | b"do" => builder.separator(),
            b"fi" | b"done" | b"}" => {
                if !builder.close(|kind| kind == Opener::Word) {
                    return Reserved::No;
                }
                self.group_redirects(builder);
            }
            b"for" | b"select" => self.for_header(builder),
            b"case" => self.case_header(builder),
            b"function" => {
                self.cursor.take_while(is_blank);
                self.word();
                self.cursor.take_while(is_blank);
                let _ = self.cursor.take(b"()");
            }
            b"[[" => self.condition(builder),
            _ => return Reserved::No,
        }
        Reserved::Ended
    }

    /// `for NAME in WORD..`: the name holds the first word from here on.
    fn for_header(&mut self, builder: &mut Builder) {
        builder.open(Opener::Word);
        let mut header = Vec::new();
        let mut inner = Vec::new();
        loop {
            self.cursor.take_while(is_blank);
            if self.cursor.take(b"\\\n") {
                continue;
            }
            if self.cursor.peek().is_none_or(is_metacharacter) {
                break;
            }
            let from = self.cursor.position();
            let mut words = self.word();
            inner.append(&mut words.inner);
            header.extend(words.words);
            if self.cursor.position() == from {
                self.cursor.skip(1);
            }
        }
        if let [name, _, first, ..] = header.as_slice()
            && first.known
        {
            self.shared.variables.set(&name.text, &first.text, false);
        }
        self.hold(inner, builder);
    }

    /// `case WORD in`.
    fn case_header(&mut self, builder: &mut Builder) {
        builder.open(Opener::Case { pattern: false });
        self.cursor.take_while(is_blank);
        let inner = self.word().inner;
        self.hold(inner, builder);
        self.cursor.take_while(|byte| is_blank(byte) || byte == b'\n');
        if self.cursor.take(b"in") {
            builder.set_pattern(true);
        }
    }

    /// `[[ .. ]]`, where `<`, `>`, `(` and `|` mean something else.
    fn condition(&mut self, builder: &mut Builder) {
        let mut inner = Vec::new();
        while !self.cursor.at_end() {
            let from = self.cursor.position();
            let mut words = self.word();
            inner.append(&mut words.inner);
            if matches!(words.words.as_slice(), [only] if only.text == b"]]") {
                break;
            }
            if self.cursor.position() == from {
                self.cursor.skip(1);
            }
        }
        self.hold(inner, builder);
    }

    /// Keeps substitutions that stand where no command does.
    fn hold(&mut self, inner: Vec<Inner>, builder: &mut Builder) {
        if !inner.is_empty() {
            let here = self.cursor.position();
            let span = self.spans(here).start..self.spans(here).end;
            builder.command(Command { inner, span, ..Command::default() });
        }
    }
}
