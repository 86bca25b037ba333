//! sudoers and doas.conf.

mod defaults;

use coroner_core::{Confidence, Findings, HostPath, Items, Severity};
use coroner_parse::account::Member;

use super::{Names, joined};
use crate::items::{DoasRule, Origin, SudoDefault, SudoFile, SudoRule};
use crate::names::{Kind, is_hidden, is_image_user, is_temporary};
use crate::rules;

/// Programs that run whatever they are told.
const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox", "python", "python2", "python3",
    "perl", "ruby", "php", "node", "lua", "awk", "gawk", "mawk", "vi", "vim", "env", "find",
    "less", "more", "man", "ed", "expect", "tclsh", "gdb", "nsenter", "unshare", "chroot", "su",
];

pub(super) fn judge(items: &Items, names: &Names<'_>, out: &mut Findings) {
    let asks_root = items.all::<SudoDefault>().any(|default| {
        default.global
            && !default.negated
            && (default.name == "targetpw" || default.name == "rootpw")
    });
    for rule in items.all::<SudoRule>() {
        everything(names, &rule, out);
        everyone(&rule, asks_root, out);
        number(&rule, out);
        shell(names, &rule, out);
        program(items, &rule, out);
    }
    for file in items.all::<SudoFile>() {
        place(&file, out);
        mode(items, &file, out);
    }
    defaults::judge(items, out);
    for rule in items.all::<DoasRule>() {
        doas(names, &rule, out);
    }
}

fn said<'a>(
    rule: &'static coroner_core::Rule,
    item: &SudoRule,
    out: &'a mut Findings,
) -> &'a mut coroner_core::Draft {
    out.raise(rule, item)
        .at(&item.file, item.line)
        .evidence("users", joined(item.users.iter().map(|user| &user.name)))
        .evidence("commands", joined(item.commands.iter().map(|command| &command.name)))
}

fn grants_all(rule: &SudoRule) -> bool {
    rule.commands.iter().any(Member::is_all)
}

fn asks_nothing(rule: &SudoRule) -> bool {
    rule.tags.iter().any(|tag| *tag == "NOPASSWD")
}

/// Whether the commands run as root (or as whom one likes).
fn as_root(rule: &SudoRule) -> bool {
    let root = |m: &Member| !m.negated && matches!(m.name.as_bytes(), b"ALL" | b"root" | b"#0");
    rule.run_as.as_ref().is_none_or(|list| list.is_empty() || list.iter().any(root))
}

type Grade = Option<(Severity, Confidence)>;

/// How bad it is that this user may do anything; nothing to say of those whom images make so.
fn grade(names: &Names<'_>, user: &Member, origin: Origin) -> Grade {
    let name = user.name.as_bytes();
    if user.negated || name == b"root" || name == b"#0" {
        return None;
    }
    if user.is_all() {
        return Some((Severity::High, Confidence::Likely));
    }
    let kind = names.kind(name);
    match kind {
        Kind::Distribution | Kind::Web => Some((Severity::High, Confidence::Likely)),
        Kind::Person if origin == Origin::CloudInit || is_image_user(name) => None,
        _ if name == b"%google-sudoers" => None,
        _ => Some((Severity::Medium, Confidence::Possible)),
    }
}

fn worst(names: &Names<'_>, rule: &SudoRule) -> Grade {
    rule.users.iter().filter_map(|user| grade(names, user, rule.origin)).max()
}

fn everything(names: &Names<'_>, rule: &SudoRule, out: &mut Findings) {
    if !grants_all(rule) || !asks_nothing(rule) || !as_root(rule) {
        return;
    }
    if let Some((severity, confidence)) = worst(names, rule) {
        said(&rules::SUDOERS_ALL_WITHOUT_PASSWORD, rule, out).graded(severity, confidence);
    }
}

fn everyone(rule: &SudoRule, asks_root: bool, out: &mut Findings) {
    let all = rule.users.iter().any(Member::is_all);
    if all && grants_all(rule) && as_root(rule) && !asks_nothing(rule) && !asks_root {
        said(&rules::SUDOERS_EVERYONE, rule, out);
    }
}

fn number(rule: &SudoRule, out: &mut Findings) {
    let numbered = |user: &Member| user.name.as_bytes().starts_with(b"#") && user.name != "#0";
    if rule.users.first().is_some_and(numbered) {
        let draft = said(&rules::SUDOERS_NUMBER, rule, out);
        if grants_all(rule) {
            draft.graded(Severity::High, Confidence::Likely);
        }
    }
}

/// A shell without arguments: one with them may be a fixed script.
fn is_shell(command: &Member) -> bool {
    let path = command.name.as_bytes();
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let bare = !path.contains(&b' ') || path.ends_with(b" *");
    let name = name.split(|&b| b == b' ').next().unwrap_or_default();
    !command.negated && bare && SHELLS.iter().any(|shell| shell.as_bytes() == name)
}

fn shell(names: &Names<'_>, rule: &SudoRule, out: &mut Findings) {
    if !asks_nothing(rule) || !as_root(rule) || !rule.commands.iter().any(is_shell) {
        return;
    }
    if let Some((severity, confidence)) = worst(names, rule) {
        let confidence = confidence.max(Confidence::Likely);
        said(&rules::SUDOERS_SHELL_WITHOUT_PASSWORD, rule, out).graded(severity, confidence);
    }
}

fn program(items: &Items, rule: &SudoRule, out: &mut Findings) {
    if !as_root(rule) || rule.users.iter().all(|user| user.name == "root") {
        return;
    }
    for command in rule.commands.iter().filter(|command| !command.negated) {
        let path = command.name.as_bytes().split(|&b| b == b' ').next().unwrap_or_default();
        if !path.starts_with(b"/") {
            continue;
        }
        let facts = items.file(&HostPath::new(path));
        let open = facts.as_ref().is_some_and(|facts| facts.mode & 0o002 != 0 || facts.uid != 0);
        let temporary = is_temporary(path);
        if open || temporary {
            let draft = said(&rules::SUDOERS_WEAK_PROGRAM, rule, out);
            if let Some(facts) = facts {
                draft.evidence("mode", format!("{:04o}", facts.mode));
                draft.evidence("owner", format!("{}:{}", facts.uid, facts.gid));
            }
            if temporary {
                draft.graded(Severity::High, Confidence::Likely);
            }
            return;
        }
    }
}

fn place(file: &SudoFile, out: &mut Findings) {
    let Some((by, line)) = &file.included_by else { return };
    let usual = [&b"/etc"[..], b"/usr/etc"].iter().any(|dir| file.file.is_under(dir));
    if !usual || is_hidden(file.file.as_bytes()) {
        out.raise(&rules::SUDOERS_INCLUDE_ELSEWHERE, file)
            .at(by, *line)
            .evidence("file", &file.file);
    }
}

fn mode(items: &Items, file: &SudoFile, out: &mut Findings) {
    let Some(facts) = items.file(&file.file) else { return };
    let group_writes = facts.mode & 0o020 != 0 && facts.gid != 0;
    if facts.uid != 0 || facts.mode & 0o002 != 0 || group_writes {
        out.raise(&rules::SUDOERS_FILE_OPEN, file)
            .in_file(&file.file)
            .evidence("mode", format!("{:04o}", facts.mode))
            .evidence("owner", format!("{}:{}", facts.uid, facts.gid));
    }
}

fn doas(names: &Names<'_>, rule: &DoasRule, out: &mut Findings) {
    let nopass = rule.options.iter().any(|option| *option == "nopass");
    let as_root = rule.target.as_ref().is_none_or(|target| *target == "root");
    let shell = rule
        .command
        .as_ref()
        .is_none_or(|command| is_shell(&Member { negated: false, name: command.clone() }));
    if !rule.permit || !nopass || !as_root || !shell {
        return;
    }
    let user = Member { negated: false, name: rule.identity.clone() };
    if let Some((severity, confidence)) = grade(names, &user, Origin::Ordinary) {
        out.raise(&rules::DOAS_WITHOUT_PASSWORD, rule)
            .at(&rule.file, rule.line)
            .evidence("user", rule.identity.clone())
            .graded(severity, confidence);
    }
}
