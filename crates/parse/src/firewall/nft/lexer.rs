//! Tokens of an nft script.

/// Scripts longer than this many tokens are cut; the cut is a bad line.
const MOST_TOKENS: usize = 2_000_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, number, address or operator.
    Word,
    /// Text in quotes; the quotes are not part of it.
    Quoted,
    /// One of `{ } ; , ( ) | &` or an end of line.
    Mark,
}

/// A token, where it stands in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) line: u32,
}

impl Token<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind != Kind::Quoted && self.bytes == word.as_bytes()
    }

    pub(super) fn ends_statement(&self) -> bool {
        self.is("\n") || self.is(";")
    }
}

/// The tokens of a script; `false` when it was cut.
pub(super) fn tokens(content: &[u8]) -> (Vec<Token<'_>>, bool) {
    let mut lexer = Lexer { rest: content, line: 1 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token() {
        if tokens.len() == MOST_TOKENS {
            return (tokens, false);
        }
        tokens.push(token);
    }
    (tokens, true)
}

struct Lexer<'a> {
    rest: &'a [u8],
    line: u32,
}

impl<'a> Lexer<'a> {
    fn cut(&mut self, length: usize) -> &'a [u8] {
        let (head, tail) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = tail;
        head
    }

    fn next_token(&mut self) -> Option<Token<'a>> {
        self.skip_blanks();
        let line = self.line;
        let first = *self.rest.first()?;
        let (kind, bytes) = match first {
            b'\n' => {
                self.line = self.line.saturating_add(1);
                (Kind::Mark, self.cut(1))
            }
            b'{' | b'}' | b';' | b',' | b'(' | b')' | b'|' | b'&' => (Kind::Mark, self.cut(1)),
            quote @ (b'"' | b'\'') => (Kind::Quoted, self.quoted(quote)),
            b'=' | b'!' | b'<' | b'>' => {
                let double = self.rest.get(1) == Some(&b'=');
                (Kind::Word, self.cut(if double { 2 } else { 1 }))
            }
            _ => (Kind::Word, self.word()),
        };
        Some(Token { kind, bytes, line })
    }

    /// Blanks, comments and continued lines.
    fn skip_blanks(&mut self) {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r', ..] => self.cut(1),
                [b'\\', b'\n', ..] => {
                    self.line = self.line.saturating_add(1);
                    self.cut(2)
                }
                [b'#', ..] => self.cut(memchr::memchr(b'\n', self.rest).unwrap_or(usize::MAX)),
                _ => return,
            };
        }
    }

    fn quoted(&mut self, quote: u8) -> &'a [u8] {
        self.cut(1);
        let end = memchr::memchr2(quote, b'\n', self.rest).unwrap_or(self.rest.len());
        let text = self.cut(end);
        if self.rest.first() == Some(&quote) {
            self.cut(1);
        }
        text
    }

    /// Commas belong to a raw payload expression (`@th,64,32`) and part everything else.
    fn word(&mut self) -> &'a [u8] {
        let raw =
            [b"@th,", b"@nh,", b"@ll,", b"@ih,"].iter().any(|raw| self.rest.starts_with(*raw));
        let ends = |byte: &u8| match byte {
            b',' => !raw,
            b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'}' | b';' | b'(' | b')' | b'|' | b'&'
            | b'"' | b'=' | b'!' | b'<' | b'>' => true,
            _ => false,
        };
        let length = self.rest.iter().skip(1).position(ends).map_or(self.rest.len(), |end| end + 1);
        // `22: accept` in a map: the colon is a word of its own.
        let word = self.rest.get(..length).unwrap_or_default();
        let colon = word.len() > 1 && word.ends_with(b":") && !word.ends_with(b"::");
        self.cut(if colon { length - 1 } else { length })
    }
}
