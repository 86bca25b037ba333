//! Messages of sudo (sudo `lib/eventlog`): `USER : [REASON ; ]KEY=VALUE ; ... ; COMMAND=...`.

use super::split;

/// What sudo ran or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sudo<'a> {
    /// Who asked.
    pub user: &'a [u8],
    /// As which account.
    pub target: &'a [u8],
    /// The command with its arguments, as sudo wrote it.
    pub command: &'a [u8],
    /// The terminal; `unknown` without one.
    pub tty: Option<&'a [u8]>,
    /// Where.
    pub directory: Option<&'a [u8]>,
    /// Why it was refused.
    pub refused: Option<&'a [u8]>,
}

pub(super) fn event(message: &[u8]) -> Option<Sudo<'_>> {
    let (user, rest) = split(message.trim_ascii_start(), b" : ")?;
    // The command is last and may hold anything, " ; USER=" too.
    let (head, command) = split(rest, b"COMMAND=")?;
    let mut sudo = Sudo { user, target: b"", command, tty: None, directory: None, refused: None };
    let mut rest = head;
    while !rest.is_empty() {
        let (part, tail) = split(rest, b" ; ").unwrap_or((rest, &[]));
        take(&mut sudo, part);
        rest = tail;
    }
    Some(sudo)
}

fn take<'a>(sudo: &mut Sudo<'a>, part: &'a [u8]) {
    match split(part, b"=") {
        Some((b"TTY", value)) => sudo.tty = Some(value),
        Some((b"PWD", value)) => sudo.directory = Some(value),
        Some((b"USER", value)) => sudo.target = value,
        Some((b"HOST" | b"GROUP" | b"ENV" | b"TSID" | b"CHROOT", _)) => {}
        _ => sudo.refused = sudo.refused.or(Some(part)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_ran() {
        let line =
            b"     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/sh -c a ; USER=b";
        let got = event(line).unwrap();
        assert_eq!((got.user, got.target), (&b"ann"[..], &b"root"[..]));
        assert_eq!(got.command, b"/bin/sh -c a ; USER=b");
        assert_eq!((got.tty, got.refused), (Some(&b"pts/0"[..]), None));
    }

    #[test]
    fn a_refusal_says_why() {
        let line =
            b"www-data : user NOT in sudoers ; TTY=unknown ; PWD=/ ; USER=root ; COMMAND=list";
        let got = event(line).unwrap();
        assert_eq!(got.refused, Some(&b"user NOT in sudoers"[..]));
        assert_eq!(got.command, b"list");
    }

    #[test]
    fn other_messages_are_none_of_it() {
        assert_eq!(event(b"ann : unable to resolve host web1"), None);
    }
}
