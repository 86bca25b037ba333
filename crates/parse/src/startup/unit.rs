//! One systemd unit file or drop-in: sections and settings, in the order they stand.
//!
//! Syntax: systemd.syntax(7). As systemd reads it: a line also ends at a carriage return or a NUL,
//! a backslash at the end joins the next line with a blank, comment lines inside a joined
//! setting are left out, and what stands before the first section is ignored.

use crate::{BadLine, Line, Text, lines};

use super::{key_value, trim};

/// Section names are short; a longer one would be copied into every setting below it.
const LONGEST_SECTION: usize = 256;
/// systemd gives up on a joined setting longer than this (`CONTINUATION_MAX`).
const LONGEST_SETTING: usize = 1024 * 1024;

/// The settings of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitFile {
    /// In file order; empty values are kept, because they reset what came before.
    pub settings: Vec<Setting>,
    /// Lines that are neither a section, a setting nor a comment.
    pub bad: Vec<BadLine>,
}

/// `Key=Value` in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Without brackets: `Service`.
    pub section: Text,
    /// `ExecStart`.
    pub key: Text,
    /// Without blanks around; empty when the setting resets a list.
    pub value: Text,
    /// The line the setting begins in.
    pub line: u32,
}

impl Setting {
    /// Whether this is `key` of `section`.
    pub fn is(&self, section: &str, key: &str) -> bool {
        self.section == section && self.key == key
    }
}

impl UnitFile {
    /// Reads a unit file or drop-in.
    pub fn parse(content: &[u8]) -> Self {
        let mut reader = Reader::default();
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        for line in lines(content) {
            match line {
                Ok(line) => reader.physical(line),
                Err(bad) => reader.unreadable(bad),
            }
        }
        reader.finish()
    }

    /// Whether a section of this name has a setting.
    pub fn has_section(&self, section: &str) -> bool {
        self.settings.iter().any(|setting| setting.section == section)
    }
}

#[derive(Default)]
struct Reader {
    file: UnitFile,
    section: Option<Text>,
    joined: Vec<u8>,
    joined_from: Option<u32>,
}

impl Reader {
    /// One line of the file, which may hold several of systemd's lines.
    fn physical(&mut self, line: Line<'_>) {
        let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
        for part in bytes.split(|byte| matches!(byte, b'\r' | 0)) {
            self.logical(Line { number: line.number, bytes: part });
        }
    }

    fn logical(&mut self, line: Line<'_>) {
        let text = line.bytes.trim_ascii_start();
        if matches!(text.first(), Some(b'#' | b';')) {
            return;
        }
        let start = *self.joined_from.get_or_insert(line.number);
        if self.joined.len() + text.len() > LONGEST_SETTING {
            return self.unreadable(BadLine::new(line, "continued for too long"));
        }
        let piece = if self.joined.is_empty() { text } else { line.bytes };
        match piece.split_last() {
            Some((b'\\', before)) if ends_in_open_backslash(piece) => {
                self.joined.extend_from_slice(before);
                self.joined.push(b' ');
            }
            _ => {
                self.joined.extend_from_slice(piece);
                self.complete(start);
            }
        }
    }

    fn complete(&mut self, start: u32) {
        let joined = std::mem::take(&mut self.joined);
        self.joined_from = None;
        let line = Line { number: start, bytes: trim(&joined) };
        match line.bytes.split_first() {
            None => {}
            Some((b'[', rest)) => self.enter(line, rest),
            Some(_) => self.setting(line),
        }
    }

    fn enter(&mut self, line: Line<'_>, rest: &[u8]) {
        match rest.strip_suffix(b"]") {
            Some(name) if name.len() <= LONGEST_SECTION => self.section = Some(Text::from(name)),
            _ => self.file.bad.push(BadLine::new(line, "not a section")),
        }
    }

    fn setting(&mut self, line: Line<'_>) {
        let Some(section) = self.section.clone() else { return };
        match key_value(line.bytes) {
            Some((key, value)) if !key.is_empty() => self.file.settings.push(Setting {
                section,
                key: Text::from(key),
                value: Text::from(value),
                line: line.number,
            }),
            _ => self.file.bad.push(BadLine::new(line, "not a setting")),
        }
    }

    fn unreadable(&mut self, bad: BadLine) {
        self.joined.clear();
        self.joined_from = None;
        self.file.bad.push(bad);
    }

    fn finish(mut self) -> UnitFile {
        if let Some(start) = self.joined_from {
            self.complete(start);
        }
        self.file
    }
}

/// An odd number of backslashes at the end; an even number is escaped backslashes.
fn ends_in_open_backslash(line: &[u8]) -> bool {
    line.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(content: &[u8]) -> Vec<(String, String, u32)> {
        let file = UnitFile::parse(content);
        let one = |s: &Setting| (s.key.to_string(), s.value.to_string(), s.line);
        file.settings.iter().map(one).collect()
    }

    #[test]
    fn settings_keep_their_section_and_line() {
        let file = UnitFile::parse(b"[Unit]\nDescription = a b \n\n[Service]\nExecStart=/bin/x\n");
        assert_eq!(file.settings[0].value, "a b");
        assert!(file.settings[1].is("Service", "ExecStart"));
        assert_eq!(file.settings[1].line, 5);
    }

    #[test]
    fn a_continued_setting_skips_the_comments_inside_it() {
        let got = values(b"[Service]\nExecStart=/bin/a \\\n# hidden\n  -b \\\n  -c\nType=simple\n");
        assert_eq!(got[0], ("ExecStart".into(), "/bin/a    -b    -c".into(), 2));
        assert_eq!(got[1].0, "Type");
    }

    #[test]
    fn a_carriage_return_ends_a_comment_as_it_does_for_systemd() {
        let got = values(b"[Service]\n# harmless\rExecStart=/tmp/x\nExecStop=/bin/y \\\r\n z\r\n");
        assert_eq!(got[0].1, "/tmp/x");
        assert_eq!(got[1].1, "/bin/y   z");
    }

    #[test]
    fn an_escaped_backslash_at_the_end_does_not_join() {
        let got = values(b"[Service]\nExecStart=/bin/a \\\\\nType=oneshot\n");
        assert_eq!(got.len(), 2);
    }

    #[test]
    fn an_empty_assignment_is_kept_and_text_before_a_section_is_not() {
        let got = values(b"ExecStart=/early\n[Service]\nExecStart=\nExecStart=/late\n");
        let values: Vec<_> = got.iter().map(|entry| entry.1.as_str()).collect();
        assert_eq!(values, ["", "/late"]);
    }

    #[test]
    fn a_bad_line_costs_that_line_alone() {
        let file = UnitFile::parse(b"[Service\n[Service]\nnonsense\nExecStart=/bin/x\n");
        assert_eq!(file.bad.len(), 2);
        assert_eq!(file.settings.len(), 1);
    }

    #[test]
    fn the_last_setting_counts_even_when_its_continuation_never_comes() {
        assert_eq!(values(b"[Service]\nExecStart=/bin/x \\")[0].1, "/bin/x");
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            UnitFile::parse(&bytes);
        }

        #[test]
        fn a_comment_added_anywhere_changes_no_setting(at in 0usize..5) {
            let text = ["[Service]", "ExecStart=/bin/a \\", "-b", "Type=simple", "[Install]"];
            let mut with = text.to_vec();
            with.insert(at, "; note");
            let plain = values(text.join("\n").as_bytes());
            let noted = values(with.join("\n").as_bytes());
            let strip = |list: Vec<(String, String, u32)>| -> Vec<_> {
                list.into_iter().map(|(key, value, _)| (key, value)).collect()
            };
            prop_assert_eq!(strip(plain), strip(noted));
        }
    }
}
