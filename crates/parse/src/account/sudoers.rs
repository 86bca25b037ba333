//! sudoers(5): aliases, Defaults, who may run what, includes.
//!
//! `#` begins a comment, except before a number: `#1000 ALL=(ALL) ALL` is a rule for uid 1000,
//! which an intruder may hope looks like a comment. A comment ends at its line's end even behind a
//! backslash, as in sudo's own scanner, so a rule under such a comment counts.

mod members;
mod rule;
mod scan;
mod statement;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Table;
use crate::{BadLine, Text};

/// What a sudoers file says.
pub type Sudoers = Table<SudoersEntry>;

/// One statement and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SudoersEntry {
    /// Number of its first line.
    pub line: u32,
    /// What it says.
    pub statement: SudoersStatement,
}

/// The kinds of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SudoersStatement {
    /// `User_Alias NAME = a, b` and its sisters.
    Alias {
        /// Of what.
        kind: AliasKind,
        /// Its name.
        name: Text,
        /// What it stands for.
        members: Vec<Member>,
    },
    /// `Defaults...`
    Defaults {
        /// For whom.
        scope: DefaultsScope,
        /// The settings, in order.
        settings: Vec<DefaultsSetting>,
    },
    /// Who may run what.
    Rule(SudoersRule),
    /// `@include`, `#include`, `@includedir`, `#includedir`.
    Include {
        /// As written; relative to the directory of the file it stands in. May hold `%h`.
        path: Text,
        /// Whether every file of that directory is meant; see [`includedir_takes`].
        directory: bool,
    },
}

/// What an alias lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasKind {
    /// Users.
    User,
    /// Users or groups to become.
    RunAs,
    /// Hosts.
    Host,
    /// Commands.
    Command,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// An odd number of `!` stands before it.
    pub negated: bool,
    /// The name, path with arguments, `%group`, `#uid`, alias or `ALL`, without quotes and escapes.
    pub name: Text,
}

impl Member {
    /// Whether this allows everything.
    pub fn is_all(&self) -> bool {
        !self.negated && self.name == "ALL"
    }
}

/// For whom a `Defaults` line holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultsScope {
    /// Everyone.
    Global,
    /// `Defaults@hosts`
    Hosts(Vec<Member>),
    /// `Defaults:users`
    Users(Vec<Member>),
    /// `Defaults>users to become`
    RunAs(Vec<Member>),
    /// `Defaults!commands`
    Commands(Vec<Member>),
}

/// One setting of a `Defaults` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultsSetting {
    /// `!name`
    pub negated: bool,
    /// Lower case as written.
    pub name: Text,
    /// How a value is joined, and the value.
    pub value: Option<(Operator, Text)>,
}

/// How a `Defaults` value is joined to what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Set,
    /// `+=`
    Add,
    /// `-=`
    Remove,
}

/// A user specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SudoersRule {
    /// Who.
    pub users: Vec<Member>,
    /// Where, as whom, how and what; one for each command, inherited parts filled in.
    pub grants: Vec<Grant>,
}

/// One command that a rule allows or forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// On which hosts.
    pub hosts: Vec<Member>,
    /// As which users; `None` without a parenthesis: root.
    pub run_as: Option<Vec<Member>>,
    /// As which groups.
    pub run_as_groups: Vec<Member>,
    /// The tags that hold for the command, as `NOPASSWD`; later ones take back earlier ones.
    pub tags: Vec<Text>,
    /// `ROLE=`, `CWD=`, `TIMEOUT=` and the like.
    pub options: Vec<(Text, Text)>,
    /// The command and its arguments, `sudoedit FILE`, an alias, or `ALL`.
    pub command: Member,
}

impl Grant {
    /// Whether a tag is in force.
    pub fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|set| *set == tag)
    }
}

/// Reads one sudoers file; includes are for the caller to follow.
pub fn sudoers(content: &[u8]) -> Sudoers {
    let mut table = Table::default();
    for line in scan::logical_lines(content) {
        let mut scanner = scan::Scanner::new(&line.bytes);
        if scanner.at_end() {
            continue;
        }
        let found =
            if line.is_too_long() { Err("too long") } else { statement::statements(&mut scanner) };
        match found {
            Ok(found) => table.entries.extend(
                found.into_iter().map(|statement| SudoersEntry { line: line.number, statement }),
            ),
            Err(reason) => {
                table.refuse(BadLine { number: line.number, reason, start: line.start() });
            }
        }
    }
    table
}

/// Whether `@includedir` reads a file of this name: not with a dot in it, not ending in `~`.
pub fn includedir_takes(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'.') && !name.ends_with(b"~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(content: &[u8]) -> Vec<(u32, SudoersRule)> {
        let rule = |entry: SudoersEntry| match entry.statement {
            SudoersStatement::Rule(rule) => Some((entry.line, rule)),
            _ => None,
        };
        sudoers(content).entries.into_iter().filter_map(rule).collect()
    }

    fn names(members: &[Member]) -> Vec<String> {
        let sign = |m: &Member| if m.negated { "!" } else { "" };
        members.iter().map(|m| format!("{}{}", sign(m), m.name)).collect()
    }

    #[test]
    fn nopasswd_all_is_read_with_its_parts() {
        let (line, rule) = &rules(b"# x\nalice ALL=(ALL:ALL) NOPASSWD: ALL\n")[0];
        let grant = &rule.grants[0];
        assert_eq!((*line, names(&rule.users)), (2, vec!["alice".to_owned()]));
        assert!(grant.has("NOPASSWD") && grant.command.is_all());
        assert_eq!(names(grant.run_as.as_ref().unwrap()), ["ALL"]);
        assert_eq!(names(&grant.run_as_groups), ["ALL"]);
    }

    #[test]
    fn tags_and_run_as_hold_for_the_commands_after_them() {
        let text = b"%ops web1,web2 = (www) NOPASSWD: /bin/a, /bin/b -x \\, y, (root) PASSWD: /bin/c : db = ALL";
        let (_, rule) = &rules(text)[0];
        let told: Vec<_> =
            rule.grants.iter().map(|g| (g.has("NOPASSWD"), &g.command.name)).collect();
        assert_eq!(told[0], (true, &Text::from("/bin/a")));
        assert_eq!(told[1], (true, &Text::from("/bin/b -x , y")));
        assert_eq!(told[2], (false, &Text::from("/bin/c")));
        assert_eq!(told[3], (false, &Text::from("ALL")));
        assert_eq!(names(&rule.grants[3].hosts), ["db"]);
        assert_eq!(names(rule.grants[2].run_as.as_ref().unwrap()), ["root"]);
        assert_eq!(rule.grants[3].run_as, None);
    }

    #[test]
    fn a_number_after_a_hash_is_a_user_and_not_a_comment() {
        let found = rules(b"#1000 ALL=(ALL) NOPASSWD: ALL\n# 1000 ALL=ALL\n#-1 ALL=ALL\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1.users[0].name, "#1000");
    }

    #[test]
    fn a_rule_below_a_comment_that_ends_in_a_backslash_counts() {
        let found = rules(b"# only a note \\\nevil ALL=(ALL) ALL\n");
        assert_eq!(found[0].0, 2);
    }

    #[test]
    fn a_continued_rule_is_one_rule_at_its_first_line() {
        let found = rules(b"alice ALL = \\\n  /bin/a, \\\n  !/bin/b\nbob ALL=ALL # tail\n");
        assert_eq!((found[0].0, found[0].1.grants.len()), (1, 2));
        assert!(found[0].1.grants[1].command.negated);
        assert_eq!((found[1].0, found[1].1.grants[0].command.name == "ALL"), (4, true));
    }

    #[test]
    fn includes_of_both_spellings_are_read() {
        let table = sudoers(
            b"@includedir /etc/sudoers.d\n#include \"/opt/a b\"\n@include rel\\ path\n#includedir /x\n#included\n",
        );
        let paths: Vec<_> = table.entries.iter().map(|entry| entry.statement.clone()).collect();
        let include =
            |path: &str, directory| SudoersStatement::Include { path: path.into(), directory };
        assert_eq!(
            paths,
            [
                include("/etc/sudoers.d", true),
                include("/opt/a b", false),
                include("rel path", false),
                include("/x", true)
            ]
        );
    }

    #[test]
    fn defaults_are_read_with_scope_sign_and_value() {
        let table = sudoers(
            b"Defaults env_reset, !syslog, env_keep += \"LD_PRELOAD PATH\"\nDefaults:alice,!bob !authenticate\nDefaults@web timestamp_timeout=-1\n",
        );
        let SudoersStatement::Defaults { settings, scope } = &table.entries[0].statement else {
            panic!("not Defaults")
        };
        assert_eq!(*scope, DefaultsScope::Global);
        assert!(settings[1].negated && settings[1].name == "syslog");
        let value = (Operator::Add, Text::from("LD_PRELOAD PATH"));
        assert_eq!(settings[2].value, Some(value));
        let SudoersStatement::Defaults { scope: DefaultsScope::Users(users), settings } =
            &table.entries[1].statement
        else {
            panic!("not for users")
        };
        assert_eq!(names(users), ["alice", "!bob"]);
        assert!(settings[0].negated && settings[0].name == "authenticate");
        let SudoersStatement::Defaults { settings, .. } = &table.entries[2].statement else {
            panic!("not Defaults")
        };
        assert_eq!(settings[0].value, Some((Operator::Set, Text::from("-1"))));
    }

    #[test]
    fn aliases_list_their_members_and_may_share_a_line() {
        let table = sudoers(b"User_Alias ADMINS = alice, %wheel : OPS = bob\nCmnd_Alias SH = /bin/sh, sha224:abc= /bin/dash\n");
        let names_of = |at: usize| match &table.entries[at].statement {
            SudoersStatement::Alias { name, members, .. } => (name.to_string(), names(members)),
            other => panic!("{other:?}"),
        };
        assert_eq!(names_of(0), ("ADMINS".into(), vec!["alice".into(), "%wheel".into()]));
        assert_eq!(names_of(1), ("OPS".into(), vec!["bob".into()]));
        assert_eq!(names_of(2), ("SH".into(), vec!["/bin/sh".into(), "/bin/dash".into()]));
    }

    #[test]
    fn quoted_and_escaped_names_lose_their_marks() {
        let found = rules(b"\"DOMAIN\\\\admins x\", a\\,b ALL=(root) sudoedit /etc/motd\n");
        assert_eq!(names(&found[0].1.users), ["DOMAIN\\admins x", "a,b"]);
        assert_eq!(found[0].1.grants[0].command.name, "sudoedit /etc/motd");
    }

    #[test]
    fn options_and_colons_in_addresses_are_understood() {
        let found =
            rules(b"alice 2001:db8::1 = (root) CWD=/tmp TIMEOUT=5m NOEXEC:NOPASSWD: /bin/x\n");
        let grant = &found[0].1.grants[0];
        assert_eq!(names(&grant.hosts), ["2001:db8::1"]);
        assert_eq!(grant.options[0], (Text::from("CWD"), Text::from("/tmp")));
        assert!(grant.has("NOEXEC") && grant.has("NOPASSWD"));
    }

    #[test]
    fn nonsense_is_a_bad_line_and_the_next_line_is_read() {
        let table = sudoers(b"alice ALL\n= x\nbob ALL=ALL\n");
        assert_eq!(table.bad.iter().map(|bad| bad.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(table.entries.len(), 1);
    }

    #[test]
    fn includedir_skips_dots_and_tildes() {
        assert!(includedir_takes(b"90-cloud-init-users"));
        assert!(!includedir_takes(b"alice.dpkg-old") && !includedir_takes(b"alice~"));
    }

    #[test]
    fn hosts_times_commands_do_not_fill_the_memory() {
        let hosts = "h,".repeat(20_000);
        let commands = "/c,".repeat(20_000);
        let table = sudoers(format!("u {hosts}h = {commands}/c\nbob ALL=ALL\n").as_bytes());
        assert_eq!(table.bad[0].reason, "too many names");
        assert_eq!(table.entries.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = sudoers(&content);
        }

        #[test]
        fn any_text_of_the_grammar_is_read(content in "[A-Za-z#!%@+=:,()\"\\\\ \n\t/.-]{0,200}") {
            let _ = sudoers(content.as_bytes());
        }

        #[test]
        fn a_rule_is_seen_below_any_comment(comment in "[^\n]{0,60}") {
            let text = format!("# {comment}\nevil ALL=(ALL) NOPASSWD: ALL\n");
            prop_assert_eq!(rules(text.as_bytes()).len(), 1);
        }
    }
}
