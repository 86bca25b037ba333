//! sudoers with its includes, and doas.conf.

use std::collections::{BTreeMap, BTreeSet};

use coroner_core::{Blocked, Cx, FileType, HostPath, Text};
use coroner_parse::account::{
    self, AliasKind, DefaultsScope, Member, SudoersRule, SudoersStatement, includedir_takes,
};

use super::odd_lines;
use crate::items::{DoasRule, Origin, SudoDefault, SudoFile, SudoRule};

/// Files in all; sudo itself allows 128 nested includes.
const MOST_FILES: usize = 1_000;
/// sudo's own limit of includes inside of includes.
const DEEPEST: usize = 128;
/// Names that one alias may grow to, nested aliases put in place.
const MOST_MEMBERS: usize = 1_000;
/// Names kept of all rules together.
const MOST_NAMES: usize = 200_000;

pub(super) fn collect(cx: &mut Cx<'_>) {
    let mut reader = Reader { room: MOST_NAMES, ..Reader::default() };
    let main = HostPath::new("/etc/sudoers");
    let vendor = HostPath::new("/usr/etc/sudoers");
    let start = if cx.stat(&main).is_some() { main } else { vendor };
    if cx.stat(&start).is_some() {
        reader.file(cx, &start, None);
    }
    let cloud_init = cx.stat(&HostPath::new("/etc/cloud")).is_some()
        || cx.stat(&HostPath::new("/var/lib/cloud")).is_some();
    for (file, line, rule) in std::mem::take(&mut reader.rules) {
        let known = cloud_init && file.name() == b"90-cloud-init-users";
        let origin = if known { Origin::CloudInit } else { Origin::Ordinary };
        reader.emit(cx, &file, line, origin, rule);
    }
    doas(cx);
}

type Key = (u8, Text);

#[derive(Default)]
struct Reader {
    seen: BTreeSet<HostPath>,
    aliases: BTreeMap<Key, Vec<Member>>,
    rules: Vec<(HostPath, u32, SudoersRule)>,
    depth: usize,
    room: usize,
}

fn alias_key(kind: AliasKind, name: &Text) -> Key {
    let kind = match kind {
        AliasKind::User => 0,
        AliasKind::RunAs => 1,
        AliasKind::Host => 2,
        AliasKind::Command => 3,
    };
    (kind, name.clone())
}

impl Reader {
    fn file(&mut self, cx: &mut Cx<'_>, file: &HostPath, included_by: Option<(HostPath, u32)>) {
        if !self.seen.insert(file.clone()) {
            return;
        }
        if self.seen.len() > MOST_FILES || self.depth > DEEPEST {
            return cx.gap(file, Blocked::TooLarge);
        }
        let Some(content) = cx.read(file) else { return };
        cx.want(file);
        cx.emit(SudoFile { file: file.clone(), included_by });
        let table = account::sudoers(&content.bytes);
        odd_lines(cx, file, &table.bad);
        self.depth += 1;
        for entry in table.entries {
            self.statement(cx, file, entry.line, entry.statement);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, cx: &mut Cx<'_>, file: &HostPath, line: u32, said: SudoersStatement) {
        match said {
            SudoersStatement::Include { path, directory } => {
                self.include(cx, file, line, &path, directory);
            }
            SudoersStatement::Alias { kind, name, members } => {
                self.aliases.insert(alias_key(kind, &name), members);
            }
            SudoersStatement::Defaults { scope, settings } => {
                let (global, scope) = flat(scope);
                for setting in settings {
                    cx.emit(SudoDefault {
                        file: file.clone(),
                        line,
                        global,
                        scope: scope.clone(),
                        negated: setting.negated,
                        name: setting.name,
                        value: setting.value.map(|(_, value)| value),
                    });
                }
            }
            SudoersStatement::Rule(rule) => self.rules.push((file.clone(), line, rule)),
        }
    }

    fn include(
        &mut self,
        cx: &mut Cx<'_>,
        file: &HostPath,
        line: u32,
        path: &Text,
        directory: bool,
    ) {
        let base = file.parent().unwrap_or_else(|| HostPath::new("/"));
        let Some(target) = with_host(cx, path) else {
            return cx.gap_because(file, Blocked::Unavailable, "an include for another host name");
        };
        let target = base.join(target);
        let by = Some((file.clone(), line));
        if !directory {
            // Emitted even when it is not there: a missing include is an open door.
            cx.emit(SudoFile { file: target.clone(), included_by: by.clone() });
            return self.file(cx, &target, by);
        }
        let entries = cx.list(&target).into_iter();
        let taken: Vec<HostPath> = entries
            .filter(|entry| entry.kind != FileType::Directory)
            .map(|entry| entry.path)
            .filter(|path| includedir_takes(path.name()))
            .collect();
        for path in taken {
            self.file(cx, &path, by.clone());
        }
    }

    fn emit(
        &mut self,
        cx: &mut Cx<'_>,
        file: &HostPath,
        line: u32,
        origin: Origin,
        rule: SudoersRule,
    ) {
        let users = self.expanded(AliasKind::User, rule.users);
        for (index, grant) in rule.grants.into_iter().enumerate() {
            let commands = self.expanded(AliasKind::Command, vec![grant.command]);
            let hosts = self.expanded(AliasKind::Host, grant.hosts);
            let names = users.len() + commands.len() + hosts.len();
            let Some(room) = self.room.checked_sub(names) else {
                return cx.gap_because(file, Blocked::TooLarge, "more rules than are kept");
            };
            self.room = room;
            for command in &commands {
                want_command(cx, command);
            }
            cx.emit(SudoRule {
                file: file.clone(),
                line,
                index,
                origin,
                users: users.clone(),
                hosts,
                run_as: grant.run_as.map(|list| self.expanded(AliasKind::RunAs, list)),
                run_as_groups: self.expanded(AliasKind::RunAs, grant.run_as_groups),
                tags: grant.tags,
                commands,
            });
        }
    }

    /// Puts aliases in place, nested ones too.
    fn expanded(&self, kind: AliasKind, members: Vec<Member>) -> Vec<Member> {
        let mut out = Vec::new();
        let mut open: Vec<(Member, usize)> = members.into_iter().rev().map(|m| (m, 0)).collect();
        while let Some((member, depth)) = open.pop() {
            let alias = self.aliases.get(&alias_key(kind, &member.name));
            match alias.filter(|_| depth < 8 && out.len() + open.len() < MOST_MEMBERS) {
                Some(inner) => open.extend(inner.iter().rev().map(|m| {
                    let negated = m.negated != member.negated;
                    (Member { negated, name: m.name.clone() }, depth + 1)
                })),
                None => out.push(member),
            }
        }
        out.truncate(MOST_MEMBERS);
        out
    }
}

/// The facts of a command's program, when it is named by an absolute path without a pattern.
fn want_command(cx: &mut Cx<'_>, command: &Member) {
    let program = command.name.as_bytes().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let plain = !program.iter().any(|b| matches!(b, b'*' | b'?' | b'['));
    if !command.negated && program.starts_with(b"/") && plain && !program.ends_with(b"/") {
        cx.want(&HostPath::new(program));
    }
}

fn flat(scope: DefaultsScope) -> (bool, Vec<Member>) {
    match scope {
        DefaultsScope::Global => (true, Vec::new()),
        DefaultsScope::Hosts(list)
        | DefaultsScope::Users(list)
        | DefaultsScope::RunAs(list)
        | DefaultsScope::Commands(list) => (false, list),
    }
}

/// Puts the short host name in place of `%h`.
fn with_host(cx: &mut Cx<'_>, path: &Text) -> Option<Vec<u8>> {
    let Some(at) = path.as_bytes().windows(2).position(|pair| pair == b"%h") else {
        return Some(path.as_bytes().to_vec());
    };
    let content = cx.read(&HostPath::new("/etc/hostname"))?;
    let name = content.bytes.trim_ascii().split(|&b| b == b'.').next()?.to_vec();
    let (head, tail) = path.as_bytes().split_at_checked(at)?;
    Some([head, &name, tail.get(2..)?].concat())
}

fn doas(cx: &mut Cx<'_>) {
    for file in ["/etc/doas.conf", "/usr/local/etc/doas.conf"] {
        one_doas(cx, &HostPath::new(file));
    }
    let entries = cx.list(&HostPath::new("/etc/doas.d")).into_iter();
    let files: Vec<HostPath> = entries.map(|entry| entry.path).collect();
    for file in files.iter().filter(|file| file.name().ends_with(b".conf")) {
        one_doas(cx, file);
    }
}

fn one_doas(cx: &mut Cx<'_>, file: &HostPath) {
    let Some(content) = cx.read(file) else { return };
    cx.want(file);
    let table = account::doas(&content.bytes);
    odd_lines(cx, file, &table.bad);
    for rule in table.entries {
        cx.emit(DoasRule {
            file: file.clone(),
            line: rule.line,
            permit: rule.permit,
            options: rule.options,
            identity: rule.identity,
            target: rule.target,
            command: rule.command,
        });
    }
}
