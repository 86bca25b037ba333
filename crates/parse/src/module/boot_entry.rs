//! Where the kernel's command line of the next boot is written: GRUB's configuration and defaults,
//! and entries of the Boot Loader Specification.

use crate::{Line, Text, lines};

/// A kernel command line in a boot loader's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelLine {
    /// Line of the file, counted from 1.
    pub line: u32,
    /// The parameters, to be read by [`super::kernel_command`].
    pub parameters: Text,
}

/// The `linux IMAGE PARAMETERS` lines of `grub.cfg`.
pub fn grub_config(content: &[u8]) -> Vec<KernelLine> {
    each_line(content, |text| {
        let (command, rest) = word(text);
        let loads =
            matches!(command, b"linux" | b"linux16" | b"linuxefi" | b"module" | b"multiboot");
        loads.then(|| word(rest).1)
    })
}

/// The `GRUB_CMDLINE_LINUX*=` lines of `/etc/default/grub` and its drop-ins.
pub fn grub_defaults(content: &[u8]) -> Vec<KernelLine> {
    each_line(content, |text| {
        let text = text.strip_prefix(b"export ").unwrap_or(text);
        let name_end = memchr::memchr(b'=', text)?;
        let (name, value) = text.split_at_checked(name_end)?;
        let name = name.strip_suffix(b"+").unwrap_or(name);
        let value = value.get(1..)?.trim_ascii();
        name.starts_with(b"GRUB_CMDLINE_LINUX").then(|| unquoted(value))
    })
}

/// The `options PARAMETERS` lines of `/boot/loader/entries/*.conf`.
pub fn boot_entry(content: &[u8]) -> Vec<KernelLine> {
    each_line(content, |text| {
        let (key, rest) = word(text);
        (key == b"options").then_some(rest)
    })
}

fn each_line(content: &[u8], read: impl Fn(&[u8]) -> Option<&[u8]>) -> Vec<KernelLine> {
    let kernel_line = |line: Line<'_>| {
        let parameters = read(line.bytes.trim_ascii())?;
        Some(KernelLine { line: line.number, parameters: Text::from(parameters) })
    };
    lines(content).flatten().filter_map(kernel_line).collect()
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (word, rest.trim_ascii_start())
}

fn unquoted(value: &[u8]) -> &[u8] {
    let quote = value.first().copied().filter(|quote| matches!(quote, b'"' | b'\''));
    let inner = quote.and_then(|quote| value.get(1..)?.strip_suffix(&[quote]));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loader_s_lines_are_found() {
        let config = b"menuentry 'x' {\n\tlinux\t/boot/vmlinuz-6.1 root=UUID=1 ro init=/grub-panix.sh\n\tinitrd /x\n}\n";
        assert_eq!(
            grub_config(config),
            [KernelLine { line: 2, parameters: "root=UUID=1 ro init=/grub-panix.sh".into() }]
        );
        let defaults = b"# GRUB_CMDLINE_LINUX=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet init=/x\"\nGRUB_TIMEOUT=5\n";
        assert_eq!(
            grub_defaults(defaults),
            [KernelLine { line: 2, parameters: "quiet init=/x".into() }]
        );
        assert_eq!(
            boot_entry(b"title x\noptions root=/dev/vda ro\n")[0].parameters,
            "root=/dev/vda ro"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = (grub_config(&bytes), grub_defaults(&bytes), boot_entry(&bytes));
        }
    }
}
