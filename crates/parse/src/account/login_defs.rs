//! login.defs(5) and shells(5): two lists of words.

use crate::{Text, lines};

/// The value of `name` in login.defs; the last one wins.
pub fn login_defs(content: &[u8], name: &str) -> Option<Text> {
    let settings = lines(content).flatten().filter_map(|line| {
        let text = line.bytes.trim_ascii();
        let value = text.strip_prefix(name.as_bytes())?;
        value.first().filter(|b| b.is_ascii_whitespace())?;
        Some(Text::from(value.trim_ascii()))
    });
    settings.last()
}

/// The lines of /etc/shells that are no comment, blanks at their end kept.
pub fn shells(content: &[u8]) -> Vec<(u32, Text)> {
    let kept = lines(content).flatten().filter(|line| line.bytes.starts_with(b"/"));
    kept.map(|line| (line.number, Text::from(line.bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_wins_and_comments_do_not_count() {
        let text = b"# UID_MIN 1\nUID_MIN\t\t 1000\nUID_MINX 5\nUID_MIN 500\n";
        assert_eq!(login_defs(text, "UID_MIN"), Some(Text::from("500")));
        assert_eq!(login_defs(text, "GID_MIN"), None);
    }

    #[test]
    fn a_blank_at_the_end_of_a_shell_is_kept() {
        let found = shells(b"# shells\n/bin/sh\n/usr/sbin/nologin \n");
        assert_eq!(found[1], (3, Text::from("/usr/sbin/nologin ")));
    }
}
