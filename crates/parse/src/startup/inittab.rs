//! `/etc/inittab`: `id:runlevels:action:process` (inittab(5)).

use crate::{BadLine, Text, lines};

use super::trim;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InittabEntry {
    /// Counted from 1.
    pub line: u32,
    /// Up to four characters, or a terminal for busybox.
    pub id: Text,
    /// Runlevels, or empty.
    pub runlevels: Text,
    /// `respawn`, `wait`, `sysinit`, ...
    pub action: Text,
    /// What is run; a leading `+` (no utmp record) is taken off.
    pub process: Text,
}

/// The entries; comments and empty lines are left out.
pub fn entries(content: &[u8]) -> Vec<Result<InittabEntry, BadLine>> {
    let mut found = Vec::new();
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                found.push(Err(bad));
                continue;
            }
        };
        let text = trim(line.bytes);
        if !text.is_empty() && !text.starts_with(b"#") {
            let entry = entry(line.number, text);
            found.push(entry.ok_or_else(|| BadLine::new(line, "not four fields")));
        }
    }
    found
}

fn entry(line: u32, text: &[u8]) -> Option<InittabEntry> {
    let mut fields = text.splitn(4, |&byte| byte == b':');
    let mut next = || fields.next().map(trim);
    let (id, runlevels, action, process) = (next()?, next()?, next()?, next()?);
    let process = process.strip_prefix(b"+").unwrap_or(process);
    Some(InittabEntry {
        line,
        id: id.into(),
        runlevels: runlevels.into(),
        action: action.into(),
        process: process.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_keeps_the_colons_of_its_process() {
        let got = entries(b"# c\n1:2345:respawn:/sbin/getty 38400 tty1\nx::once:+sh -c 'a:b'\n");
        let second = got[1].as_ref().unwrap();
        assert_eq!((second.line, second.process.clone()), (3, Text::from("sh -c 'a:b'")));
    }

    #[test]
    fn a_line_with_too_few_fields_is_bad_and_the_next_is_read() {
        let got = entries(b"nonsense\n1:2:wait:/bin/x\n");
        assert!(got[0].is_err() && got[1].is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            entries(&bytes);
        }
    }
}
