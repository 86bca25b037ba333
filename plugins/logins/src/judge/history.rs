//! Shell histories that are not kept.

use coroner_core::{Findings, Items};

use crate::items::History;
use crate::rules::{HISTORY_EMPTIED, HISTORY_NOT_KEPT};

/// A file that is made and written on one day was perhaps never used.
const DAY: i64 = 86_400;

pub(super) fn judge(items: &Items, out: &mut Findings) {
    for history in items.all::<History>() {
        let null = history.link.as_ref().is_some_and(|link| link.as_bytes().ends_with(b"dev/null"));
        // Some file systems give 1970 for a birth they do not keep.
        let born = history.born.filter(|born| born.seconds() > 0);
        let age = born.map(|born| history.modified.seconds().saturating_sub(born.seconds()));
        let rule = if null || history.special || history.immutable {
            &HISTORY_NOT_KEPT
        } else if history.size == 0 && history.link.is_none() && age.is_some_and(|age| age > DAY) {
            &HISTORY_EMPTIED
        } else {
            continue;
        };
        let draft = out.raise(rule, &history).in_file(&history.path);
        draft.evidence("account", history.user.clone());
        if let Some(link) = &history.link {
            draft.evidence("link", link.clone());
        }
        if history.immutable {
            draft.evidence("attribute", "immutable");
        }
        draft.evidence("changed", history.modified.to_string());
    }
}
