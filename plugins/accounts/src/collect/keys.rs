//! Keys that open accounts: every file that sshd would read for each account.

use std::collections::{BTreeSet, HashMap, HashSet};

use coroner_core::{Blocked, Cx, HostPath, Launch, Text, Trigger};
use coroner_parse::account::{self, SshdConfig, Table};

use super::{Person, bad_lines, private, sshd};
use crate::items::{AuthorizedKey, KeyFile};

/// sshd's own default.
const USUAL_FILES: &[&str] = &[".ssh/authorized_keys", ".ssh/authorized_keys2"];
/// Accounts whose homes are looked into.
const MOST_ACCOUNTS: usize = 10_000;
/// Keys kept of one file.
const MOST_KEYS: usize = 5_000;
/// Keys kept of all files.
const MOST_KEYS_IN_ALL: usize = 50_000;
/// How admins and intruders name the copy they make before they change a file.
const COPY_SUFFIXES: &[&str] = &[".bak", "~", ".old", ".orig", ".save"];

pub(super) fn collect(cx: &mut Cx<'_>, people: &[Person], config: &SshdConfig) {
    if people.len() > MOST_ACCOUNTS {
        cx.gap_because(&HostPath::new("/etc/passwd"), Blocked::TooLarge, "keys of later accounts");
    }
    let patterns = patterns(config);
    let mut read = Reader { seen: HashMap::new(), room: MOST_KEYS_IN_ALL };
    let mut homes = HashSet::new();
    for person in people.iter().take(MOST_ACCOUNTS) {
        let files: BTreeSet<HostPath> =
            patterns.iter().filter_map(|pattern| expand(pattern, person)).collect();
        for file in files {
            read.file(cx, person, &file);
        }
        // Accounts that share a home share what lies in it.
        if homes.insert(&person.home) {
            rc(cx, person);
            private::collect(cx, person);
        }
    }
    named_files(cx, config);
}

/// Every `AuthorizedKeysFile` of the configuration, in force for all or for some.
fn patterns(config: &SshdConfig) -> BTreeSet<Vec<u8>> {
    let settings = config.every("authorizedkeysfile");
    let named = settings.flat_map(|setting| setting.arguments.iter()).map(Text::as_bytes);
    let mut out: BTreeSet<Vec<u8>> = named.map(<[u8]>::to_vec).collect();
    out.remove(&b"none"[..]);
    // What is read when nothing is configured is looked at always: an old file is one line of
    // configuration away from being in force.
    out.extend(USUAL_FILES.iter().map(|file| file.as_bytes().to_vec()));
    out
}

/// Puts `%h`, `%u`, `%U` and `%%` in place; a relative path belongs to the home.
fn expand(pattern: &[u8], person: &Person) -> Option<HostPath> {
    let mut out = Vec::new();
    let mut bytes = pattern.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'h' => out.extend_from_slice(person.home.as_bytes()),
            b'u' => out.extend_from_slice(&person.name),
            b'U' => out.extend_from_slice(person.uid.to_string().as_bytes()),
            b'%' => out.push(b'%'),
            _ => return None,
        }
    }
    Some(person.home.join(out))
}

/// Key files by path: accounts may share a home.
struct Reader {
    seen: HashMap<HostPath, Option<Table<account::AuthorizedKey>>>,
    room: usize,
}

impl Reader {
    fn file(&mut self, cx: &mut Cx<'_>, person: &Person, file: &HostPath) {
        if !self.seen.contains_key(file) {
            let table = read(cx, file);
            self.seen.insert(file.clone(), table);
        }
        let Some(Some(table)) = self.seen.get(file) else { return };
        let copy = copy_beside(cx, file);
        let account = Text::from(person.name.as_slice());
        let (uid, keys) = (person.uid, table.entries.len());
        cx.emit(KeyFile { account, uid, file: file.clone(), keys });
        cx.want(file);
        if let Some(dir) = file.parent() {
            cx.want(&dir);
        }
        for key in table.entries.iter().take(MOST_KEYS.min(self.room)) {
            emit(cx, person, file, key, copy.as_ref());
        }
        if keys > self.room {
            cx.gap(file, Blocked::TooLarge);
        }
        self.room = self.room.saturating_sub(keys);
    }
}

fn read(cx: &mut Cx<'_>, file: &HostPath) -> Option<Table<account::AuthorizedKey>> {
    let content = cx.read(file)?;
    let table = account::authorized_keys(&content.bytes);
    bad_lines(cx, file, &table.bad);
    if table.entries.len() > MOST_KEYS {
        cx.gap(file, Blocked::TooLarge);
    }
    Some(table)
}

/// The keys of a copy beside the file.
fn copy_beside(cx: &mut Cx<'_>, file: &HostPath) -> Option<(HostPath, BTreeSet<String>)> {
    for suffix in COPY_SUFFIXES {
        let copy = file.with_suffix(suffix);
        let Some(content) = cx.read(&copy) else { continue };
        cx.want(&copy);
        let entries = account::authorized_keys(&content.bytes).entries.into_iter();
        return Some((copy, entries.map(|entry| entry.key.fingerprint).collect()));
    }
    None
}

fn emit(
    cx: &mut Cx<'_>,
    person: &Person,
    file: &HostPath,
    key: &account::AuthorizedKey,
    copy: Option<&(HostPath, BTreeSet<String>)>,
) {
    let account = Text::from(person.name.as_slice());
    if let Some(command) = key.option("command").and_then(|option| option.value.clone()) {
        cx.launch(Launch {
            trigger: Trigger::Authentication,
            user: Some(account.clone()),
            command,
            file: file.clone(),
            line: key.line,
            name: Text::from(key.key.fingerprint.as_str()),
            enabled: true,
            programs: Vec::new(),
        });
    }
    let added = copy.filter(|(_, known)| !known.contains(&key.key.fingerprint));
    cx.emit(AuthorizedKey {
        account,
        uid: person.uid,
        file: file.clone(),
        line: key.line,
        algorithm: key.key.kind.clone(),
        bits: key.key.bits,
        fingerprint: key.key.fingerprint.clone(),
        comment: key.comment.clone(),
        options: key.options.iter().map(option_text).collect(),
        newer_than_copy: added.map(|(path, _)| path.clone()),
    });
}

fn option_text(option: &account::KeyOption) -> Text {
    match &option.value {
        None => Text::from(option.name.as_str()),
        Some(value) => Text::new([option.name.as_bytes(), b"=", value.as_bytes()].concat()),
    }
}

/// ~/.ssh/rc runs by /bin/sh at every login over SSH.
fn rc(cx: &mut Cx<'_>, person: &Person) {
    let path = person.home.join(".ssh/rc");
    if cx.stat(&path).is_some() {
        cx.launch(sshd::rc_launch(path, Some(Text::from(person.name.as_slice()))));
    }
}

/// Files of certificate authorities and principals: their facts are enough.
fn named_files(cx: &mut Cx<'_>, config: &SshdConfig) {
    for keyword in ["trustedusercakeys", "authorizedprincipalsfile"] {
        for setting in config.every(keyword) {
            let path = setting.value();
            if path.starts_with(b"/") && !path.contains(&b'%') {
                cx.want(&HostPath::new(path));
            }
        }
    }
}
