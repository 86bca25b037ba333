//! What the messages of sshd, sudo, su, login, PAM and the account tools say.
//!
//! Everything in a message may be chosen by whoever tries to log in (the name in "invalid user
//! NAME from ADDRESS" may itself hold " from "), so parts are taken from the side an intruder
//! cannot write on.

mod account;
mod console;
mod ssh;
mod sudo;

pub use account::AccountChange;
pub use sudo::Sudo;

/// One message understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// sshd let somebody in.
    Accepted(Attempt<'a>),
    /// sshd turned somebody away.
    Failed(Attempt<'a>),
    /// sshd: the name is no account. A password that is tried for it comes as `Failed` too.
    InvalidUser {
        /// The name tried.
        user: &'a [u8],
        /// Where from.
        from: &'a [u8],
    },
    /// sshd: the other side went away.
    Disconnected {
        /// Who, when sshd said it.
        user: Option<&'a [u8]>,
        /// Where from.
        from: &'a [u8],
    },
    /// PAM opened a session.
    SessionOpened {
        /// The PAM service: `sshd`, `login`, `sudo`, `cron`, ...
        service: &'a [u8],
        /// Whose.
        user: &'a [u8],
    },
    /// PAM closed a session.
    SessionClosed {
        /// The PAM service.
        service: &'a [u8],
        /// Whose.
        user: &'a [u8],
    },
    /// sudo ran a command or refused to.
    Sudo(Sudo<'a>),
    /// su changed to another account or refused to.
    Su {
        /// Who asked.
        by: &'a [u8],
        /// For which account.
        to: &'a [u8],
        /// It was granted.
        granted: bool,
    },
    /// login(1) on a terminal.
    Console {
        /// Who.
        user: &'a [u8],
        /// On which terminal.
        line: &'a [u8],
        /// It was granted.
        granted: bool,
    },
    /// An account or a group was changed.
    Account(AccountChange<'a>),
}

/// An attempt to authenticate to sshd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// `password`, `publickey`, `keyboard-interactive/pam`, `gssapi-with-mic`, ...
    pub method: &'a [u8],
    /// The account.
    pub user: &'a [u8],
    /// sshd said that there is no such account.
    pub invalid: bool,
    /// The address.
    pub from: &'a [u8],
    /// The key's type and fingerprint: `ED25519 SHA256:...`.
    pub key: Option<&'a [u8]>,
}

/// A message and how many times it was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// What it says.
    pub event: Event<'a>,
    /// More than one when the log daemon folded repetitions.
    pub times: u32,
}

/// Reads a message of `program`; `None` when it says nothing of logins or accounts.
pub fn event<'a>(program: &[u8], message: &'a [u8]) -> Option<Told<'a>> {
    let (message, times) = unfold(message);
    let event = pam(message).or_else(|| match base_name(program) {
        b"sshd" | b"sshd-session" | b"sshd-auth" => ssh::event(message),
        b"sudo" => sudo::event(message).map(Event::Sudo),
        b"su" => console::su(message),
        b"login" => console::login(message),
        b"useradd" | b"userdel" | b"usermod" | b"groupadd" | b"groupdel" | b"groupmod"
        | b"gpasswd" | b"passwd" | b"chpasswd" | b"chsh" | b"newusers" => {
            account::event(message).map(Event::Account)
        }
        _ => None,
    })?;
    Some(Told { event, times })
}

/// A login shell's `-su`, or a path, as some daemons log themselves.
fn base_name(program: &[u8]) -> &[u8] {
    program.rsplit(|&byte| byte == b'/').next().unwrap_or(program)
}

/// rsyslog: `message repeated 3 times: [ Failed password for ...]`.
fn unfold(message: &[u8]) -> (&[u8], u32) {
    let folded = (|| {
        let rest = message.strip_prefix(b"message repeated ")?;
        let (times, rest) = split(rest, b" times: [")?;
        let times = std::str::from_utf8(times).ok()?.parse().ok()?;
        Some((rest.strip_suffix(b"]").unwrap_or(rest).trim_ascii_start(), times))
    })();
    folded.unwrap_or((message, 1))
}

/// `pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)`, of any program.
fn pam(message: &[u8]) -> Option<Event<'_>> {
    let rest = message.strip_prefix(b"pam_unix(")?;
    let (service, rest) = split(rest, b":")?;
    let (_, text) = split(rest, b"): ")?;
    if let Some(rest) = text.strip_prefix(b"session opened for user ") {
        let (user, _) = split(rest, b" by ").unwrap_or((rest, &[]));
        let user = split(user, b"(uid=").map_or(user, |(name, _)| name);
        return Some(Event::SessionOpened { service, user });
    }
    if let Some(user) = text.strip_prefix(b"session closed for user ") {
        return Some(Event::SessionClosed { service, user });
    }
    let user = text.strip_prefix(b"password changed for ")?;
    Some(Event::Account(AccountChange::Password { user }))
}

/// Splits at the first `mark`.
fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, mark)?;
    Some((text.get(..at)?, text.get(at.checked_add(mark.len())?..)?))
}

/// Splits at the last `mark`.
fn rsplit<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::rfind(text, mark)?;
    Some((text.get(..at)?, text.get(at.checked_add(mark.len())?..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said<'a>(program: &str, message: &'a str) -> Event<'a> {
        event(program.as_bytes(), message.as_bytes()).unwrap().event
    }

    #[test]
    fn pam_sessions_are_read_in_old_and_new_wording() {
        for message in [
            "pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)",
            "pam_unix(sshd:session): session opened for user ann by (uid=0)",
        ] {
            let wanted = Event::SessionOpened { service: b"sshd", user: b"ann" };
            assert_eq!(said("sshd", message), wanted);
        }
        let closed = said("sshd", "pam_unix(sshd:session): session closed for user ann");
        assert_eq!(closed, Event::SessionClosed { service: b"sshd", user: b"ann" });
    }

    #[test]
    fn folded_repetitions_count() {
        let line =
            b"message repeated 5 times: [ Failed password for root from 192.0.2.1 port 4 ssh2]";
        let told = event(b"sshd", line).unwrap();
        assert_eq!(told.times, 5);
        assert!(matches!(told.event, Event::Failed(Attempt { user: b"root", .. })));
    }

    #[test]
    fn a_changed_password_is_an_account_change() {
        let got = said("passwd", "pam_unix(passwd:chauthtok): password changed for ann");
        assert_eq!(got, Event::Account(AccountChange::Password { user: b"ann" }));
    }

    #[test]
    fn unrelated_messages_say_nothing() {
        assert_eq!(event(b"CRON", b"(root) CMD (true)"), None);
        assert_eq!(event(b"sshd", b"Server listening on :: port 22."), None);
        assert_eq!(
            event(b"kernel", b"Accepted password for root from 192.0.2.1 port 1 ssh2"),
            None
        );
    }

    proptest! {
        #[test]
        fn any_message_of_any_program_does_not_panic(
            program in "(sshd|sudo|su|login|useradd|usermod|userdel|passwd|x)", message: Vec<u8>
        ) {
            let _ = event(program.as_bytes(), &message);
        }

        #[test]
        fn shaped_messages_do_not_panic(
            message in "(Accepted|Failed|pam_unix\\(|add '|new user: name=|a : TTY=| from | port |for |invalid user |; USER=|; COMMAND=|x|'|,){0,12}"
        ) {
            for program in ["sshd", "sudo", "su", "login", "useradd"] {
                let _ = event(program.as_bytes(), message.as_bytes());
            }
        }
    }
}
