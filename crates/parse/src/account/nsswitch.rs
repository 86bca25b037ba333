//! nsswitch.conf(5): which libraries answer for users, groups and names.

use super::Table;
use crate::{BadLine, Line, Text, lines};

/// One database and the services that answer for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NssDatabase {
    /// Line number in the file.
    pub line: u32,
    /// `passwd`, `hosts`.
    pub name: Text,
    /// In order; each is the library `libnss_NAME.so.2`. Actions in brackets are left out.
    pub services: Vec<Text>,
}

/// Reads nsswitch.conf.
pub fn nsswitch(content: &[u8]) -> Table<NssDatabase> {
    let mut table = Table::default();
    for line in lines(content) {
        match line {
            Err(bad) => table.refuse(bad),
            Ok(line) => {
                let text = line.bytes.split(|&b| b == b'#').next().unwrap_or_default();
                if !text.trim_ascii().is_empty() {
                    table.take(record(line, text.trim_ascii()));
                }
            }
        }
    }
    table
}

fn record(line: Line<'_>, text: &[u8]) -> Result<NssDatabase, BadLine> {
    let colon = text.iter().position(|&b| b == b':').ok_or(BadLine::new(line, "no colon"))?;
    let (name, rest) = text.split_at_checked(colon).ok_or(BadLine::new(line, "no colon"))?;
    let rest = rest.get(1..).unwrap_or_default();
    Ok(NssDatabase { line: line.number, name: name.trim_ascii().into(), services: services(rest) })
}

fn services(text: &[u8]) -> Vec<Text> {
    let mut out = Vec::new();
    let mut depth = 0usize;
    for word in text.split(|b| b.is_ascii_whitespace() || matches!(b, b'[' | b']')).zip(marks(text))
    {
        let (word, mark) = word;
        if depth == 0 && !word.is_empty() {
            out.push(Text::from(word));
        }
        match mark {
            Some(b'[') => depth = 1,
            Some(b']') => depth = 0,
            _ => {}
        }
    }
    out
}

/// The bytes at which [`services`] splits, and `None` for the end.
fn marks(text: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    let marks = text.iter().filter(|b| b.is_ascii_whitespace() || matches!(b, b'[' | b']'));
    marks.map(|&b| Some(b)).chain(std::iter::once(None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn actions_in_brackets_are_no_services() {
        let table = nsswitch(b"# x\nhosts: files mdns4_minimal [NOTFOUND=return !UNAVAIL=continue] dns\npasswd:files[success=return]evil # c\n");
        let names = |at: usize| -> Vec<String> {
            table.entries[at].services.iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(0), ["files", "mdns4_minimal", "dns"]);
        assert_eq!(names(1), ["files", "evil"]);
        assert_eq!(table.entries[1].line, 3);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = nsswitch(&content);
        }
    }
}
