//! The kernel's command line (bootparam(7); `next_arg` in the kernel's `lib/cmdline.c`).

use crate::Text;

/// No kernel takes more than a few KiB (`COMMAND_LINE_SIZE`).
const MOST_PARAMETERS: usize = 2048;

/// `name` or `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelParameter {
    /// The name, as written.
    pub name: Text,
    /// What stands after `=`.
    pub value: Option<Text>,
}

impl KernelParameter {
    /// The kernel takes `-` and `_` for the same.
    pub fn is(&self, name: &str) -> bool {
        let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
        self.name.as_bytes().iter().copied().map(plain).eq(name.bytes().map(plain))
    }

    /// The value is exactly this.
    pub fn has_value(&self, value: &str) -> bool {
        self.value.as_ref().is_some_and(|given| given == value)
    }
}

/// The parameters up to `--`, after which all belongs to init. Double quotes keep spaces together.
pub fn kernel_command(line: &[u8]) -> Vec<KernelParameter> {
    let mut found = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() && found.len() < MOST_PARAMETERS {
        let (word, after) = next_word(rest);
        if word == b"--" {
            break;
        }
        found.push(parameter(word));
        rest = after.trim_ascii_start();
    }
    found
}

fn next_word(text: &[u8]) -> (&[u8], &[u8]) {
    let mut quoted = false;
    let end = text.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte.is_ascii_whitespace() && !quoted
    });
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, b""))
}

fn parameter(word: &[u8]) -> KernelParameter {
    // A quote opens before the whole word or before its value alone; both are taken off.
    let inner = unquoted(word);
    match memchr::memchr(b'=', inner).and_then(|at| inner.split_at_checked(at)) {
        Some((name, value)) => {
            let value = value.get(1..).unwrap_or_default();
            KernelParameter { name: name.into(), value: Some(unquoted(value).into()) }
        }
        None => KernelParameter { name: inner.into(), value: None },
    }
}

/// Without the quote before and the one after; the kernel does without the latter.
fn unquoted(text: &[u8]) -> &[u8] {
    match text.strip_prefix(b"\"") {
        Some(inner) => inner.strip_suffix(b"\"").unwrap_or(inner),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8]) -> Vec<(String, Option<String>)> {
        let text = |text: &Text| text.lossy().into_owned();
        kernel_command(line).iter().map(|p| (text(&p.name), p.value.as_ref().map(text))).collect()
    }

    #[test]
    fn quotes_keep_spaces_and_two_dashes_end_it() {
        let line =
            b"root=UUID=1 ro dyndbg=\"file a.c +p\" \"x=y z\" init=/bin/sh -- init=/not/this\n";
        let word = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(
            read(line),
            [
                word("root", Some("UUID=1")),
                word("ro", None),
                word("dyndbg", Some("file a.c +p")),
                word("x", Some("y z")),
                word("init", Some("/bin/sh")),
            ]
        );
    }

    #[test]
    fn dash_and_underscore_are_one() {
        assert!(kernel_command(b"module.sig-enforce=0")[0].is("module.sig_enforce"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = kernel_command(&bytes);
        }
    }
}
