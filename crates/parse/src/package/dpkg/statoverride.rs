//! /var/lib/dpkg/statoverride: owners and modes that the administrator or a package set
//! (`dpkg-statoverride(1)`).

use crate::{BadLine, Line, lines};

/// One override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatOverride<'a> {
    /// User name, or `#` and a number.
    pub user: &'a [u8],
    /// Group name, or `#` and a number.
    pub group: &'a [u8],
    /// Permission bits.
    pub mode: u32,
    /// Absolute path.
    pub path: &'a [u8],
}

/// The overrides, one a line: `USER GROUP MODE PATH`.
pub fn stat_overrides(content: &[u8]) -> impl Iterator<Item = Result<StatOverride<'_>, BadLine>> {
    lines(content)
        .filter(|line| !matches!(line, Ok(line) if line.bytes.is_empty()))
        .map(|line| parse(line?))
}

fn parse(line: Line<'_>) -> Result<StatOverride<'_>, BadLine> {
    let mut words = line.bytes.splitn(4, |&byte| byte == b' ');
    let (user, group) = (words.next(), words.next());
    let mode = words.next().and_then(octal);
    let path = words.next().filter(|path| path.starts_with(b"/"));
    match (user, group, mode, path) {
        (Some(user), Some(group), Some(mode), Some(path)) => {
            Ok(StatOverride { user, group, mode, path })
        }
        _ => Err(BadLine::new(line, "not an override")),
    }
}

fn octal(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok().filter(|mode| *mode <= 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_override_keeps_spaces_in_its_path() {
        let got: Vec<_> = stat_overrides(b"root crontab 2755 /usr/bin/cron tab\n#0 #7 644 /a\n")
            .map(|line| line.unwrap())
            .collect();
        assert_eq!((got[0].mode, got[0].path), (0o2755, &b"/usr/bin/cron tab"[..]));
        assert_eq!((got[1].user, got[1].group), (&b"#0"[..], &b"#7"[..]));
    }

    #[test]
    fn a_line_without_mode_or_path_is_bad() {
        for line in [
            &b"root root /usr/bin/x"[..],
            b"root root 9 /x",
            b"root root 777777 /x",
            b"root root 755 x",
        ] {
            assert!(stat_overrides(line).next().unwrap().is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = stat_overrides(&bytes).count();
        }
    }
}
