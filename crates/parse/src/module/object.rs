//! A module file: its `.modinfo` section and the signature that may follow the ELF image
//! (the kernel's `include/linux/module_signature.h`).

use goblin::elf::Elf;

use crate::Text;

const MAGIC: &[u8] = b"~Module signature appended~\n";
/// `struct module_signature`: six bytes, three of padding, a big-endian length.
const TRAILER: usize = 12;
/// More entries than any module has.
const MOST_ENTRIES: usize = 4096;

/// What a module file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleObject {
    /// `name=`: absent before Linux 4.10.
    pub name: Option<Text>,
    /// `license=`
    pub license: Option<Text>,
    /// `description=`
    pub description: Option<Text>,
    /// `vermagic=`: the kernel it is for.
    pub vermagic: Option<Text>,
    /// `intree=Y`: it says that it was built with the kernel.
    pub in_tree: bool,
    /// A signature is appended. Whether it is good, the kernel alone knows.
    pub signed: bool,
}

/// Reads an uncompressed `.ko`; `None` when it is no ELF image.
pub fn module_object(content: &[u8]) -> Option<ModuleObject> {
    let (image, signed) = without_signature(content);
    let mut object = ModuleObject { signed, ..ModuleObject::default() };
    let elf = Elf::parse(image).ok()?;
    let section = elf
        .section_headers
        .iter()
        .find(|section| elf.shdr_strtab.get_at(section.sh_name) == Some(".modinfo"));
    let bytes = section.and_then(|section| image.get(section.file_range()?)).unwrap_or_default();
    for entry in bytes.split(|&byte| byte == 0).take(MOST_ENTRIES) {
        object.note(entry);
    }
    Some(object)
}

impl ModuleObject {
    fn note(&mut self, entry: &[u8]) {
        let Some((key, value)) =
            memchr::memchr(b'=', entry).and_then(|at| entry.split_at_checked(at))
        else {
            return;
        };
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"name" => self.name = Some(Text::from(value)),
            b"license" => self.license = Some(Text::from(value)),
            b"description" => self.description = Some(Text::from(value)),
            b"vermagic" => self.vermagic = Some(Text::from(value)),
            b"intree" => self.in_tree = value == b"Y",
            _ => {}
        }
    }
}

/// The image before a signature whose length fits the file, and whether there is one.
fn without_signature(content: &[u8]) -> (&[u8], bool) {
    let image = content.strip_suffix(MAGIC).and_then(|rest| {
        let (rest, trailer) = rest.split_at_checked(rest.len().checked_sub(TRAILER)?)?;
        let length = u32::from_be_bytes(trailer.last_chunk::<4>().copied()?);
        rest.get(..rest.len().checked_sub(usize::try_from(length).ok()?)?)
    });
    (image.unwrap_or(content), image.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(image: &[u8], length: u32) -> Vec<u8> {
        let mut file = image.to_vec();
        file.extend_from_slice(&[7; 5]);
        file.extend_from_slice(&[0, 0, 2, 0, 0, 0, 0, 0]);
        file.extend_from_slice(&length.to_be_bytes());
        file.extend_from_slice(MAGIC);
        file
    }

    #[test]
    fn a_signature_that_fits_the_file_is_taken_off() {
        assert_eq!(without_signature(&sign(b"image", 5)), (b"image".as_slice(), true));
    }

    #[test]
    fn a_trailer_longer_than_the_file_is_no_signature() {
        assert!(!without_signature(&sign(b"image", 5000)).1);
        assert!(!without_signature(MAGIC).1);
    }

    #[test]
    fn modinfo_entries_are_read() {
        let mut object = ModuleObject::default();
        for entry in [
            b"license=GPL".as_slice(),
            b"intree=Y",
            b"name=ext4",
            b"vermagic=6.1.0-53-amd64 SMP",
            b"junk",
        ] {
            object.note(entry);
        }
        assert!(object.in_tree);
        assert_eq!((object.name.unwrap(), object.license.unwrap()), ("ext4".into(), "GPL".into()));
    }

    #[test]
    fn text_is_no_module() {
        assert_eq!(module_object(b"#!/bin/sh\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = module_object(&bytes);
            let _ = module_object(&[b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat());
        }
    }
}
