//! Items to findings.

mod build;
mod files;
mod lists;
mod loader;
mod names;
mod path;
mod privilege;
mod signature;
mod state;

use coroner_core::{Findings, Items};

use files::Files;

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let files = Files::of(items);
    let broken = signature::broken(items);
    for file in files.iter() {
        state::judge(file, &broken, out);
        names::judge(file, &files, out);
        privilege::judge(file, &files, out);
        build::judge(file, out);
    }
    state::judge_links(items, out);
    state::judge_in_bulk(items, &files, out);
    signature::judge(items, out);
    lists::judge(items, out);
    path::judge(items, out);
    loader::judge(items, out);
}
