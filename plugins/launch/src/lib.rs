//! The shared judge of everything that starts a program by itself.
//!
//! Every persistence mechanism ends in a `launch` item: what starts, when, as whom, and which file
//! says so. An intruder needs one of them; this judge looks at what the command and the scripts
//! behind it do, and at what the launching file and the program are. "No package owns it" is no
//! finding: an admin's own script started by cron is ordinary life. It cannot see what a program
//! does that is not a script; that is the matter of the plugins for binaries and processes.

mod files;
mod payload;
mod rules;

use coroner_core::{Cx, Findings, Items, Launch, Meta, Needs, Plugin, Skip};

/// Judges all launches; collects nothing.
pub struct Launches;
coroner_core::submit!(Launches);

static META: Meta = Meta {
    id: "launch",
    summary: "what starts by itself: what its commands and scripts do, and whose files they are",
    reads: &[],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[],
};

impl Plugin for Launches {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, _cx: &mut Cx<'_>) -> Result<(), Skip> {
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        let launches: Vec<Launch> = items.all::<Launch>().collect();
        payload::judge(items, &launches, out);
        files::judge(items, &launches, out);
    }
}
