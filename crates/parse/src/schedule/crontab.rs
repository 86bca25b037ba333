//! Crontabs (crontab(5) of Debian's cron, cronie and busybox).

use super::environment::{Variable, variable};
use crate::{BadLine, Line, Text, lines};

/// Whether a line names the user it runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A user's own crontab: five fields of time, then the command.
    User,
    /// `/etc/crontab` and `/etc/cron.d`: the user stands before the command.
    System,
}

/// A crontab, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crontab {
    /// What is run.
    pub entries: Vec<CrontabEntry>,
    /// The environment it is run in.
    pub variables: Vec<Variable>,
    /// Lines that are neither; cron refuses them.
    pub bad: Vec<BadLine>,
}

/// A line that runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrontabEntry {
    /// Counted from 1.
    pub line: u32,
    /// The five fields or the nickname (`@reboot`), blanks made single.
    pub when: Text,
    /// The user of a system crontab.
    pub user: Option<Text>,
    /// The command as the shell gets it: up to the first `%`, `\%` made `%`.
    pub command: Text,
    /// What the command reads from its standard input: the text after the first `%`, with each
    /// further `%` made a newline.
    pub input: Option<Text>,
    /// A `-` before the minute: cron does not log the run.
    pub silent: bool,
    /// Blanks in front of the line's first field and in front of the command, the larger of both:
    /// a command far to the right is not seen in an editor.
    pub indent: u32,
}

/// Parses a crontab.
pub fn crontab(content: &[u8], dialect: Dialect) -> Crontab {
    let mut found = Crontab::default();
    for line in lines(content) {
        match line {
            Err(bad) => found.bad.push(bad),
            Ok(line) => one(line, dialect, &mut found),
        }
    }
    found
}

fn one(line: Line<'_>, dialect: Dialect, found: &mut Crontab) {
    let text = line.bytes.trim_ascii_start();
    if text.is_empty() || text.starts_with(b"#") {
        return;
    }
    if let Some(set) = variable(line) {
        found.variables.push(set);
        return;
    }
    match entry(line, dialect) {
        Ok(entry) => found.entries.push(entry),
        Err(reason) => found.bad.push(BadLine::new(line, reason)),
    }
}

fn entry(line: Line<'_>, dialect: Dialect) -> Result<CrontabEntry, &'static str> {
    let mut rest = line.bytes;
    let mut indent = skip_blanks(&mut rest);
    let silent = rest.first() == Some(&b'-');
    if silent {
        rest = rest.get(1..).unwrap_or_default();
    }
    let when = time(&mut rest)?;
    let user = match dialect {
        Dialect::User => None,
        Dialect::System => Some(Text::from(field(&mut rest).ok_or("no user")?)),
    };
    indent = indent.max(skip_blanks(&mut rest));
    let rest = rest.trim_ascii_end();
    if rest.is_empty() {
        return Err("no command");
    }
    let (command, input) = split_at_percent(rest);
    Ok(CrontabEntry { line: line.number, when, user, command, input, silent, indent })
}

fn skip_blanks(rest: &mut &[u8]) -> u32 {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    *rest = rest.get(blanks..).unwrap_or_default();
    u32::try_from(blanks).unwrap_or(u32::MAX)
}

/// The next word; blanks before it are skipped.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    skip_blanks(rest);
    let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(length)?;
    *rest = after;
    (!word.is_empty()).then_some(word)
}

fn time(rest: &mut &[u8]) -> Result<Text, &'static str> {
    let first = field(rest).ok_or("empty")?;
    if let Some(nickname) = first.strip_prefix(b"@") {
        return nickname_time(nickname).then(|| Text::from(first)).ok_or("unknown nickname");
    }
    let mut fields = vec![first];
    while fields.len() < 5 {
        fields.push(field(rest).ok_or("fewer than five fields of time")?);
    }
    if fields.iter().all(|field| is_time(field)) {
        Ok(Text::new(fields.join(&b' ')))
    } else {
        Err("bad field of time")
    }
}

fn nickname_time(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"reboot",
        b"yearly",
        b"annually",
        b"monthly",
        b"weekly",
        b"daily",
        b"midnight",
        b"hourly",
        b"every_minute",
        b"every_second",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Digits, `*`, ranges, steps, lists, names of months and days, cronie's `~` and the `?`, `L`, `W`,
/// `#` and `H` of others; enough to tell a time from a word of a sentence.
fn is_time(field: &[u8]) -> bool {
    let letters = field.split(|byte| !byte.is_ascii_alphabetic());
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"*,/-~?#".contains(byte);
    field.iter().all(allowed) && letters.into_iter().all(|word| word.len() <= 3)
}

/// Splits at the first `%` that no backslash stands before (crontab(5)).
fn split_at_percent(text: &[u8]) -> (Text, Option<Text>) {
    let mut command = Vec::new();
    let mut input: Option<Vec<u8>> = None;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'\\' && bytes.peek() == Some(&b'%');
        let byte = if escaped { bytes.next().unwrap_or(byte) } else { byte };
        match (&mut input, byte == b'%' && !escaped) {
            (None, true) => input = Some(Vec::new()),
            (Some(input), true) => input.push(b'\n'),
            (Some(input), false) => input.push(byte),
            (None, false) => command.push(byte),
        }
    }
    (Text::new(command), input.map(Text::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn only(content: &str, dialect: Dialect) -> CrontabEntry {
        let parsed = crontab(content.as_bytes(), dialect);
        assert_eq!(parsed.bad, [], "{content}");
        let [entry] = parsed.entries.as_slice() else { panic!("{:?}", parsed.entries) };
        entry.clone()
    }

    #[test]
    fn debians_crontab_is_read() {
        let text = "SHELL=/bin/sh\n# comment\n17 *\t* * *\troot\tcd / && run-parts --report \
            /etc/cron.hourly\n";
        let parsed = crontab(text.as_bytes(), Dialect::System);
        assert_eq!(parsed.variables[0].name, "SHELL");
        let entry = &parsed.entries[0];
        assert_eq!(entry.line, 3);
        assert_eq!(entry.when, "17 * * * *");
        assert_eq!(entry.user, Some("root".into()));
        assert_eq!(entry.command, "cd / && run-parts --report /etc/cron.hourly");
    }

    #[test]
    fn nicknames_silence_and_names_are_read() {
        assert_eq!(only("@reboot /opt/x", Dialect::User).when, "@reboot");
        assert!(only("-*/5 1-3,5 * JAN-MAR mon /opt/x", Dialect::User).silent);
        assert_eq!(only("@Daily root /opt/x", Dialect::System).command, "/opt/x");
    }

    #[test]
    fn percent_starts_the_input_and_an_escaped_one_stays() {
        let entry = only("0 0 * * * date +\\%F | mail -s x%one%two\\%", Dialect::User);
        assert_eq!(entry.command, "date +%F | mail -s x");
        assert_eq!(entry.input, Some("one\ntwo%".into()));
    }

    #[test]
    fn environment_lines_may_be_quoted_and_spaced() {
        let parsed = crontab(b"\"MAILTO\" = 'a b'\nX=\n", Dialect::User);
        assert_eq!(parsed.variables[0].name, "MAILTO");
        assert_eq!(parsed.variables[0].value, "a b");
        assert_eq!(parsed.variables[1].value, "");
    }

    #[test]
    fn a_command_far_to_the_right_shows_its_indent() {
        let line = format!("* * * * *{}/opt/x", " ".repeat(300));
        assert_eq!(only(&line, Dialect::User).indent, 300);
    }

    #[test]
    fn a_sentence_is_a_bad_line_and_the_next_is_still_read() {
        let parsed = crontab(b"this is no crontab line at all\n* * * * * x\n", Dialect::User);
        assert_eq!(parsed.bad[0].number, 1);
        assert_eq!(parsed.entries.len(), 1);
    }

    #[test]
    fn an_equals_sign_in_a_command_makes_no_variable() {
        assert_eq!(only("0 0 * * * A=b /opt/x", Dialect::User).command, "A=b /opt/x");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = crontab(&bytes, Dialect::System);
        }

        #[test]
        fn each_line_gives_at_most_one_thing(text in "[ -~\n]{0,200}") {
            let parsed = crontab(text.as_bytes(), Dialect::User);
            let things = parsed.entries.len() + parsed.variables.len() + parsed.bad.len();
            prop_assert!(things <= text.lines().count());
        }
    }
}
