//! The syntax of `qemu.conf`, `libvirtd.conf` and their kin (libvirt's `virconf.c`): `name = value`,
//! a value being a number, a quoted string, or a list in brackets that may span lines.

use crate::Text;

/// No real file has more settings.
const MOST_SETTINGS: usize = 10_000;

/// `name = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Line of the name, counted from 1.
    pub line: u32,
    /// The name.
    pub name: Text,
    /// The value.
    pub value: Value,
}

/// A value of a libvirt configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `1`
    Number(i64),
    /// `"text"`, `'text'` or `"""text"""`
    String(Text),
    /// `[ "a", "b" ]`
    List(Vec<Text>),
}

/// A setting that could not be read; the ones around it still were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadSetting {
    /// Line where it starts.
    pub line: u32,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The settings of `content`, in order; libvirt takes the last of one name.
pub fn libvirt_conf(content: &[u8]) -> Vec<Result<Setting, BadSetting>> {
    let mut cursor = Cursor { rest: content, line: 1 };
    let mut found = Vec::new();
    while cursor.skip_to_setting() && found.len() < MOST_SETTINGS {
        let line = cursor.line;
        let setting = cursor.setting().map_err(|reason| BadSetting { line, reason });
        if setting.is_err() {
            cursor.skip_line();
        }
        found.push(setting);
    }
    found
}

struct Cursor<'a> {
    rest: &'a [u8],
    line: u32,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn advance(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, b""));
        let newlines = memchr::memchr_iter(b'\n', taken).count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !wanted(byte)).unwrap_or(self.rest.len());
        self.advance(end)
    }

    fn skip_line(&mut self) {
        self.take_while(|byte| byte != b'\n');
    }

    /// Spaces, line ends and comments; false at the end of the file.
    fn skip_to_setting(&mut self) -> bool {
        loop {
            self.take_while(|byte| byte.is_ascii_whitespace());
            match self.peek() {
                Some(b'#') => self.skip_line(),
                next => return next.is_some(),
            }
        }
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    }

    fn setting(&mut self) -> Result<Setting, &'static str> {
        let line = self.line;
        let name = self
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if name.is_empty() {
            return Err("no name");
        }
        self.skip_blanks();
        if self.peek() != Some(b'=') {
            return Err("no = after the name");
        }
        self.advance(1);
        self.skip_blanks();
        let value = self.value()?;
        self.skip_blanks();
        match self.peek() {
            None | Some(b'\n' | b'#' | b';') => Ok(Setting { line, name: Text::from(name), value }),
            Some(_) => Err("text after the value"),
        }
    }

    fn value(&mut self) -> Result<Value, &'static str> {
        match self.peek() {
            Some(b'[') => self.list().map(Value::List),
            Some(b'"' | b'\'') => self.string().map(Value::String),
            _ => self.number().map(Value::Number),
        }
    }

    fn number(&mut self) -> Result<i64, &'static str> {
        let digits = self.take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+'));
        let text = std::str::from_utf8(digits).unwrap_or("");
        text.parse().map_err(|_| "neither a number, a quoted string nor a list")
    }

    fn string(&mut self) -> Result<Text, &'static str> {
        const TRIPLE: &[u8] = b"\"\"\"";
        if self.rest.starts_with(TRIPLE) {
            self.advance(TRIPLE.len());
            let end = memchr::memmem::find(self.rest, TRIPLE).ok_or("a string without its end")?;
            let text = Text::from(self.advance(end));
            self.advance(TRIPLE.len());
            return Ok(text);
        }
        let quote = self.peek().ok_or("no value")?;
        self.advance(1);
        let end = self.rest.iter().position(|&byte| byte == quote || byte == b'\n');
        let end = end
            .filter(|&end| self.rest.get(end) == Some(&quote))
            .ok_or("a string without its end")?;
        let text = Text::from(self.advance(end));
        self.advance(1);
        Ok(text)
    }

    fn list(&mut self) -> Result<Vec<Text>, &'static str> {
        self.advance(1);
        let mut items = Vec::new();
        loop {
            if !self.skip_to_setting() || items.len() >= MOST_SETTINGS {
                return Err("a list without its end");
            }
            match self.peek() {
                Some(b']') => {
                    self.advance(1);
                    return Ok(items);
                }
                Some(b',') => drop(self.advance(1)),
                Some(b'"' | b'\'') => items.push(self.string()?),
                _ => items.push(Text::from(self.number()?.to_string())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(content: &[u8]) -> Vec<(u32, Text, Value)> {
        let settings = libvirt_conf(content).into_iter().filter_map(Result::ok);
        settings.map(|setting| (setting.line, setting.name, setting.value)).collect()
    }

    #[test]
    fn numbers_strings_and_lists_over_lines_are_read() {
        let content = b"# vnc_listen = \"0.0.0.0\"\nvnc_listen = \"192.0.2.1\" # here\nvnc_tls=1\n\
            cgroup_device_acl = [\n  \"/dev/null\", # why\n  '/dev/full'\n]\nlast = \"\"\"a\nb\"\"\"\nend = -1";
        assert_eq!(
            good(content),
            [
                (2, "vnc_listen".into(), Value::String("192.0.2.1".into())),
                (3, "vnc_tls".into(), Value::Number(1)),
                (
                    4,
                    "cgroup_device_acl".into(),
                    Value::List(vec!["/dev/null".into(), "/dev/full".into()])
                ),
                (8, "last".into(), Value::String("a\nb".into())),
                (10, "end".into(), Value::Number(-1)),
            ]
        );
    }

    #[test]
    fn a_bad_setting_costs_its_line_alone() {
        let content = b"vnc_listen = \"0.0.0.0\n= 3\nfoo bar\nx = yes\nvnc_tls = 1\n";
        let found = libvirt_conf(content);
        let bad: Vec<_> =
            found.iter().filter_map(|setting| setting.as_ref().err()).map(|bad| bad.line).collect();
        assert_eq!(bad, [1, 2, 3, 4]);
        assert_eq!(good(content), [(5, "vnc_tls".into(), Value::Number(1))]);
    }

    #[test]
    fn a_list_without_its_end_is_bad() {
        assert!(libvirt_conf(b"a = [ \"b\",")[0].is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = libvirt_conf(&bytes);
        }

        #[test]
        fn a_good_line_after_any_printable_line_is_still_read(junk in "[ -~&&[^\\[\"]]{0,40}") {
            let content = format!("{junk}\nvnc_tls = 1\n");
            let found = good(content.as_bytes());
            proptest::prop_assert!(found.contains(&(2, "vnc_tls".into(), Value::Number(1))));
        }
    }
}
