//! What depmod(8) writes below `/lib/modules/RELEASE`: `modules.dep` and `modules.builtin`.

use crate::{BadLine, Line, Text, lines};

/// A line of `modules.dep`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedModule {
    /// Line, counted from 1.
    pub line: u32,
    /// The file, relative to the release's directory (absolute in old files).
    pub file: Text,
    /// The files it needs.
    pub needs: Vec<Text>,
}

/// The modules of `modules.dep`.
pub fn indexed_modules(content: &[u8]) -> Vec<Result<IndexedModule, BadLine>> {
    filled(content).map(|line| indexed(line?)).collect()
}

fn indexed(line: Line<'_>) -> Result<IndexedModule, BadLine> {
    let bad = || BadLine::new(line, "no colon after the module");
    let end = memchr::memchr(b':', line.bytes).ok_or_else(bad)?;
    let (file, needs) = line.bytes.split_at_checked(end).ok_or_else(bad)?;
    let needs = needs.split(|&byte| matches!(byte, b' ' | b':')).filter(|need| !need.is_empty());
    Ok(IndexedModule {
        line: line.number,
        file: Text::from(file),
        needs: needs.map(Text::from).collect(),
    })
}

/// The files of `modules.builtin`: modules that are part of the kernel image.
pub fn builtin_modules(content: &[u8]) -> Vec<Result<Text, BadLine>> {
    filled(content).map(|line| Ok(Text::from(line?.bytes.trim_ascii()))).collect()
}

fn filled(content: &[u8]) -> impl Iterator<Item = Result<Line<'_>, BadLine>> {
    lines(content)
        .filter(|line| !line.as_ref().is_ok_and(|line| line.bytes.trim_ascii().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_their_needs_are_read_and_a_bad_line_costs_itself() {
        let found = indexed_modules(b"kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/jbd2/jbd2.ko\nbad\nkernel/a.ko.xz:\n");
        assert_eq!(found[0].as_ref().unwrap().needs.len(), 2);
        assert_eq!(found[1].as_ref().unwrap_err().number, 2);
        assert_eq!(found[2].as_ref().unwrap().file, "kernel/a.ko.xz");
        assert_eq!(builtin_modules(b"kernel/x.ko\n\n").len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = (indexed_modules(&bytes), builtin_modules(&bytes));
        }
    }
}
