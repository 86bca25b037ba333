//! Which accounts exist, from /etc/passwd alone: no name service is asked.

use std::collections::BTreeMap;

use coroner_core::{Cx, HostPath, Text};
use coroner_parse::lines;

/// Names and uids of /etc/passwd.
#[derive(Debug, Default)]
pub(crate) struct Users {
    uids: BTreeMap<Text, u32>,
    /// All accounts are known: the file was read and no other source is in use.
    complete: bool,
}

impl Users {
    pub(crate) fn read(cx: &mut Cx<'_>) -> Self {
        let Some(content) = cx.read(&HostPath::new("/etc/passwd")) else { return Self::default() };
        let mut users = Self { uids: BTreeMap::new(), complete: !content.truncated };
        for line in lines(&content.bytes).flatten() {
            let mut fields = line.bytes.split(|&byte| byte == b':');
            let (name, uid) = (fields.next().unwrap_or_default(), fields.nth(1));
            // `+` takes in a network's accounts (passwd(5), "compat").
            users.complete &= !name.starts_with(b"+");
            let uid = uid.and_then(|uid| std::str::from_utf8(uid).ok()?.parse().ok());
            if let Some(uid) = uid {
                users.uids.entry(Text::from(name)).or_insert(uid);
            }
        }
        users.complete &= !other_sources(cx);
        users
    }

    /// Whether the account exists, when that can be told.
    pub(crate) fn exists(&self, name: &Text) -> Option<bool> {
        if self.uids.contains_key(name) { Some(true) } else { self.complete.then_some(false) }
    }

    pub(crate) fn uid(&self, name: &Text) -> Option<u32> {
        self.uids.get(name).copied()
    }

    pub(crate) fn name(&self, uid: u32) -> Option<Text> {
        let found = self.uids.iter().find(|(_, other)| **other == uid);
        found.map(|(name, _)| name.clone())
    }
}

/// Whether nsswitch.conf names sources of accounts that are not files of this root.
fn other_sources(cx: &mut Cx<'_>) -> bool {
    const LOCAL: [&[u8]; 4] = [b"files", b"compat", b"systemd", b"db"];
    let Some(content) = cx.read(&HostPath::new("/etc/nsswitch.conf")) else { return false };
    let found = lines(&content.bytes).flatten().find_map(|line| {
        line.bytes.trim_ascii_start().strip_prefix(b"passwd:").map(<[u8]>::to_vec)
    });
    let sources = found.unwrap_or_default();
    let mut words = sources.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.any(|word| !word.starts_with(b"[") && !word.ends_with(b"]") && !LOCAL.contains(&word))
}
