//! Messages of sshd (openssh `auth.c`, `packet.c`).

use super::{Attempt, Event, rsplit, split};

pub(super) fn event(message: &[u8]) -> Option<Event<'_>> {
    if let Some(rest) = message.strip_prefix(b"Accepted ") {
        return accepted(rest).map(Event::Accepted);
    }
    if let Some(rest) = message.strip_prefix(b"Failed ") {
        return failed(rest).map(Event::Failed);
    }
    if let Some(rest) = message.strip_prefix(b"Invalid user ") {
        let (user, from) = rsplit(rest, b" from ")?;
        return Some(Event::InvalidUser { user, from: before_port(from) });
    }
    let rest = message.strip_prefix(b"Disconnected from ")?;
    Some(disconnected(rest))
}

/// `METHOD for USER from ADDRESS port N ssh2[: KEY]`. The account exists, so its name holds no
/// spaces; the text behind it (a certificate's id) is somebody else's: split from the left.
fn accepted(rest: &[u8]) -> Option<Attempt<'_>> {
    let (method, rest) = split(rest, b" for ")?;
    let (user, rest) = split(rest, b" from ")?;
    let (from, rest) = split(rest, b" port ")?;
    let key = split(rest, b" ssh2: ").map(|(_, key)| key);
    Some(Attempt { method, user, invalid: false, from, key })
}

/// The same with a name that the other side made up: split from the right.
fn failed(rest: &[u8]) -> Option<Attempt<'_>> {
    let (method, rest) = split(rest, b" for ")?;
    let (name, from) = rsplit(rest, b" from ")?;
    let (from, rest) = split(from, b" port ")?;
    let key = split(rest, b" ssh2: ").map(|(_, key)| key);
    let user = name.strip_prefix(b"invalid user ");
    Some(Attempt { method, user: user.unwrap_or(name), invalid: user.is_some(), from, key })
}

/// `[[authenticating |invalid ]user NAME ]ADDRESS port N[ [preauth]]`.
fn disconnected(rest: &[u8]) -> Event<'_> {
    let who = rsplit(rest, b" port ").map_or(rest, |(who, _)| who);
    let named = [&b"authenticating user "[..], b"invalid user ", b"user "]
        .iter()
        .find_map(|prefix| who.strip_prefix(*prefix));
    match named.and_then(|named| rsplit(named, b" ")) {
        Some((user, from)) => Event::Disconnected { user: Some(user), from },
        None => Event::Disconnected { user: None, from: who },
    }
}

fn before_port(from: &[u8]) -> &[u8] {
    split(from, b" port ").map_or(from, |(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_with_its_fingerprint() {
        let line =
            b"Accepted publickey for ann from 2001:db8::7 port 4711 ssh2: ED25519 SHA256:abc";
        let Some(Event::Accepted(got)) = event(line) else { panic!() };
        assert_eq!(
            (got.method, got.user, got.from),
            (&b"publickey"[..], &b"ann"[..], &b"2001:db8::7"[..])
        );
        assert_eq!(got.key, Some(&b"ED25519 SHA256:abc"[..]));
    }

    #[test]
    fn an_invented_name_cannot_move_the_address() {
        let line = b"Failed password for invalid user a from 192.0.2.1 port 1 ssh2 from 203.0.113.9 port 22 ssh2";
        let Some(Event::Failed(got)) = event(line) else { panic!() };
        assert_eq!(got.from, b"203.0.113.9");
        assert_eq!(got.user, b"a from 192.0.2.1 port 1 ssh2");
        assert!(got.invalid);
    }

    #[test]
    fn invalid_users_and_disconnects_are_read() {
        let invalid = event(b"Invalid user admin from 192.0.2.1 port 22").unwrap();
        assert_eq!(invalid, Event::InvalidUser { user: b"admin", from: b"192.0.2.1" });
        let old = event(b"Invalid user admin from 192.0.2.1").unwrap();
        assert_eq!(old, invalid);
        let gone = event(b"Disconnected from authenticating user root 192.0.2.1 port 5 [preauth]");
        assert_eq!(gone, Some(Event::Disconnected { user: Some(b"root"), from: b"192.0.2.1" }));
        let bare = event(b"Disconnected from 192.0.2.1 port 5");
        assert_eq!(bare, Some(Event::Disconnected { user: None, from: b"192.0.2.1" }));
    }
}
