//! Items to findings.

mod build;
mod files;
mod lists;
mod loader;
mod names;
mod path;
mod privilege;
mod state;

use coroner_core::{Findings, Items};

use files::Files;

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    let files = Files::of(items);
    for file in files.iter() {
        state::judge(file, out);
        names::judge(file, &files, out);
        privilege::judge(file, &files, out);
        build::judge(file, out);
    }
    state::judge_links(items, out);
    state::judge_in_bulk(items, &files, out);
    lists::judge(items, out);
    path::judge(items, out);
    loader::judge(items, out);
}
