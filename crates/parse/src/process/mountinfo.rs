//! `/proc/PID/mountinfo` (`proc_pid_mountinfo(5)`).

use super::{number, words};
use crate::{BadLine, Line, Text, lines};

/// One mount of a mount namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Its number.
    pub id: u32,
    /// The number of the mount it stands on.
    pub parent: u32,
    /// The device of its file system, major and minor.
    pub device: (u32, u32),
    /// What of its file system is mounted.
    pub root: Text,
    /// Where it is mounted.
    pub point: Text,
    /// Options of the mount itself.
    pub options: Text,
    /// The type of its file system.
    pub file_system: Text,
    /// What was mounted: a device, a server, a word.
    pub source: Text,
}

/// The mounts, in the kernel's order: a later one covers an earlier one at the same place.
pub fn mounts(content: &[u8]) -> impl Iterator<Item = Result<Mount, BadLine>> {
    let filled =
        |line: &Result<Line<'_>, BadLine>| !line.as_ref().is_ok_and(|line| line.bytes.is_empty());
    lines(content).filter(filled).map(|line| {
        let line = line?;
        mount(line.bytes).ok_or_else(|| BadLine::new(line, "not a line of mountinfo"))
    })
}

fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = words(line);
    let id = number(fields.next()?)?;
    let parent = number(fields.next()?)?;
    let device = fields.next()?;
    let colon = device.iter().position(|&byte| byte == b':')?;
    let device = (number(device.get(..colon)?)?, number(device.get(colon + 1..)?)?);
    let (root, point) = (unescape(fields.next()?), unescape(fields.next()?));
    let options = Text::from(fields.next()?);
    // Any number of optional fields, then a dash.
    fields.find(|field| *field == b"-")?;
    let file_system = unescape(fields.next()?);
    let source = unescape(fields.next().unwrap_or_default());
    Some(Mount { id, parent, device, root, point, options, file_system, source })
}

/// Blank, tab, newline and backslash are written as `\` and three octal digits (`mangle` in
/// `fs/proc_namespace.c`). One pass from the left: what it makes is not read again.
fn unescape(field: &[u8]) -> Text {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'\\').then(|| octal(after)).flatten();
        let (byte, tail) = escaped.unwrap_or((first, after));
        out.push(byte);
        rest = tail;
    }
    Text::new(out)
}

fn octal(after: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, tail) = after.split_at_checked(3)?;
    let plain = digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    let digits = std::str::from_utf8(digits).ok().filter(|_| plain)?;
    Some((u8::from_str_radix(digits, 8).ok()?, tail))
}
