//! What the names in login records are on this host.

use std::collections::HashMap;

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::lines;

use crate::items::Standing;

/// An account of the password file.
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) home: HostPath,
    shell: Vec<u8>,
}

/// The password file, and whether it is the only place accounts come from.
#[derive(Default)]
pub(crate) struct Accounts {
    by_name: HashMap<Vec<u8>, Account>,
    elsewhere_too: bool,
}

/// Sources of accounts that are this host's own (nsswitch.conf(5)); `systemd` makes up accounts
/// for running units only, which nobody logs in to.
const OWN_SOURCES: [&[u8]; 4] = [b"files", b"compat", b"systemd", b"db"];
/// An account file with more lines than this is not a host's own.
const MOST_ACCOUNTS: usize = 100_000;

impl Accounts {
    pub(crate) fn read(cx: &mut Cx<'_>) -> Self {
        let passwd = cx.read(&HostPath::new("/etc/passwd"));
        let switch = cx.read(&HostPath::new("/etc/nsswitch.conf"));
        let by_name = passwd.map(|content| parse(&content.bytes)).unwrap_or_default();
        let elsewhere_too = switch.is_some_and(|content| asks_elsewhere(&content.bytes));
        Self { by_name, elsewhere_too }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Text, &Account)> {
        self.by_name.iter().map(|(name, account)| (Text::new(name.as_slice()), account))
    }

    pub(crate) fn standing(&self, name: &[u8]) -> Standing {
        match self.by_name.get(name) {
            Some(account) => account.standing(name),
            None if self.by_name.is_empty() || self.elsewhere_too => Standing::Unknown,
            None => Standing::Absent,
        }
    }
}

impl Account {
    fn standing(&self, name: &[u8]) -> Standing {
        let shell = self.shell.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        // "nologin " with a trailing space is a program of that name, not nologin.
        let shell_less = matches!(shell, b"nologin" | b"false" | b"sync" | b"halt" | b"shutdown");
        match self.uid {
            0 => Standing::Root,
            // base-passwd gives these to every system; "backup" is used for what its name says.
            1..=99 | 65534 if name != b"backup" => Standing::Base,
            1..=999 if shell_less => Standing::ShellLess,
            1..=999 => Standing::Service,
            _ => Standing::Person,
        }
    }
}

fn parse(passwd: &[u8]) -> HashMap<Vec<u8>, Account> {
    let accounts = lines(passwd).take(MOST_ACCOUNTS).filter_map(|line| {
        let mut fields = line.ok()?.bytes.split(|&byte| byte == b':');
        let (name, uid) = (fields.next()?, fields.nth(1)?);
        let uid = std::str::from_utf8(uid).ok()?.parse().ok()?;
        let (home, shell) = (fields.nth(2)?, fields.next()?);
        let account = Account { uid, home: HostPath::new(home), shell: shell.to_vec() };
        (!name.is_empty()).then(|| (name.to_vec(), account))
    });
    accounts.collect()
}

fn asks_elsewhere(switch: &[u8]) -> bool {
    let passwd = lines(switch).filter_map(Result::ok).find_map(|line| {
        let text = line.bytes.split(|&byte| byte == b'#').next()?;
        text.trim_ascii().strip_prefix(b"passwd:")
    });
    let sources = passwd.unwrap_or_default().split(u8::is_ascii_whitespace);
    let named = sources.filter(|word| !word.is_empty() && !word.starts_with(b"["));
    named.into_iter().any(|word| !OWN_SOURCES.contains(&word) && !word.ends_with(b"]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(passwd: &[u8], name: &[u8]) -> Standing {
        Accounts { by_name: parse(passwd), elsewhere_too: false }.standing(name)
    }

    #[test]
    fn a_shell_with_a_trailing_space_is_a_shell() {
        let passwd = b"a:x:105:105::/:/usr/sbin/nologin \nb:x:106:106::/:/usr/sbin/nologin\n";
        assert_eq!(standing(passwd, b"a"), Standing::Service);
        assert_eq!(standing(passwd, b"b"), Standing::ShellLess);
        assert_eq!(standing(passwd, b"c"), Standing::Absent);
    }

    #[test]
    fn a_directory_service_is_told_from_the_hosts_own_sources() {
        assert!(!asks_elsewhere(b"passwd:         files systemd\ngroup: files sss\n"));
        assert!(!asks_elsewhere(b"passwd: compat [NOTFOUND=return] files # sss\n"));
        assert!(asks_elsewhere(b"passwd: files sss\n"));
        assert!(asks_elsewhere(b"passwd: files ldap [NOTFOUND=return]\n"));
    }
}
