//! The kernel's command line, and the boot loader's files that set it.
//!
//! Documentation/admin-guide/kernel-parameters.txt; grub's `linux` command; the Boot Loader
//! Specification's `options`.

use crate::{Text, lines};

use super::{Found, environment, trim};

/// `init=` or `rdinit=`: the first program, instead of the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstProgram {
    /// `rdinit=`: inside the initramfs.
    pub in_initramfs: bool,
    /// The path given.
    pub program: Text,
}

/// Parameters of a command line; double quotes keep blanks together, `--` ends the kernel's.
pub fn parameters(line: &[u8]) -> Vec<Text> {
    let mut found = Vec::new();
    let mut word = Vec::new();
    let mut quoted = false;
    for &byte in line {
        match byte {
            b'"' => quoted = !quoted,
            _ if byte.is_ascii_whitespace() && !quoted => push(&mut found, &mut word),
            _ => word.push(byte),
        }
    }
    push(&mut found, &mut word);
    found
}

fn push(found: &mut Vec<Text>, word: &mut Vec<u8>) {
    if !word.is_empty() {
        found.push(Text::new(std::mem::take(word)));
    }
}

/// The first programs named by a command line.
pub fn first_programs(line: &[u8]) -> Vec<FirstProgram> {
    let of = |word: Text| {
        let (in_initramfs, path) = match word.as_bytes() {
            [b'i', b'n', b'i', b't', b'=', path @ ..] => (false, path),
            [b'r', b'd', b'i', b'n', b'i', b't', b'=', path @ ..] => (true, path),
            _ => return None,
        };
        Some(FirstProgram { in_initramfs, program: Text::from(path) })
    };
    parameters(line).into_iter().filter_map(of).collect()
}

/// Commands that systemd is told to run once at boot: `systemd.run=` (systemd-run-generator(8)).
pub fn commands(line: &[u8]) -> Vec<Text> {
    let of = |word: &Text| word.as_bytes().strip_prefix(b"systemd.run=").map(Text::from);
    parameters(line).iter().filter_map(of).collect()
}

/// Command lines in a `grub.cfg`: what follows the kernel after `linux`, `linux16`, `linuxefi`.
pub fn of_grub_cfg(content: &[u8]) -> Vec<Found<Text>> {
    after_words(content, &[b"linux", b"linux16", b"linuxefi"])
}

/// Command lines in a boot loader entry (`options ...`).
pub fn of_loader_entry(content: &[u8]) -> Vec<Found<Text>> {
    after_words(content, &[b"options"])
}

/// Command lines in `/etc/default/grub` and its drop-ins: `GRUB_CMDLINE_LINUX*="..."`.
pub fn of_grub_defaults(content: &[u8]) -> Vec<Found<Text>> {
    let mut found = Vec::new();
    for line in lines(content).flatten() {
        let set = environment::assignment(line.bytes.trim_ascii());
        let set = set.filter(|set| set.name.as_bytes().starts_with(b"GRUB_CMDLINE_LINUX"));
        found.extend(set.map(|set| Found { line: line.number, value: set.value }));
    }
    found
}

fn after_words(content: &[u8], words: &[&[u8]]) -> Vec<Found<Text>> {
    let mut found = Vec::new();
    for line in lines(content).flatten() {
        let text = trim(line.bytes);
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        if text.get(..end).is_some_and(|word| words.contains(&word)) {
            let value = Text::from(trim(text.get(end..).unwrap_or_default()));
            found.push(Found { line: line.number, value });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_replaced_first_program_is_found() {
        let got = first_programs(b"BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet init=/grub-x.sh");
        assert_eq!(got, [FirstProgram { in_initramfs: false, program: "/grub-x.sh".into() }]);
        assert!(first_programs(b"rdinit=/x")[0].in_initramfs);
    }

    #[test]
    fn a_command_for_systemd_keeps_its_blanks() {
        let got = commands(b"quiet systemd.run=\"/bin/sh -c x\" systemd.run_success_action=none");
        assert_eq!(got, [Text::from("/bin/sh -c x")]);
    }

    #[test]
    fn parameters_that_only_end_in_init_are_others() {
        assert!(first_programs(b"systemd.init=/x \"a init=/y\" initrd=/z").is_empty());
    }

    #[test]
    fn grub_files_give_their_command_lines_with_line() {
        let cfg = b"menuentry x {\n\tlinux\t/vmlinuz root=UUID=1 init=/a\n\tinitrd /i\n}\n";
        let got = of_grub_cfg(cfg);
        assert_eq!((got[0].line, first_programs(got[0].value.as_bytes()).len()), (2, 1));
        let defaults = of_grub_defaults(b"GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX=\"init=/a\"\n");
        assert_eq!((defaults[0].line, defaults[0].value.clone()), (2, Text::from("init=/a")));
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            first_programs(&bytes);
            of_grub_cfg(&bytes);
            of_grub_defaults(&bytes);
            of_loader_entry(&bytes);
        }
    }
}
