//! A place in bytes, read forward only.

/// Reads bytes forward; past the end there is nothing, never an error.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    source: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Self { source, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn at_end(&self) -> bool {
        self.position >= self.source.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.source.get(self.position.saturating_add(ahead)).copied()
    }

    pub(super) fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.jump(self.position.saturating_add(count));
    }

    /// Moves to `position`, never past the end.
    pub(super) fn jump(&mut self, position: usize) {
        self.position = position.min(self.source.len());
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.source.get(self.position..).unwrap_or_default()
    }

    pub(super) fn starts_with(&self, prefix: &[u8]) -> bool {
        self.rest().starts_with(prefix)
    }

    /// Skips `prefix` when it stands here.
    pub(super) fn take(&mut self, prefix: &[u8]) -> bool {
        let here = self.starts_with(prefix);
        if here {
            self.skip(prefix.len());
        }
        here
    }

    /// Reads while `wanted` holds.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.skip(length);
        rest.get(..length).unwrap_or_default()
    }

    /// Reads up to `end`, which is skipped; to the end of the text when it never comes.
    pub(super) fn take_until(&mut self, end: u8) -> &'a [u8] {
        let rest = self.rest();
        let length = memchr::memchr(end, rest).unwrap_or(rest.len());
        self.skip(length.saturating_add(1));
        rest.get(..length).unwrap_or_default()
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.source.get(from..to.min(self.source.len())).unwrap_or_default()
    }
}
