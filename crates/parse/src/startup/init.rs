//! Init scripts: their LSB header and the names of the links that start them.
//!
//! LSB 5.0, "Comment Conventions for Init Scripts"; init-d-script(5), update-rc.d(8).

use crate::{BadLine, Text, lines};

use super::trim;

/// The `### BEGIN INIT INFO` block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LsbHeader {
    /// Facilities the script says it provides.
    pub provides: Vec<Text>,
    /// Line of `Provides:`.
    pub provides_line: u32,
    /// Runlevels it starts in.
    pub default_start: Vec<Text>,
    /// What it says it is.
    pub short_description: Text,
}

/// The header of an init script; `Ok(None)` when there is none.
///
/// # Errors
/// A line too long to be a header's.
pub fn lsb_header(content: &[u8]) -> Result<Option<LsbHeader>, BadLine> {
    let mut header: Option<LsbHeader> = None;
    for line in lines(content) {
        let line = line?;
        let text = trim(line.bytes);
        if text.starts_with(b"### BEGIN INIT INFO") {
            header.get_or_insert_default();
        } else if text.starts_with(b"### END INIT INFO") {
            break;
        } else if let Some(header) = header.as_mut() {
            field(header, text, line.number);
        }
    }
    Ok(header)
}

fn field(header: &mut LsbHeader, text: &[u8], number: u32) {
    let Some(text) = text.strip_prefix(b"#").map(trim) else { return };
    let Some(colon) = memchr::memchr(b':', text) else { return };
    let (key, value) = text.split_at_checked(colon).unwrap_or_default();
    let value = trim(value.get(1..).unwrap_or_default());
    if key.eq_ignore_ascii_case(b"provides") {
        header.provides = blank_separated(value);
        header.provides_line = number;
    } else if key.eq_ignore_ascii_case(b"default-start") {
        header.default_start = blank_separated(value);
    } else if key.eq_ignore_ascii_case(b"short-description") {
        header.short_description = Text::from(value);
    }
}

fn blank_separated(value: &[u8]) -> Vec<Text> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(Text::from).collect()
}

/// A link in `/etc/rcN.d`: `S20name` starts, `K80name` stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RcLink {
    /// Starts the script (`S`) rather than stopping it (`K`).
    pub starts: bool,
    /// The two digits.
    pub order: u8,
    /// What follows them.
    pub name: Text,
}

/// Reads the name of a link in an `rc?.d` directory.
pub fn rc_link(name: &[u8]) -> Option<RcLink> {
    let (&kind, rest) = name.split_first()?;
    let (digits, name) = rest.split_at_checked(2)?;
    let order = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let valid = matches!(kind, b'S' | b'K') && !name.is_empty();
    valid.then(|| RcLink { starts: kind == b'S', order, name: Text::from(name) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_header_says_what_the_script_provides_and_where_it_says_so() {
        let script = b"#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ssh sshd\n\
            # Default-Start:\t2 3\n# Short-Description: x\n### END INIT INFO\n# Provides: no\n";
        let header = lsb_header(script).unwrap().unwrap();
        assert_eq!(header.provides, [Text::from("ssh"), Text::from("sshd")]);
        assert_eq!(header.provides_line, 3);
        assert_eq!(header.default_start.len(), 2);
    }

    #[test]
    fn a_script_without_header_has_none() {
        assert_eq!(lsb_header(b"#!/bin/sh\n# Provides: ssh\n"), Ok(None));
    }

    #[test]
    fn link_names_give_direction_order_and_script() {
        let link = rc_link(b"S01ssh").unwrap();
        assert!(link.starts);
        assert_eq!((link.order, link.name), (1, Text::from("ssh")));
        assert!(!rc_link(b"K20ssh").unwrap().starts);
        assert_eq!(rc_link(b"README"), None);
        assert_eq!(rc_link(b"S1"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            let _ = lsb_header(&bytes);
            let _ = rc_link(&bytes);
        }
    }
}
