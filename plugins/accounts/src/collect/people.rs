//! passwd, shadow, group and gshadow, joined.

use std::collections::{BTreeSet, HashMap, HashSet};

use coroner_core::{Blocked, Cx, HostPath, Text};
use coroner_parse::account::{self, Passwd, PasswordState, Shadow, Table};

use super::elsewhere::Elsewhere;
use super::{Person, guess, odd_lines};
use crate::items::{Account, Group, HomeState, ListedShell, OddLine, Password, Place};
use crate::names;

/// The number that useradd starts with where login.defs says nothing.
const USUAL_UID_MIN: u32 = 1000;
/// Accounts whose homes are looked into; a host with more has a directory service.
const MOST_ACCOUNTS: usize = 20_000;

/// Lines of shadow that are named one by one.
const MOST_ODD_LINES: usize = 50;
/// Members of one group that are kept.
const MOST_MEMBERS: usize = 5_000;

/// The four files, as far as they could be read.
struct Files {
    passwd: Table<Passwd>,
    shadow: Table<Shadow>,
    shadow_unread: bool,
    groups: Vec<Group>,
    uid_min: u32,
}

pub(super) fn collect(cx: &mut Cx<'_>) -> Vec<Person> {
    let files = read(cx);
    let elsewhere = Elsewhere::read(cx);
    let mut accounts = join(cx, &files, &elsewhere);
    let hashes = hashes(&accounts, &files);
    guess::guess(cx, &mut accounts, hashes);
    leftovers(cx, &files);
    shells(cx);
    let people = accounts.iter().filter(|account| !account.compat).map(person).collect();
    for account in accounts {
        want_shell(cx, &account);
        cx.emit(account);
    }
    for mut group in files.groups {
        if group.members.len() > MOST_MEMBERS {
            group.members.truncate(MOST_MEMBERS);
            cx.gap_because(&HostPath::new("/etc/group"), Blocked::TooLarge, "members of a group");
        }
        cx.emit(group);
    }
    people
}

fn person(account: &Account) -> Person {
    Person {
        name: account.name.as_bytes().to_vec(),
        uid: account.uid,
        home: HostPath::new(account.home.as_bytes()),
    }
}

/// The shell's own facts, and those of the shells it could be a copy of.
fn want_shell(cx: &mut Cx<'_>, account: &Account) {
    if !names::is_closed_shell(account.shell.as_bytes()) && !account.shell.is_empty() {
        cx.want(&HostPath::new(account.shell.as_bytes()));
    }
}

fn shells(cx: &mut Cx<'_>) {
    for path in crate::judge::ORIGINALS {
        cx.want(&HostPath::new(path));
    }
    let Some(content) = cx.read(&HostPath::new("/etc/shells")) else { return };
    for (line, path) in account::shells(&content.bytes) {
        cx.emit(ListedShell { path, line });
    }
}

fn read(cx: &mut Cx<'_>) -> Files {
    let passwd_path = HostPath::new("/etc/passwd");
    let shadow_path = HostPath::new("/etc/shadow");
    for name in ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"] {
        cx.want(&HostPath::new(name));
    }
    let mut passwd =
        cx.read(&passwd_path).map_or_else(Table::default, |c| account::passwd(&c.bytes));
    odd_lines(cx, &passwd_path, &passwd.bad);
    if passwd.entries.len() > MOST_ACCOUNTS {
        cx.gap(&passwd_path, Blocked::TooLarge);
        passwd.entries.truncate(MOST_ACCOUNTS);
    }
    let present = cx.stat(&shadow_path).is_some();
    let shadow = cx.read(&shadow_path).map(|content| account::shadow(&content.bytes));
    let shadow_unread = present && shadow.is_none();
    let shadow = shadow.unwrap_or_default();
    nameless_odd_lines(cx, &shadow_path, &shadow);
    let groups = groups(cx);
    Files { passwd, shadow, shadow_unread, groups, uid_min: uid_min(cx) }
}

/// Like [`odd_lines`], without the line's text: it may hold a hash.
fn nameless_odd_lines(cx: &mut Cx<'_>, file: &HostPath, shadow: &Table<Shadow>) {
    for bad in shadow.bad.iter().take(MOST_ODD_LINES) {
        let reason = bad.reason.to_owned();
        let start = Text::default();
        cx.emit(OddLine { file: file.clone(), line: bad.number, reason, start });
    }
}

fn uid_min(cx: &mut Cx<'_>) -> u32 {
    let content = cx.read(&HostPath::new("/etc/login.defs"));
    let value = content.and_then(|c| account::login_defs(&c.bytes, "UID_MIN"));
    value.and_then(|v| v.as_str()?.parse().ok()).unwrap_or(USUAL_UID_MIN)
}

fn groups(cx: &mut Cx<'_>) -> Vec<Group> {
    let path = HostPath::new("/etc/group");
    let table = cx.read(&path).map_or_else(Table::default, |c| account::group(&c.bytes));
    odd_lines(cx, &path, &table.bad);
    let gshadow = cx.read(&HostPath::new("/etc/gshadow"));
    let gshadow = gshadow.map_or_else(Table::default, |c| account::gshadow(&c.bytes));
    let mut hashes: HashMap<Text, PasswordState> = HashMap::new();
    for entry in gshadow.entries {
        hashes.entry(entry.name).or_insert_with(|| account::classify(entry.hash.as_bytes()));
    }
    let mut seen = HashSet::new();
    let entries =
        table.entries.into_iter().filter(|group| !group.name.as_bytes().starts_with(b"+"));
    let join = |group: account::Group| Group {
        repeated: !seen.insert(group.name.clone()),
        password: match group.password.as_bytes() {
            b"x" => hashes.get(&group.name).copied().unwrap_or(account::classify(b"!")),
            // An empty field in group means that nobody may join by password.
            b"" => account::classify(b"!"),
            field => account::classify(field),
        },
        name: group.name,
        gid: group.gid,
        line: group.line,
        members: group.members,
    };
    entries.map(join).collect()
}

fn join(cx: &mut Cx<'_>, files: &Files, elsewhere: &Elsewhere) -> Vec<Account> {
    let mut shadow: HashMap<&Text, &Shadow> = HashMap::new();
    for entry in &files.shadow.entries {
        shadow.entry(&entry.name).or_insert(entry);
    }
    let powerful = Powerful::of(&files.groups);
    let today = cx.today();
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for entry in &files.passwd.entries {
        let home = HostPath::new(entry.home.as_bytes());
        let line = shadow.get(&entry.name).copied();
        out.push(Account {
            name: entry.name.clone(),
            uid: entry.uid,
            gid: entry.gid,
            gecos: entry.gecos.clone(),
            home: entry.home.clone(),
            shell: entry.shell.clone(),
            line: entry.line,
            repeated: !seen.insert(&entry.name),
            compat: entry.is_compat(),
            odd: entry.odd.map(str::to_owned),
            system: is_system(entry.uid, files.uid_min),
            password: password(entry, line, files.shadow_unread, today),
            home_state: home_state(cx, &home, elsewhere),
            powerful_groups: powerful.groups(entry),
        });
    }
    out
}

fn home_state(cx: &mut Cx<'_>, home: &HostPath, elsewhere: &Elsewhere) -> HomeState {
    if cx.stat_followed(home).is_some_and(|stat| stat.is_dir()) {
        HomeState::Present
    } else if elsewhere.holds(home) {
        HomeState::Elsewhere
    } else {
        HomeState::Absent
    }
}

fn is_system(uid: u32, uid_min: u32) -> bool {
    (uid > 0 && uid < uid_min) || matches!(uid, 65_534 | 65_535)
}

fn password(entry: &Passwd, shadow: Option<&Shadow>, unread: bool, today: i64) -> Password {
    let own = |place, hash: &[u8]| Password {
        place,
        shadow_line: None,
        state: account::classify(hash),
        changed: None,
        expired: false,
        guess: None,
    };
    match (entry.password.as_bytes(), shadow) {
        (b"x", Some(line)) => Password {
            place: Place::Shadow,
            shadow_line: Some(line.line),
            state: account::classify(line.hash.as_bytes()),
            changed: line.changed,
            expired: line.expires.is_some_and(|day| day >= 0 && day <= today),
            guess: None,
        },
        (b"x", None) if unread => own(Place::Unread, b"!"),
        (b"x", None) => own(Place::Nowhere, b"!"),
        (field, _) => own(Place::Passwd, field),
    }
}

/// Who belongs to groups that give power: by name, and by primary group.
#[derive(Default)]
struct Powerful {
    by_name: HashMap<Text, BTreeSet<Text>>,
    by_gid: HashMap<u32, BTreeSet<Text>>,
}

impl Powerful {
    fn of(groups: &[Group]) -> Self {
        let mut out = Self::default();
        let powerful = groups.iter().filter(|g| names::is_powerful_group(g.name.as_bytes()));
        for group in powerful {
            for member in &group.members {
                out.by_name.entry(member.clone()).or_default().insert(group.name.clone());
            }
            if group.gid != 0 {
                out.by_gid.entry(group.gid).or_default().insert(group.name.clone());
            }
        }
        out
    }

    fn groups(&self, entry: &Passwd) -> Vec<Text> {
        let named = self.by_name.get(&entry.name).into_iter().flatten();
        let primary = self.by_gid.get(&entry.gid).into_iter().flatten();
        let all: BTreeSet<&Text> = named.chain(primary).collect();
        all.into_iter().cloned().collect()
    }
}

/// Shadow lines whose account is not in passwd, or that no tool would have written.
fn leftovers(cx: &mut Cx<'_>, files: &Files) {
    let known: HashSet<&Text> = files.passwd.entries.iter().map(|entry| &entry.name).collect();
    let path = HostPath::new("/etc/shadow");
    let mut left = MOST_ODD_LINES;
    for entry in &files.shadow.entries {
        let usable = account::classify(entry.hash.as_bytes()).is_usable();
        let orphan = !known.contains(&entry.name) && usable && !files.passwd.entries.is_empty();
        let reason = if orphan { Some("a password of no account") } else { entry.odd };
        if let Some(reason) = reason.filter(|_| left > 0) {
            left -= 1;
            let (line, start) = (entry.line, entry.name.clone());
            cx.emit(OddLine { file: path.clone(), line, reason: reason.to_owned(), start });
        }
    }
}

/// The hashes that can be guessed at, by place in `accounts`; from wherever the account has it.
fn hashes(accounts: &[Account], files: &Files) -> Vec<(usize, Vec<u8>)> {
    let shadow: HashMap<u32, &Shadow> =
        files.shadow.entries.iter().map(|entry| (entry.line, entry)).collect();
    let passwd = files.passwd.entries.iter();
    let hash = |(index, (account, entry)): (usize, (&Account, &Passwd))| {
        let usable = account.password.opens() && account.password.state.is_hash();
        let hash = match account.password.shadow_line {
            Some(line) => shadow.get(&line)?.hash.as_bytes(),
            None => entry.password.as_bytes(),
        };
        usable.then(|| (index, hash.to_vec()))
    };
    accounts.iter().zip(passwd).enumerate().filter_map(hash).collect()
}
