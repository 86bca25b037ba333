//! `sshd_config`(5) as sshd reads it.
//!
//! The first value of a keyword counts, not the last, so a drop-in included at the top beats the
//! main file. `Match` blocks hold until the next one or the end of their file; an included file
//! inherits the block it is included from and gives nothing back. Source: OpenSSH `servconf.c`.

mod resolve;
mod words;

pub use resolve::{SshdConfig, SshdFile, SshdSetting, resolve_sshd};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Table;
use crate::{BadLine, Line, Text, lines};

/// One line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshdLine {
    /// Line number in its file.
    pub line: u32,
    /// What it says.
    pub statement: SshdStatement,
}

/// The kinds of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SshdStatement {
    /// `Keyword value...`
    Setting {
        /// In lower case.
        keyword: String,
        /// Without quotes.
        arguments: Vec<Text>,
    },
    /// `Include pattern...`; relative ones belong to /etc/ssh.
    Include(Vec<Text>),
    /// `Match criteria`
    Match(Vec<Criterion>),
}

/// One condition of a `Match` line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// In lower case: `user`, `group`, `address`, `all`.
    pub name: String,
    /// The pattern list; empty for `all` and `invalid-user`.
    pub value: Text,
}

/// Reads one file of sshd's configuration.
pub fn sshd_config(content: &[u8]) -> Table<SshdLine> {
    let mut table = Table::default();
    for line in lines(content) {
        match line {
            Err(bad) => table.refuse(bad),
            Ok(line) => {
                if let Some(record) = record(line) {
                    table.take(record);
                }
            }
        }
    }
    table
}

fn record(line: Line<'_>) -> Option<Result<SshdLine, BadLine>> {
    let (keyword, rest) = words::keyword(line.bytes)?;
    let statement = words::split(rest)
        .filter(|arguments| !arguments.is_empty())
        .ok_or(BadLine::new(line, "no value, or a quote without end"))
        .and_then(|arguments| statement(line, keyword, arguments));
    Some(statement.map(|statement| SshdLine { line: line.number, statement }))
}

fn statement(
    line: Line<'_>,
    keyword: String,
    arguments: Vec<Text>,
) -> Result<SshdStatement, BadLine> {
    match keyword.as_str() {
        "include" => Ok(SshdStatement::Include(arguments)),
        "match" => criteria(arguments)
            .map(SshdStatement::Match)
            .ok_or(BadLine::new(line, "a condition without its value, or too many")),
        _ => Ok(SshdStatement::Setting { keyword, arguments }),
    }
}

/// Conditions of one `Match` line; real ones have one or two.
const MOST_CRITERIA: usize = 32;

/// `user alice address=192.0.2.0/24 all`
fn criteria(words: Vec<Text>) -> Option<Vec<Criterion>> {
    let mut out = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        let (name, joined) = match bytes.iter().position(|&b| b == b'=') {
            Some(at) => (bytes.get(..at)?, bytes.get(at + 1..).map(Text::from)),
            None => (bytes, None),
        };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let value = match name.as_str() {
            "all" | "invalid-user" | "canonical" | "final" => Text::default(),
            _ => joined.or_else(|| words.next())?,
        };
        out.push(Criterion { name, value });
    }
    (out.len() <= MOST_CRITERIA).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(content: &[u8]) -> Vec<(String, Vec<String>)> {
        let text = |arguments: Vec<Text>| arguments.iter().map(ToString::to_string).collect();
        let lines = sshd_config(content).entries.into_iter();
        lines
            .filter_map(|line| match line.statement {
                SshdStatement::Setting { keyword, arguments } => Some((keyword, text(arguments))),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn keywords_are_folded_and_values_lose_quotes_and_comments() {
        let found = settings(
            b"# x\n  PermitRootLogin=no # why\nAuthorizedKeysFile\t\"/etc/a b\" .ssh/keys\r\nport = 22\nX 'a\\'b' c\\ d\n",
        );
        assert_eq!(found[0], ("permitrootlogin".into(), vec!["no".into()]));
        assert_eq!(found[1].1, ["/etc/a b", ".ssh/keys"]);
        assert_eq!(found[2], ("port".into(), vec!["22".into()]));
        assert_eq!(found[3].1, ["a'b", "c d"]);
    }

    #[test]
    fn conditions_of_a_match_are_read() {
        let table =
            sshd_config(b"Match User alice,bob Address=192.0.2.0/24\nMatch all\nMatch user\n");
        let SshdStatement::Match(criteria) = &table.entries[0].statement else {
            panic!("no Match")
        };
        assert_eq!(criteria[1], Criterion { name: "address".into(), value: "192.0.2.0/24".into() });
        assert_eq!(table.entries.len(), 2);
        assert_eq!(table.bad[0].number, 3);
    }

    #[test]
    fn a_keyword_without_value_is_a_bad_line() {
        assert_eq!(sshd_config(b"UsePAM\nBanner \"x\n").bad.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = sshd_config(&content);
        }
    }
}
