//! A file as a source of positions, through a small cache of pages: a journal is read in jumps of
//! a few bytes, and each would be a system call.

use std::cell::RefCell;

use coroner_host::OpenFile;
use coroner_parse::login::journal::Source;

const PAGE: usize = 32 * 1024;
/// 4 MiB in all.
const SLOTS: u64 = 128;

/// An open file and the pages of it that were read last.
pub(super) struct Pages {
    file: OpenFile,
    slots: RefCell<Vec<Slot>>,
}

#[derive(Clone, Default)]
struct Slot {
    page: Option<u64>,
    bytes: Vec<u8>,
}

impl Pages {
    pub(super) fn new(file: OpenFile) -> Self {
        let slots = (0..SLOTS).map(|_| Slot::default()).collect();
        Self { file, slots: RefCell::new(slots) }
    }

    /// Copies as much as one page has from `offset` on; `None` when there is nothing.
    fn copy(&self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let page = offset / PAGE as u64;
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(usize::try_from(page % SLOTS).ok()?)?;
        if slot.page != Some(page) {
            self.load(page, slot)?;
        }
        let within = usize::try_from(offset % PAGE as u64).ok()?;
        let bytes = slot.bytes.get(within..).filter(|bytes| !bytes.is_empty())?;
        let count = bytes.len().min(into.len());
        into.get_mut(..count)?.copy_from_slice(bytes.get(..count)?);
        Some(count)
    }

    fn load(&self, page: u64, slot: &mut Slot) -> Option<()> {
        slot.page = None;
        slot.bytes.resize(PAGE, 0);
        let start = page.checked_mul(PAGE as u64)?;
        let mut filled = 0;
        while let Some(rest) = slot.bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, start.checked_add(filled as u64)?).ok()? {
                0 => break,
                count => filled = filled.checked_add(count)?,
            }
        }
        slot.bytes.truncate(filled);
        slot.page = Some(page);
        Some(())
    }
}

impl Source for Pages {
    fn size(&self) -> u64 {
        self.file.stat().size
    }

    fn read(&self, mut offset: u64, mut into: &mut [u8]) -> bool {
        while !into.is_empty() {
            let Some(count) = self.copy(offset, into) else { return false };
            offset = offset.saturating_add(count as u64);
            into = into.get_mut(count..).unwrap_or_default();
        }
        true
    }
}
