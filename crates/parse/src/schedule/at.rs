//! Jobs of at(1): shell scripts that start with a preamble which at itself writes.

use crate::Text;

/// A job's file, its preamble put aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtJob {
    /// From `# atrun uid=`.
    pub uid: Option<u32>,
    /// From `# atrun uid= gid=`.
    pub gid: Option<u32>,
    /// From `# mail`.
    pub mail: Option<Text>,
    /// `NAME=value; export NAME` lines.
    pub environment: Vec<(Text, Text)>,
    /// From `cd`.
    pub directory: Option<Text>,
    /// Everything that at does not write by itself, wherever it stands.
    pub command: Text,
    /// The line on which the command starts, counted from 1.
    pub line: u32,
}

/// What a job's file name says (atd(8)): queue, number, minutes since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtName {
    /// `a` is at's, `b` batch's, `=` a job that is running.
    pub queue: char,
    /// The job's number.
    pub number: u32,
    /// When it runs, in minutes since 1970.
    pub minutes: u32,
}

/// Reads a job's file name; nothing when it is none of at's.
pub fn at_name(name: &[u8]) -> Option<AtName> {
    let name = std::str::from_utf8(name).ok()?;
    let queue = name.chars().next().filter(|&c| c.is_ascii_alphabetic() || c == '=')?;
    let digits = name.get(1..).filter(|digits| digits.len() == 13)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits.get(..5)?, 16).ok()?;
    let minutes = u32::from_str_radix(digits.get(5..)?, 16).ok()?;
    Some(AtName { queue, number, minutes })
}

/// Takes a job apart. Never fails: what is not at's own stays in the command.
pub fn at_job(content: &[u8]) -> AtJob {
    let mut job = AtJob::default();
    let mut rest = content;
    let mut number = 1_u32;
    let mut command: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let taken = preamble(rest, &mut job).unwrap_or(0);
        let length = if taken > 0 { taken } else { line_length(rest) };
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if taken == 0 {
            if job.line == 0 && !part.trim_ascii().is_empty() {
                job.line = number;
            }
            command.extend_from_slice(part);
        }
        let newlines = memchr::memchr_iter(b'\n', part).count();
        number = number.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        rest = after;
    }
    job.command = Text::from(unwrapped(command.trim_ascii()));
    job
}

fn line_length(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1)
}

/// The length of a part of the preamble at the start of `text`.
fn preamble(text: &[u8], job: &mut AtJob) -> Option<usize> {
    let length = line_length(text);
    let line = text.get(..length)?.trim_ascii_end();
    if line == b"#!/bin/sh" || line == b"umask" {
        return Some(length);
    }
    if let Some(ids) = line.strip_prefix(b"# atrun uid=") {
        header(ids, job);
        return Some(length);
    }
    if let Some(mail) = line.strip_prefix(b"# mail ") {
        job.mail = mail.split(u8::is_ascii_whitespace).next().map(Text::from);
        return Some(length);
    }
    if let Some(mask) = line.strip_prefix(b"umask ") {
        return mask.iter().all(u8::is_ascii_digit).then_some(length);
    }
    directory(text, line, length, job).or_else(|| environment(text, job))
}

fn header(ids: &[u8], job: &mut AtJob) {
    let text = String::from_utf8_lossy(ids);
    let mut words = text.split_ascii_whitespace();
    job.uid = words.next().and_then(|uid| uid.parse().ok());
    job.gid = words.next().and_then(|gid| gid.strip_prefix("gid=")?.parse().ok());
}

/// `cd DIR || {`, an echo, an exit and `}`.
fn directory(text: &[u8], line: &[u8], length: usize, job: &mut AtJob) -> Option<usize> {
    const REST: [&[u8]; 3] = [b"echo 'Execution directory inaccessible' >&2", b"exit 1", b"}"];
    let path = line.strip_prefix(b"cd ")?.strip_suffix(b" || {")?;
    let plain = !path.iter().any(|byte| b";|&$`<>()".contains(byte));
    let mut taken = length;
    for wanted in REST {
        let rest = text.get(taken..)?;
        let next = line_length(rest);
        if rest.get(..next)?.trim_ascii() != wanted {
            return None;
        }
        taken += next;
    }
    plain.then(|| {
        job.directory = Some(unescaped(path));
        taken
    })
}

/// `NAME=value; export NAME`, where at puts a backslash before each odd byte and a newline in
/// double quotes, so that no command fits in.
fn environment(text: &[u8], job: &mut AtJob) -> Option<usize> {
    let name_length = text.iter().position(|&byte| byte == b'=')?;
    let name = text.get(..name_length)?;
    if name.is_empty() || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let mut at = name_length + 1;
    loop {
        match text.get(at..)? {
            [b'\\', _, ..] => at += 2,
            [b'"', b'\n', b'"', ..] => at += 3,
            [b';', ..] => break,
            [byte, ..] if !b"\n|&$`<>()\"' \t".contains(byte) => at += 1,
            _ => return None,
        }
    }
    let value = text.get(name_length + 1..at)?;
    let rest = text.get(at..)?.strip_prefix(b"; export ")?.strip_prefix(name)?;
    let rest_length = rest.len() - rest.strip_prefix(b"\n").unwrap_or(rest).len();
    if rest_length == 0 && !rest.is_empty() {
        return None;
    }
    job.environment.push((Text::from(name), unescaped(value)));
    Some(text.len() - rest.len() + rest_length)
}

fn unescaped(text: &[u8]) -> Text {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            b'"' => {}
            other => out.push(other),
        }
    }
    Text::new(out)
}

/// Newer versions hand the command to the user's shell: `${SHELL:-/bin/sh} << 'marcinDELIMITER..'`.
fn unwrapped(command: &[u8]) -> &[u8] {
    let inside = command.strip_prefix(b"${SHELL:-/bin/sh} << '").and_then(|after| {
        let end = memchr::memchr(b'\'', after)?;
        let delimiter = after.get(..end).filter(|name| name.starts_with(b"marcinDELIMITER"))?;
        after.get(end + 1..)?.trim_ascii().strip_suffix(delimiter)
    });
    inside.unwrap_or(command).trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JOB: &str = "#!/bin/sh\n# atrun uid=1000 gid=100\n# mail ana 0\numask 22\n\
        SHELL=/bin/bash; export SHELL\nX=a\\ b\"\n\"c\\;\\ d; export X\n\
        cd /home/ana || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n\
        /opt/report --daily\n";

    #[test]
    fn the_preamble_is_put_aside() {
        let job = at_job(JOB.as_bytes());
        assert_eq!((job.uid, job.gid), (Some(1000), Some(100)));
        assert_eq!(job.mail, Some("ana".into()));
        assert_eq!(job.environment[1], ("X".into(), "a b\nc; d".into()));
        assert_eq!(job.directory, Some("/home/ana".into()));
        assert_eq!(job.command, "/opt/report --daily");
        assert_eq!(job.line, 12);
    }

    #[test]
    fn a_command_slipped_into_the_preamble_stays_in_the_command() {
        let text = JOB.replace("umask 22\n", "umask 22; /tmp/x\n");
        assert_eq!(at_job(text.as_bytes()).command, "umask 22; /tmp/x\n/opt/report --daily");
        let text = JOB.replace("SHELL=/bin/bash;", "SHELL=$(/tmp/x);");
        assert!(at_job(text.as_bytes()).command.lossy().contains("/tmp/x"));
    }

    #[test]
    fn the_here_document_of_newer_versions_is_opened() {
        let text = JOB.replace(
            "/opt/report --daily\n",
            "${SHELL:-/bin/sh} << 'marcinDELIMITER1a2b3c4d'\n/opt/x\n\nmarcinDELIMITER1a2b3c4d\n",
        );
        assert_eq!(at_job(text.as_bytes()).command, "/opt/x");
    }

    #[test]
    fn names_say_queue_number_and_time() {
        let name = at_name(b"a0000201c0a6f0").unwrap();
        assert_eq!((name.queue, name.number, name.minutes), ('a', 2, 0x01c0_a6f0));
        assert_eq!(at_name(b".SEQ"), None);
        assert_eq!(at_name(b"a+000201c0a6f0"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = at_job(&bytes);
            let _ = at_name(&bytes);
        }

        #[test]
        fn a_file_without_preamble_is_all_command(text in "[a-z /.]{1,80}") {
            let job = at_job(text.as_bytes());
            prop_assert_eq!(job.command.as_bytes(), text.trim().as_bytes());
        }
    }
}
