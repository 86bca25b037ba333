//! Messages of useradd, usermod, userdel, groupadd, gpasswd, passwd and chsh (shadow).

use super::split;

/// A change to an account or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChange<'a> {
    /// An account was made.
    Added {
        /// Its name.
        user: &'a [u8],
        /// Its uid.
        uid: Option<u32>,
        /// Its home.
        home: &'a [u8],
        /// Its shell.
        shell: &'a [u8],
    },
    /// An account was removed.
    Deleted {
        /// Its name.
        user: &'a [u8],
    },
    /// An account got another name.
    Renamed {
        /// The old name.
        from: &'a [u8],
        /// The new name.
        to: &'a [u8],
    },
    /// An account was put into a group.
    Joined {
        /// Whose.
        user: &'a [u8],
        /// Which group.
        group: &'a [u8],
    },
    /// A password was set.
    Password {
        /// Whose.
        user: &'a [u8],
    },
    /// Another field of an account was changed: shell, uid, home, lock.
    Changed {
        /// Whose.
        user: &'a [u8],
        /// The message.
        what: &'a [u8],
    },
    /// A group was made.
    GroupAdded {
        /// Its name.
        group: &'a [u8],
    },
}

pub(super) fn event(message: &[u8]) -> Option<AccountChange<'_>> {
    added(message)
        .or_else(|| deleted(message))
        .or_else(|| joined(message))
        .or_else(|| changed(message))
}

/// `new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/0`.
fn added(message: &[u8]) -> Option<AccountChange<'_>> {
    let group = message.strip_prefix(b"new group: name=");
    if let Some(rest) = group.or_else(|| message.strip_prefix(b"group added to /etc/group: name="))
    {
        return Some(AccountChange::GroupAdded { group: until(rest, b", ") });
    }
    let rest = message.strip_prefix(b"new user: name=")?;
    let field = |key: &[u8]| split(rest, key).map_or(&[][..], |(_, value)| until(value, b", "));
    let uid = std::str::from_utf8(field(b", UID=")).ok().and_then(|digits| digits.parse().ok());
    let (home, shell) = (field(b", home="), field(b", shell="));
    Some(AccountChange::Added { user: until(rest, b", "), uid, home, shell })
}

fn deleted(message: &[u8]) -> Option<AccountChange<'_>> {
    let user = until(message.strip_prefix(b"delete user '")?, b"'");
    Some(AccountChange::Deleted { user })
}

/// usermod, useradd: `add 'bob' to group 'sudo'`; gpasswd: `user bob added by root to group sudo`.
fn joined(message: &[u8]) -> Option<AccountChange<'_>> {
    if let Some(rest) = message.strip_prefix(b"add '") {
        let (user, group) = split(rest, b"' to group '")?;
        return Some(AccountChange::Joined { user, group: until(group, b"'") });
    }
    let rest = message.strip_prefix(b"user ")?;
    let (user, rest) = split(rest, b" added by ")?;
    let (_, group) = split(rest, b" to group ")?;
    Some(AccountChange::Joined { user, group })
}

fn changed(message: &[u8]) -> Option<AccountChange<'_>> {
    if let Some(rest) = message.strip_prefix(b"change user name '") {
        let (from, to) = split(rest, b"' to '")?;
        return Some(AccountChange::Renamed { from, to: until(to, b"'") });
    }
    if let Some(rest) = message.strip_prefix(b"password for '") {
        return Some(AccountChange::Password { user: until(rest, b"'") });
    }
    let verbs = [&b"change user '"[..], b"changed user '", b"lock user '", b"unlock user '"];
    let rest = verbs.iter().find_map(|verb| message.strip_prefix(*verb))?;
    let (user, what) = split(rest, b"' ")?;
    Some(if what == b"password" && message.starts_with(b"change user") {
        AccountChange::Password { user }
    } else {
        AccountChange::Changed { user, what: message }
    })
}

fn until<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    split(text, mark).map_or(text, |(head, _)| head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_account_comes_with_uid_home_and_shell() {
        let line = b"new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/0";
        let wanted = AccountChange::Added {
            user: b"bob",
            uid: Some(1001),
            home: b"/home/bob",
            shell: b"/bin/bash",
        };
        assert_eq!(event(line), Some(wanted));
    }

    #[test]
    fn deletions_renames_groups_and_passwords_are_read() {
        use AccountChange::{Changed, Deleted, GroupAdded, Joined, Password, Renamed};
        for (line, wanted) in [
            (&b"delete user 'bob'"[..], Deleted { user: b"bob" }),
            (b"change user name 'bob' to 'rob'", Renamed { from: b"bob", to: b"rob" }),
            (b"add 'bob' to group 'sudo'", Joined { user: b"bob", group: b"sudo" }),
            (b"user bob added by root to group sudo", Joined { user: b"bob", group: b"sudo" }),
            (b"change user 'bob' password", Password { user: b"bob" }),
            (b"password for 'bob' changed by 'root'", Password { user: b"bob" }),
            (b"new group: name=ops, GID=1002", GroupAdded { group: b"ops" }),
            (
                b"change user 'bob' shell from '/bin/sh' to '/bin/bash'",
                Changed {
                    user: b"bob",
                    what: b"change user 'bob' shell from '/bin/sh' to '/bin/bash'",
                },
            ),
        ] {
            assert_eq!(event(line), Some(wanted));
        }
        assert_eq!(event(b"add 'bob' to shadow group 'sudo'"), None);
    }
}
