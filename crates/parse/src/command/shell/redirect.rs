//! Redirections and here-documents.

use super::cursor::Cursor;
use super::{How, Redirect, Word};

/// A redirection operator as read, its target still to come.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) descriptor: u32,
    pub(super) both: bool,
    pub(super) how: Form,
}

/// The written form of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain(How),
    /// `>&` and `<&`: a descriptor when a number follows, else a file.
    Duplicate,
    HereString,
    HereDocument {
        strip_tabs: bool,
    },
}

/// Reads an operator when one stands here; `<(` and `>(` are words, not operators.
pub(super) fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    let start = cursor.clone();
    let found = numbered(cursor);
    if found.is_none() {
        *cursor = start;
    }
    found
}

fn numbered(cursor: &mut Cursor<'_>) -> Option<Operator> {
    if cursor.take(b"&>") {
        let how = if cursor.take(b">") { How::Append } else { How::Write };
        return Some(Operator { descriptor: 1, both: true, how: Form::Plain(how) });
    }
    let number = named_descriptor(cursor).or_else(|| {
        let digits = cursor.take_while(|byte| byte.is_ascii_digit());
        std::str::from_utf8(digits).ok()?.parse::<u32>().ok()
    });
    if cursor.starts_with(b"<(") || cursor.starts_with(b">(") {
        return None;
    }
    let (default, form) = symbol(cursor)?;
    let both = form == Form::Duplicate && default == 1 && number.is_none();
    Some(Operator { descriptor: number.unwrap_or(default), both, how: form })
}

/// `{name}>`: bash picks a descriptor above 9; which one does not matter.
fn named_descriptor(cursor: &mut Cursor<'_>) -> Option<u32> {
    let rest = cursor.rest();
    let inside = rest.strip_prefix(b"{")?;
    let length = inside.iter().take(64).position(|&byte| !super::variables::is_name(byte))?;
    let end = inside.get(length..length + 2)?;
    let named = length > 0 && matches!(end, b"}<" | b"}>");
    named.then(|| {
        cursor.skip(length + 2);
        10
    })
}

fn symbol(cursor: &mut Cursor<'_>) -> Option<(u32, Form)> {
    const SYMBOLS: [(&[u8], u32, Form); 10] = [
        (b"<<<", 0, Form::HereString),
        (b"<<-", 0, Form::HereDocument { strip_tabs: true }),
        (b"<<", 0, Form::HereDocument { strip_tabs: false }),
        (b"<>", 0, Form::Plain(How::ReadWrite)),
        (b"<&", 0, Form::Duplicate),
        (b">>", 1, Form::Plain(How::Append)),
        (b">&", 1, Form::Duplicate),
        (b">|", 1, Form::Plain(How::Write)),
        (b"<", 0, Form::Plain(How::Read)),
        (b">", 1, Form::Plain(How::Write)),
    ];
    let found = SYMBOLS.iter().find(|(text, ..)| cursor.starts_with(text))?;
    cursor.skip(found.0.len());
    Some((found.1, found.2))
}

/// Joins operator and target.
pub(super) fn redirect(operator: &Operator, target: Word) -> Redirect {
    let number = target.text.strip_suffix(b"-").unwrap_or(&target.text);
    let is_number = !target.text.is_empty() && number.iter().all(u8::is_ascii_digit);
    let unknown_number = target.text.starts_with(b"$");
    let how = match operator.how {
        Form::Plain(how) => how,
        Form::Duplicate if is_number || unknown_number => How::Copy,
        Form::Duplicate if operator.descriptor == 0 => How::Read,
        Form::Duplicate => How::Write,
        Form::HereString | Form::HereDocument { .. } => How::Text,
    };
    let both = operator.both && how != How::Copy;
    Redirect { descriptor: operator.descriptor, both, how, target }
}

/// Where here-documents of the current line stand.
#[derive(Debug, Default)]
pub(super) struct HereDocuments {
    /// The newline after which the bodies start, and the end of those read so far.
    pending: Option<(usize, usize)>,
}

impl HereDocuments {
    /// The body that ends with a line `delimiter`.
    pub(super) fn body(
        &mut self,
        cursor: &Cursor<'_>,
        delimiter: &[u8],
        strip_tabs: bool,
    ) -> Vec<u8> {
        let (line_end, start) = self.pending.unwrap_or_else(|| {
            let rest = cursor.rest();
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line_end = cursor.position() + length;
            (line_end, line_end + 1)
        });
        let mut bodies = cursor.clone();
        bodies.jump(start);
        let mut body = Vec::new();
        while !bodies.at_end() {
            let line = bodies.take_until(b'\n');
            let tabs = line.iter().take_while(|&&byte| byte == b'\t').count();
            let line = if strip_tabs { line.get(tabs..).unwrap_or_default() } else { line };
            if line == delimiter {
                break;
            }
            body.extend_from_slice(line);
            body.push(b'\n');
        }
        self.pending = Some((line_end, bodies.position()));
        body
    }

    /// At a newline: jumps over the bodies that follow it.
    pub(super) fn skip_bodies(&mut self, cursor: &mut Cursor<'_>) {
        if let Some((line_end, end)) = self.pending
            && cursor.position() > line_end
        {
            self.pending = None;
            if end > cursor.position() {
                cursor.jump(end);
            }
        }
    }
}
