//! `sysctl.d` files, as far as they name programs the kernel will start (sysctl.d(5), core(5)).

use crate::{BadLine, Text, lines};

use super::{Found, trim};

/// Settings whose value is a program the kernel starts, dots for slashes.
const HELPERS: &[&str] = &["kernel.core_pattern", "kernel.modprobe", "kernel.hotplug"];

/// A program the kernel is told to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelHelper {
    /// `kernel.core_pattern`
    pub name: Text,
    /// The program and its arguments.
    pub command: Text,
}

/// The helpers a file sets.
pub fn helpers(content: &[u8]) -> Vec<Result<Found<KernelHelper>, BadLine>> {
    let mut found = Vec::new();
    for line in lines(content) {
        match line {
            Ok(line) => {
                let value = setting(line.bytes);
                found.extend(value.map(|value| Ok(Found { line: line.number, value })));
            }
            Err(bad) => found.push(Err(bad)),
        }
    }
    found
}

fn setting(line: &[u8]) -> Option<KernelHelper> {
    let text = trim(line);
    if matches!(text.first(), Some(b'#' | b';')) {
        return None;
    }
    let (key, value) = super::key_value(text.strip_prefix(b"-").unwrap_or(text))?;
    helper(&String::from_utf8_lossy(key).replace('/', "."), value)
}

/// The program a live value or a setting names. A `core_pattern` is one only after a pipe.
pub fn helper(name: &str, value: &[u8]) -> Option<KernelHelper> {
    if !HELPERS.contains(&name) {
        return None;
    }
    let value = trim(value);
    let command =
        if name == "kernel.core_pattern" { trim(value.strip_prefix(b"|")?) } else { value };
    (!command.is_empty()).then(|| KernelHelper { name: name.into(), command: command.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_core_pattern_with_a_pipe_names_a_program() {
        let got = helpers(b"# x\n-kernel/core_pattern = |/tmp/x %p\n");
        let helper = got[0].as_ref().unwrap();
        assert_eq!((helper.line, helper.value.command.clone()), (2, Text::from("/tmp/x %p")));
    }

    #[test]
    fn a_core_pattern_that_is_a_file_name_starts_nothing() {
        assert!(helpers(b"kernel.core_pattern=core.%p\nvm.swappiness=10\n").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            helpers(&bytes);
        }
    }
}
