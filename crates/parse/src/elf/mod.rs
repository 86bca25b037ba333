//! ELF facts that matter to a responder.
//!
//! A trojaned `ps` is rarely a good ELF file: it is packed, its entry point has moved, a note was
//! turned into a code segment, or a second program hangs on its end. [`facts`] reads those things
//! from the first bytes of a file, with goblin, under caps and `catch_unwind`: every header here
//! was written by whoever wrote the file. It cannot see code that was changed in place; the
//! digest against the package shows that.
//!
//! Format: elf(5); System V ABI, chapters 4 and 5; <https://refspecs.linuxfoundation.org/elf/>.

mod contents;
mod facts;
mod image;
mod layout;
mod linking;
pub mod loader;
mod place;
mod symbols;
#[cfg(test)]
mod tests;

use std::panic::catch_unwind;

pub use facts::{
    Address, AppendedKind, Class, ElfFacts, EntryPlace, Language, Linking, NoteToLoad, ObjectType,
    Packer, StackFlag,
};

pub use place::{Symbol, has_text_relocations, symbol_at};

use crate::Text;
use image::Image;

/// What every ELF file starts with.
pub const MAGIC: &[u8; 4] = b"\x7fELF";

/// The facts of an ELF file, from its first bytes.
///
/// `head` is as much of the file's beginning as the caller read, `file_size` the size of the whole
/// file. `None` when `head` is not ELF; an ELF that cannot be taken apart gives what was found up
/// to there, with [`ElfFacts::damaged`] saying why.
pub fn facts(head: &[u8], file_size: u64) -> Option<ElfFacts> {
    head.starts_with(MAGIC).then(|| {
        catch_unwind(|| read(head, file_size))
            .unwrap_or_else(|_| ElfFacts::damaged("the parser gave up"))
    })
}

fn read(head: &[u8], file_size: u64) -> ElfFacts {
    let image = match Image::open(head, file_size) {
        Ok(image) => image,
        Err(reason) => return ElfFacts::damaged(reason),
    };
    let mut facts = image.header_facts();
    linking::describe(&image, &mut facts);
    layout::describe(&image, &mut facts);
    contents::describe(&image, &mut facts);
    facts.damaged = image.damaged.map(Text::from);
    facts
}
