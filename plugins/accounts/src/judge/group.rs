//! Groups that lead to root.

use coroner_core::{Confidence, Findings, HostPath, Items, Severity};

use super::{joined, kind};
use crate::items::{Account, Group};
use crate::names::{self, Kind};
use crate::rules;

/// Memberships that a distribution gives itself: Alpine's adm in disk.
const USUAL: &[(&str, &str)] = &[("adm", "disk")];

pub(super) fn judge(items: &Items, accounts: &[Account], out: &mut Findings) {
    for account in accounts.iter().filter(|account| !account.compat) {
        members(account, out);
    }
    let path = HostPath::new("/etc/group");
    for group in items.all::<Group>() {
        if group.gid == 0 && (group.name != "root" || group.repeated) {
            out.raise(&rules::SECOND_GID_0, &group)
                .at(&path, group.line)
                .evidence("members", joined(&group.members));
        }
        if group.password.is_usable() && names::is_powerful_group(group.name.as_bytes()) {
            out.raise(&rules::GROUP_PASSWORD, &group).at(&path, group.line);
        }
    }
}

fn members(account: &Account, out: &mut Findings) {
    let grade = match kind(account) {
        Kind::Distribution => (Severity::High, Confidence::Likely),
        Kind::Web => (Severity::Medium, Confidence::Possible),
        _ => return,
    };
    let usual = |group: &coroner_core::Text| {
        USUAL.iter().any(|(name, of)| account.name == **name && *group == **of)
    };
    let groups: Vec<_> = account.powerful_groups.iter().filter(|group| !usual(group)).collect();
    if !groups.is_empty() {
        out.raise(&rules::SYSTEM_ACCOUNT_IN_POWERFUL_GROUP, account)
            .in_file(&HostPath::new("/etc/group"))
            .evidence("account", account.name.clone())
            .evidence("groups", joined(groups))
            .graded(grade.0, grade.1);
    }
}
