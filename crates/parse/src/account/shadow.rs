//! shadow(5).

use super::Table;
use super::colon::{self, Fields};
use crate::{BadLine, Line, Text};

/// One line of /etc/shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// Line number in the file.
    pub line: u32,
    /// Login name.
    pub name: Text,
    /// The hash, or what locks the password.
    pub hash: Text,
    /// Day of the last change, counted from 1970-01-01; 0 asks for a change at the next login.
    pub changed: Option<i64>,
    /// Days until the password may be changed.
    pub minimum: Option<i64>,
    /// Days after which the password must be changed.
    pub maximum: Option<i64>,
    /// Days of warning.
    pub warning: Option<i64>,
    /// Days after expiry in which the password is still taken.
    pub inactive: Option<i64>,
    /// Day on which the account ends.
    pub expires: Option<i64>,
    /// What no tool would have written.
    pub odd: Option<&'static str>,
}

/// Reads /etc/shadow (or a copy of it).
pub fn shadow(content: &[u8]) -> Table<Shadow> {
    colon::table(content, record)
}

fn record(fields: &Fields<'_>, line: Line<'_>) -> Result<Shadow, BadLine> {
    if fields.len() < 2 {
        return Err(BadLine::new(line, "no password field"));
    }
    Ok(Shadow {
        line: line.number,
        name: fields.get(0).into(),
        hash: fields.get(1).into(),
        changed: colon::optional(fields.get(2)),
        minimum: colon::optional(fields.get(3)),
        maximum: colon::optional(fields.get(4)),
        warning: colon::optional(fields.get(5)),
        inactive: colon::optional(fields.get(6)),
        expires: colon::optional(fields.get(7)),
        odd: fields.oddness(9),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_and_hash_are_read() {
        let table = shadow(b"root:!:19000:0:99999:7:::\nalice:$6$a$b:0:::::1:\n");
        assert_eq!(table.entries[0].changed, Some(19000));
        assert_eq!(table.entries[0].expires, None);
        assert_eq!(table.entries[1].hash, "$6$a$b");
        assert_eq!(table.entries[1].expires, Some(1));
        assert_eq!(table.entries[1].odd, None);
    }

    #[test]
    fn a_line_without_colon_is_bad_and_a_short_one_odd() {
        let table = shadow(b"junk\nroot:*\n");
        assert_eq!(table.bad[0].number, 1);
        assert_eq!(table.entries[0].odd, Some("fields are missing"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = shadow(&content);
        }
    }
}
