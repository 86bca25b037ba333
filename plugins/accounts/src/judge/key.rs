//! Keys that open accounts.

use std::collections::{HashMap, HashSet};

use coroner_core::{Confidence, FileFacts, Findings, HostPath, Items, Severity, Text};

use super::{Names, has_shell};
use crate::items::{AuthorizedKey, KeyFile, PrivateKey};
use crate::names::Kind;
use crate::rules;

pub(super) fn judge(items: &Items, names: &Names<'_>, out: &mut Findings) {
    let keys: Vec<AuthorizedKey> = items.all::<AuthorizedKey>().collect();
    let of_root: HashSet<&str> =
        keys.iter().filter(|key| key.uid == 0).map(|key| key.fingerprint.as_str()).collect();
    for key in &keys {
        system_account(names, key, out);
        let kind = names.kind(key.account.as_bytes());
        let strange = matches!(kind, Kind::Distribution | Kind::Web);
        if strange && of_root.contains(key.fingerprint.as_str()) {
            said(&rules::KEY_ON_ROOT_AND_SYSTEM_ACCOUNT, key, out);
        }
        if let Some(copy) = &key.newer_than_copy {
            let draft = said(&rules::KEY_ADDED_BESIDE_COPY, key, out).evidence("copy", copy);
            if follows_at_once(items, key, copy) {
                draft.graded(Severity::Medium, Confidence::Possible);
            }
        }
    }
    for file in items.all::<KeyFile>() {
        open(items, &file, out);
    }
    let opens: Opens<'_> = keys.iter().map(|k| ((&k.account, &k.fingerprint), k)).collect();
    for private in items.all::<PrivateKey>() {
        own(&opens, &private, out);
    }
}

/// A script copies the file and adds its key within the same minute; people take longer.
fn follows_at_once(items: &Items, key: &AuthorizedKey, copy: &HostPath) -> bool {
    let times = items.file(copy).zip(items.file(&key.file));
    times.is_some_and(|(copy, file)| {
        (0..=60).contains(&(file.modified.seconds() - copy.modified.seconds()))
    })
}

fn said<'a>(
    rule: &'static coroner_core::Rule,
    key: &AuthorizedKey,
    out: &'a mut Findings,
) -> &'a mut coroner_core::Draft {
    out.raise(rule, key)
        .at(&key.file, key.line)
        .evidence("account", key.account.clone())
        .evidence("fingerprint", key.fingerprint.as_str())
        .evidence("comment", key.comment.clone())
}

fn system_account(names: &Names<'_>, key: &AuthorizedKey, out: &mut Findings) {
    let shell = names.get(key.account.as_bytes()).is_none_or(has_shell);
    let grade = match (names.kind(key.account.as_bytes()), shell) {
        (Kind::Distribution, true) => (Severity::High, Confidence::Likely),
        (Kind::Distribution, false) => (Severity::Medium, Confidence::Likely),
        (Kind::Web, true) => (Severity::Medium, Confidence::Possible),
        _ => return,
    };
    said(&rules::SYSTEM_ACCOUNT_KEY, key, out).graded(grade.0, grade.1);
}

/// The file and its directory belong to the account or to root, and nobody else may write them.
fn open(items: &Items, file: &KeyFile, out: &mut Findings) {
    let dir = file.file.parent();
    let paths = [Some(&file.file), dir.as_ref()];
    let is_open = |facts: &FileFacts| facts.mode & 0o002 != 0 && facts.mode & 0o1000 == 0;
    let is_foreign = |facts: &FileFacts| facts.uid != 0 && facts.uid != file.uid;
    for facts in paths.into_iter().flatten().filter_map(|path| items.file(path)) {
        if file.keys == 0 || !(is_open(&facts) || is_foreign(&facts)) {
            continue;
        }
        let draft = out
            .raise(&rules::KEY_FILE_OPEN, file)
            .in_file(&facts.path)
            .evidence("account", file.account.clone())
            .evidence("mode", format!("{:04o}", facts.mode))
            .evidence("owner", format!("{}:{}", facts.uid, facts.gid));
        if file.uid == 0 {
            draft.graded(Severity::High, Confidence::Likely);
        }
        return;
    }
}

/// Keys by account and fingerprint.
type Opens<'a> = HashMap<(&'a Text, &'a String), &'a AuthorizedKey>;

fn own(keys: &Opens<'_>, private: &PrivateKey, out: &mut Findings) {
    let Some(fingerprint) = private.fingerprint.as_ref().filter(|_| !private.encrypted) else {
        return;
    };
    let Some(key) = keys.get(&(&private.account, fingerprint)) else { return };
    let draft = out
        .raise(&rules::OWN_PRIVATE_KEY, private)
        .in_file(&private.file)
        .evidence("account", private.account.clone())
        .evidence("fingerprint", fingerprint.as_str())
        .evidence("authorised in", &key.file);
    if private.uid == 0 {
        draft.graded(Severity::High, Confidence::Likely);
    }
}
