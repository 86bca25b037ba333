//! The reader of one text, and where it stands in the outermost one.

use super::cursor::Cursor;
use super::redirect::HereDocuments;
use super::{Shared, Span};

/// Reads one text; texts inside it in place (`$(..)`) are read by the same parser.
#[derive(Debug)]
pub(super) struct Parser<'a, 's> {
    pub(super) cursor: Cursor<'a>,
    pub(super) shared: &'s mut Shared,
    pub(super) depth: u8,
    /// Where the outermost text holds this one, when it is not read in place.
    pub(super) at: Option<&'a Span>,
    pub(super) here_documents: HereDocuments,
    /// Words that the command being read has so far.
    pub(super) words_so_far: usize,
}

impl<'a, 's> Parser<'a, 's> {
    pub(super) fn new(
        text: &'a [u8],
        shared: &'s mut Shared,
        depth: u8,
        at: Option<&'a Span>,
    ) -> Self {
        let cursor = Cursor::new(text);
        let here_documents = HereDocuments::default();
        Self { cursor, shared, depth, at, here_documents, words_so_far: 0 }
    }

    /// The place in the outermost text.
    pub(super) fn spans(&self, index: usize) -> Span {
        self.at.cloned().unwrap_or(index..index)
    }
}
