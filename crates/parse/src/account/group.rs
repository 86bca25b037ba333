//! group(5) and gshadow(5).

use super::Table;
use super::colon::{self, Fields};
use crate::{BadLine, Line, Text};

/// One line of /etc/group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Line number in the file.
    pub line: u32,
    /// Group name.
    pub name: Text,
    /// The password field: `x` when the hash is in gshadow.
    pub password: Text,
    /// Group id.
    pub gid: u32,
    /// Members beside those whose primary group it is.
    pub members: Vec<Text>,
    /// What no tool would have written.
    pub odd: Option<&'static str>,
}

/// One line of /etc/gshadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gshadow {
    /// Line number in the file.
    pub line: u32,
    /// Group name.
    pub name: Text,
    /// The hash that lets others join with `newgrp`, or what locks it.
    pub hash: Text,
    /// Those who may change the group's members.
    pub administrators: Vec<Text>,
    /// Members.
    pub members: Vec<Text>,
}

/// Reads /etc/group (or a copy of it).
pub fn group(content: &[u8]) -> Table<Group> {
    colon::table(content, group_record)
}

/// Reads /etc/gshadow (or a copy of it).
pub fn gshadow(content: &[u8]) -> Table<Gshadow> {
    colon::table(content, gshadow_record)
}

fn group_record(fields: &Fields<'_>, line: Line<'_>) -> Result<Group, BadLine> {
    let name = Text::from(fields.get(0));
    let compat = matches!(name.as_bytes().first(), Some(b'+' | b'-'));
    let gid = colon::number(fields.get(2)).or(compat.then_some((0, false)));
    let (gid, sign) = gid.ok_or(BadLine::new(line, "no group id"))?;
    let odd = fields.oddness(4).filter(|_| !compat);
    Ok(Group {
        line: line.number,
        name,
        password: fields.get(1).into(),
        gid,
        members: names(fields.get(3)),
        odd: odd.or(sign.then_some("sign or blanks before a number")),
    })
}

fn gshadow_record(fields: &Fields<'_>, line: Line<'_>) -> Result<Gshadow, BadLine> {
    if fields.len() < 2 {
        return Err(BadLine::new(line, "no password field"));
    }
    Ok(Gshadow {
        line: line.number,
        name: fields.get(0).into(),
        hash: fields.get(1).into(),
        administrators: names(fields.get(2)),
        members: names(fields.get(3)),
    })
}

fn names(field: &[u8]) -> Vec<Text> {
    let each = field.split(|&b| b == b',').map(<[u8]>::trim_ascii);
    each.filter(|name| !name.is_empty()).map(Text::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_split_at_commas() {
        let table = group(b"sudo:x:27:alice,bob\nusers:x:100:\n");
        assert_eq!(table.entries[0].members, [Text::from("alice"), Text::from("bob")]);
        assert!(table.entries[1].members.is_empty());
    }

    #[test]
    fn a_group_without_number_is_a_bad_line() {
        let table = group(b"sudo:x::alice\n");
        assert_eq!(table.bad[0].reason, "no group id");
    }

    #[test]
    fn group_passwords_and_administrators_are_read() {
        let table = gshadow(b"sudo:$1$a$b:root:alice\n");
        assert_eq!(table.entries[0].hash, "$1$a$b");
        assert_eq!(table.entries[0].administrators, [Text::from("root")]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = (group(&content), gshadow(&content));
        }
    }
}
