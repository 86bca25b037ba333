//! Messages of login(1) and su(1), from util-linux and from shadow.

use super::{Event, split};

/// util-linux: `LOGIN ON tty1 BY ann[ FROM host]`, `ROOT LOGIN ON tty1`,
/// `FAILED LOGIN 1 FROM tty1 FOR root, ...`; shadow: `ROOT LOGIN  on '/dev/tty1'`,
/// `FAILED LOGIN (1) on '/dev/tty1' FOR 'root', ...`.
pub(super) fn login(message: &[u8]) -> Option<Event<'_>> {
    if let Some(rest) = message.strip_prefix(b"LOGIN ON ") {
        let (line, user) = split(rest, b" BY ")?;
        let user = split(user, b" FROM ").map_or(user, |(user, _)| user);
        return Some(Event::Console { user, line, granted: true });
    }
    if let Some(rest) = message.strip_prefix(b"ROOT LOGIN") {
        let line = ["ON ", "on "].iter().find_map(|on| split(rest, on.as_bytes()))?.1;
        let line = split(line, b" FROM ").map_or(line, |(line, _)| line);
        return Some(Event::Console { user: b"root", line: terminal(line), granted: true });
    }
    let rest = message.strip_prefix(b"FAILED LOGIN")?;
    let (place, user) = split(rest, b" FOR ")?;
    let line = ["FROM ", "on "].iter().find_map(|on| split(place, on.as_bytes()))?.1;
    let user = split(user, b", ").map_or(user, |(user, _)| user);
    Some(Event::Console { user: unquote(user), line: terminal(line), granted: false })
}

/// util-linux: `(to root) ann on pts/1`, `FAILED SU (to root) ann on pts/1`; shadow:
/// `Successful su for root by ann`, `FAILED su for root by ann`.
pub(super) fn su(message: &[u8]) -> Option<Event<'_>> {
    let (granted, rest) = match message.strip_prefix(b"FAILED SU ") {
        Some(rest) => (false, rest),
        None => (true, message),
    };
    if let Some(rest) = rest.strip_prefix(b"(to ") {
        let (to, rest) = split(rest, b") ")?;
        let by = split(rest, b" on ").map_or(rest, |(by, _)| by);
        return Some(Event::Su { by, to, granted });
    }
    let (granted, rest) = match message.strip_prefix(b"Successful su for ") {
        Some(rest) => (true, rest),
        None => (false, message.strip_prefix(b"FAILED su for ")?),
    };
    let (to, by) = split(rest, b" by ")?;
    Some(Event::Su { by, to, granted })
}

fn unquote(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")).unwrap_or(text)
}

fn terminal(text: &[u8]) -> &[u8] {
    let bare = unquote(text.trim_ascii());
    bare.strip_prefix(b"/dev/").unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_logins_of_both_programs_are_read() {
        let root = |granted| Event::Console { user: b"root", line: b"tty1", granted };
        assert_eq!(login(b"ROOT LOGIN  on '/dev/tty1'"), Some(root(true)));
        assert_eq!(login(b"ROOT LOGIN ON tty1"), Some(root(true)));
        let shadow = b"FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure";
        assert_eq!(login(shadow), Some(root(false)));
        let util = b"FAILED LOGIN 1 FROM tty1 FOR root, Authentication failure";
        assert_eq!(login(util), Some(root(false)));
        let ann = Event::Console { user: b"ann", line: b"tty2", granted: true };
        assert_eq!(login(b"LOGIN ON tty2 BY ann"), Some(ann));
    }

    #[test]
    fn su_says_who_became_whom() {
        let got = |granted| Some(Event::Su { by: b"ann", to: b"root", granted });
        assert_eq!(su(b"(to root) ann on pts/1"), got(true));
        assert_eq!(su(b"FAILED SU (to root) ann on pts/1"), got(false));
        assert_eq!(su(b"Successful su for root by ann"), got(true));
        assert_eq!(su(b"FAILED su for root by ann"), got(false));
    }
}
