//! passwd(5).

use super::Table;
use super::colon::{self, Fields};
use crate::{BadLine, Line, Text};

/// One account as the C library sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passwd {
    /// Line number in the file.
    pub line: u32,
    /// Login name. A leading `+` or `-` asks NIS (nsswitch `compat`).
    pub name: Text,
    /// The password field: `x` when the hash is in shadow.
    pub password: Text,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Comment field.
    pub gecos: Text,
    /// Home directory.
    pub home: Text,
    /// Login shell; empty means `/bin/sh`.
    pub shell: Text,
    /// What no tool would have written, though the C library takes it.
    pub odd: Option<&'static str>,
}

impl Passwd {
    /// Whether the line asks NIS for accounts (`+`, `+::::::`, `-name`).
    pub fn is_compat(&self) -> bool {
        matches!(self.name.as_bytes().first(), Some(b'+' | b'-'))
    }
}

/// Reads /etc/passwd (or a copy of it).
pub fn passwd(content: &[u8]) -> Table<Passwd> {
    colon::table(content, record)
}

fn record(fields: &Fields<'_>, line: Line<'_>) -> Result<Passwd, BadLine> {
    let name = Text::from(fields.get(0));
    let compat = matches!(name.as_bytes().first(), Some(b'+' | b'-'));
    let (uid, uid_odd) = id(fields.get(2), compat).ok_or(BadLine::new(line, "no user id"))?;
    let (gid, gid_odd) = id(fields.get(3), compat).ok_or(BadLine::new(line, "no group id"))?;
    let odd_number = (uid_odd || gid_odd).then_some("sign or blanks before a number");
    let no_name = name.is_empty().then_some("no name");
    let odd = fields.oddness(7).filter(|_| !compat);
    Ok(Passwd {
        line: line.number,
        password: fields.get(1).into(),
        uid,
        gid,
        gecos: fields.get(4).into(),
        home: fields.get(5).into(),
        shell: fields.rest(6).into(),
        odd: odd.or(odd_number).or(no_name),
        name,
    })
}

fn id(field: &[u8], compat: bool) -> Option<(u32, bool)> {
    if compat && field.is_empty() { Some((0, false)) } else { colon::number(field) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_ordinary_line_has_nothing_odd() {
        let table = passwd(b"root:x:0:0:root:/root:/bin/bash\n\n# note\n");
        assert!(table.bad.is_empty());
        assert_eq!(table.entries.len(), 1);
        assert_eq!(table.entries[0].shell, "/bin/bash");
        assert_eq!(table.entries[0].odd, None);
    }

    #[test]
    fn a_short_line_with_blanks_and_a_signed_uid_is_still_an_account() {
        let table = passwd(b"  evil:: +0:0\n");
        assert_eq!(table.entries[0].name, "evil");
        assert_eq!((table.entries[0].uid, table.entries[0].line), (0, 1));
        assert!(table.entries[0].odd.is_some());
    }

    #[test]
    fn a_trailing_space_stays_part_of_the_shell() {
        let table = passwd(b"news:x:9:9:news:/var/spool/news:/usr/sbin/nologin \n");
        assert_eq!(table.entries[0].shell, "/usr/sbin/nologin ");
    }

    #[test]
    fn bytes_after_a_nul_are_not_part_of_the_account() {
        let table = passwd(b"evil:x:0:0::/:/bin/sh\0:hidden\n");
        assert_eq!(table.entries[0].shell, "/bin/sh");
        assert!(table.entries[0].odd.unwrap().contains("NUL"));
    }

    #[test]
    fn nis_lines_are_told_apart_and_lines_without_numbers_are_bad() {
        let table = passwd(b"+::::::\n+\nbroken:x:a:0\n");
        assert!(table.entries.iter().all(Passwd::is_compat));
        assert_eq!((table.entries.len(), table.bad.len()), (2, 1));
        assert_eq!(table.bad[0].number, 3);
    }

    proptest! {
        #[test]
        fn every_line_is_an_account_a_bad_line_or_a_comment(content: Vec<u8>) {
            let table = passwd(&content);
            let count = table.entries.len() + table.bad.len();
            prop_assert!(count <= content.split(|&b| b == b'\n').count());
        }

        #[test]
        fn an_account_added_behind_any_lines_is_always_seen(content: Vec<u8>) {
            let mut content = content;
            content.extend_from_slice(b"\nx:x:0:0:::\n");
            prop_assert!(passwd(&content).entries.iter().any(|entry| entry.name == "x"));
        }
    }
}
