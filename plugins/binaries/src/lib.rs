//! The programs a responder relies on, against their packages.
//!
//! ps, ss, lsof, sshd, the C library and the PAM modules are looked at first: an intruder who
//! replaces them hides from everyone who logs in. Then what stands beside and before them: renamed
//! originals, second copies earlier in PATH or in the loader's directories, preloaded libraries,
//! set-uid shells, unowned programs among the packaged ones. With `--scope standard` core checks
//! every packaged file, and those findings are made here too.
//!
//! Without a pack it cannot see a change that the package database was changed along with; it never
//! sees code that lives in memory alone.

mod collect;
mod items;
mod judge;
mod names;
mod privileged;
mod rules;
mod table;

use coroner_core::{Cx, Findings, ItemType, Items, Meta, Needs, Plugin, Skip};

pub use items::{DivertedTool, LibraryDirectory, PathDirectory, Preloaded, SecondLibrary, Shadow};
pub use table::{Form, Purpose, TOOLS, Tool, Weight};

/// See the crate's documentation.
#[derive(Debug)]
pub struct Binaries;

coroner_core::submit!(Binaries);

static META: Meta = Meta {
    id: "binaries",
    summary: "relied-on programs and libraries against their packages; what shadows, wraps or preloads them",
    reads: &[
        "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr", "/opt", "/srv", "/boot", "/root",
        "/home", "/tmp", "/var", "/dev/shm", "/etc",
    ],
    needs: Needs::Files,
    rules: rules::ALL,
    items: &[
        ItemType::of::<PathDirectory>(),
        ItemType::of::<Shadow>(),
        ItemType::of::<Preloaded>(),
        ItemType::of::<LibraryDirectory>(),
        ItemType::of::<SecondLibrary>(),
        ItemType::of::<DivertedTool>(),
    ],
};

impl Plugin for Binaries {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        collect::collect(cx);
        Ok(())
    }

    fn judge(&self, items: &Items, out: &mut Findings) {
        judge::judge(items, out);
    }
}
