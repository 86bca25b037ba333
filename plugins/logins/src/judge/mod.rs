//! Items to findings.

mod history;
mod journal;
mod logins;
mod logs;
mod people;

use coroner_core::{Findings, Items};

/// All of it.
pub(crate) fn judge(items: &Items, out: &mut Findings) {
    logins::judge(items, out);
    logs::judge(items, out);
    journal::judge(items, out);
    history::judge(items, out);
    people::judge(items, out);
}
