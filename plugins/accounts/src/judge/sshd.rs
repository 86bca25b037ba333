//! sshd's configuration.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use coroner_core::{
    Confidence, Findings, HostPath, Items, Network, PackageState, Rule, Severity, Text,
};

use super::joined;
use crate::items::{SshdInclude, SshdSetting};
use crate::{names, rules};

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let settings: Vec<SshdSetting> = items.all::<SshdSetting>().collect();
    let everyone = |s: &&SshdSetting| s.decides && s.conditions.is_empty();
    let global: HashMap<&str, &SshdSetting> =
        settings.iter().filter(everyone).map(|s| (s.keyword.as_str(), s)).collect();
    for setting in settings.iter().filter(|setting| setting.decides) {
        plain(setting, out);
        if FILES.contains(&setting.keyword.as_str()) {
            place(setting, out);
        }
        if setting.keyword.ends_with("command") {
            program(items, setting, out);
        }
        for_address(&global, setting, out);
    }
    ports(&settings, out);
    for include in items.all::<SshdInclude>() {
        included(&include, out);
    }
}

/// Settings that name files which decide who comes in.
const FILES: &[&str] = &["authorizedkeysfile", "trustedusercakeys", "authorizedprincipalsfile"];

fn is(setting: &SshdSetting, word: &str) -> bool {
    let first = setting.arguments.first().map_or(&b""[..], Text::as_bytes);
    first.eq_ignore_ascii_case(word.as_bytes())
}

fn raise<'a>(
    rule: &'static Rule,
    setting: &SshdSetting,
    out: &'a mut Findings,
) -> &'a mut coroner_core::Draft {
    let draft = out.raise(rule, setting).at(&setting.file, setting.line);
    draft.evidence(&setting.keyword, joined(&setting.arguments))
}

fn plain(setting: &SshdSetting, out: &mut Findings) {
    let everyone = setting.conditions.is_empty();
    let rule = match setting.keyword.as_str() {
        "permitemptypasswords" if is(setting, "yes") => &rules::SSHD_EMPTY_PASSWORDS,
        "loglevel" if is(setting, "quiet") || is(setting, "fatal") => &rules::SSHD_LOG_QUIET,
        "usepam" if everyone && is(setting, "no") => &rules::SSHD_PAM_OFF,
        "permituserenvironment" if !is(setting, "no") => &rules::SSHD_USER_ENVIRONMENT,
        _ => return,
    };
    raise(rule, setting, out);
}

/// Keys belong into homes and below /etc.
fn place(setting: &SshdSetting, out: &mut Findings) {
    let mut worst: Option<(Severity, Confidence)> = None;
    for path in setting.arguments.iter().map(Text::as_bytes) {
        worst = worst.max(oddness(path));
    }
    if let Some((severity, confidence)) = worst {
        raise(&rules::SSHD_FILE_PLACE, setting, out).graded(severity, confidence);
    }
}

fn oddness(path: &[u8]) -> Option<(Severity, Confidence)> {
    const USUAL: &[&[u8]] = &[
        b".ssh/",
        b"/etc/",
        b"/usr/etc/",
        b"%h/",
        b"/home/%u/",
        b"/var/lib/",
        b"/opt/",
        b"/srv/",
        b"/root/",
    ];
    if names::is_temporary(path) || names::is_hidden(path) {
        Some((Severity::High, Confidence::Likely))
    } else {
        let usual = path == b"none" || USUAL.iter().any(|place| path.starts_with(place));
        (!usual).then_some((Severity::Medium, Confidence::Possible))
    }
}

/// `AuthorizedKeysCommand` and `AuthorizedPrincipalsCommand`; what else sshd runs is judged as every
/// launch is.
fn program(items: &Items, setting: &SshdSetting, out: &mut Findings) {
    let path = setting.arguments.first().map_or(&b""[..], Text::as_bytes);
    if !setting.keyword.starts_with("authorized") || !path.starts_with(b"/") {
        return;
    }
    let Some(facts) = items.file(&HostPath::new(path)) else { return };
    let local = names::is_local_place(path) && facts.mode & 0o002 == 0 && facts.uid == 0;
    if facts.state == PackageState::Unowned && !local {
        let hash = facts.sha256.unwrap_or_default();
        raise(&rules::SSHD_KEYS_COMMAND_UNOWNED, setting, out).evidence("sha256", hash);
    }
}

/// What one address may do that others may not.
fn for_address(global: &HashMap<&str, &SshdSetting>, setting: &SshdSetting, out: &mut Findings) {
    let lax = match setting.keyword.as_str() {
        "permitrootlogin" | "passwordauthentication" | "kbdinteractiveauthentication" => {
            is(setting, "yes")
        }
        "authorizedkeysfile" | "authorizedkeyscommand" | "trustedusercakeys" => {
            !is(setting, "none")
        }
        "authenticationmethods" => is(setting, "none") || is(setting, "password"),
        _ => false,
    };
    let public = setting.conditions.iter().find(|condition| {
        matches!(condition.name.as_str(), "address" | "host")
            && names_public_address(condition.value.as_bytes())
    });
    let same = global
        .get(setting.keyword.as_str())
        .is_some_and(|other| other.arguments == setting.arguments);
    if let Some(condition) = public.filter(|_| lax && !same) {
        raise(&rules::SSHD_OPENS_FOR_ADDRESS, setting, out)
            .evidence("for", condition.value.clone());
    }
}

/// Whether a pattern list has an address or network of the internet; `203.0.113.*` is one.
fn names_public_address(list: &[u8]) -> bool {
    list.split(|&b| b == b',').filter(|pattern| !pattern.starts_with(b"!")).any(|pattern| {
        let address = pattern.split(|&b| b == b'/').next().unwrap_or_default();
        let text = String::from_utf8_lossy(address).replace('*', "1");
        let parsed = text.parse::<IpAddr>();
        parsed.is_ok_and(Network::is_public)
    })
}

fn ports(settings: &[SshdSetting], out: &mut Findings) {
    let mut seen = BTreeSet::new();
    for setting in settings.iter().filter(|setting| setting.keyword == "port") {
        let port = setting.arguments.first().map_or(&b""[..], Text::as_bytes);
        let first = seen.is_empty();
        if seen.insert(port.to_vec()) && !first {
            raise(&rules::SSHD_EXTRA_PORT, setting, out);
        }
    }
}

fn included(include: &SshdInclude, out: &mut Findings) {
    let path = HostPath::new("/etc/ssh").join(include.pattern.as_bytes());
    let usual = [&b"/etc"[..], b"/usr/etc", b"/usr/share"].iter().any(|dir| path.is_under(dir));
    if !usual || names::is_hidden(path.as_bytes()) {
        out.raise(&rules::SSHD_INCLUDE_ELSEWHERE, include)
            .at(&include.file, include.line)
            .evidence("include", include.pattern.clone());
    }
}
