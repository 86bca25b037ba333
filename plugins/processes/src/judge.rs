//! From items to findings.

mod code;
mod load;
mod names;
mod program;
mod session;

use coroner_core::{Draft, FileFacts, Findings, HostPath, Items, PackageState};
use coroner_parse::command::analysis::{Place, place};

use crate::items::{CoveringMount, ProcessItem};
use crate::rules;

pub(crate) use load::loaded_by;

/// Bytes of a command that a finding shows; the item has more.
const LONGEST_COMMAND: usize = 400;

/// A process with what its program's package says.
pub(crate) struct Seen<'a> {
    pub(crate) item: &'a ProcessItem,
    pub(crate) items: &'a Items,
    /// Of the file that lies at its program's path now.
    pub(crate) facts: Option<FileFacts>,
}

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    for item in items.all::<ProcessItem>() {
        let path = item.program.as_ref().filter(|_| item.is_of_host()).map(|program| &program.path);
        let facts = path.and_then(|path| items.file(path));
        let seen = Seen { item: &item, items, facts };
        program::judge(&seen, out);
        names::judge(&seen, out);
        session::judge(&seen, out);
        load::judge(&seen, out);
        code::judge(&seen, out);
    }
    for mount in items.all::<CoveringMount>() {
        covering(&mount, out);
    }
}

fn covering(mount: &CoveringMount, out: &mut Findings) {
    let rule = match mount.process {
        Some(_) => &rules::COVERED_PROCESS,
        None => &rules::COVERED_PROGRAM,
    };
    let draft = out.raise(rule, mount);
    draft.in_file(&mount.point).evidence("source", &mount.source).evidence("mounted", &mount.root);
    draft.evidence("file system", &mount.file_system);
    if let Some(covered) = &mount.covered {
        draft.evidence("process", covered);
    }
}

impl Seen<'_> {
    pub(crate) fn path(&self) -> Option<&HostPath> {
        self.item.program.as_ref().map(|program| &program.path)
    }

    /// The name of the program's file.
    pub(crate) fn program_name(&self) -> &[u8] {
        self.path().map(HostPath::name).unwrap_or_default()
    }

    /// The very file that runs belongs to no package, or is no file.
    pub(crate) fn is_unowned(&self) -> bool {
        let Some(program) = &self.item.program else { return false };
        let unowned = self.facts.as_ref().is_some_and(|facts| facts.state == PackageState::Unowned);
        program.memory.is_some() || self.item.is_of_host() && unowned
    }

    /// It stands where everybody writes, or hides.
    pub(crate) fn is_in_odd_place(&self) -> bool {
        self.path().is_some_and(is_odd)
    }

    /// What helps a reader to agree or not.
    pub(crate) fn describe(&self, draft: &mut Draft) {
        let item = self.item;
        draft.evidence("pid", item.pid.to_string()).evidence("name", &item.name);
        let command = item.command.as_bytes();
        draft.evidence("command", command.get(..LONGEST_COMMAND).unwrap_or(command));
        match &item.program {
            Some(program) if self.item.is_of_host() && program.memory.is_none() => {
                draft.in_file(&program.path);
            }
            _ => {
                draft.in_file(&HostPath::new(format!("/proc/{}/exe", item.pid)));
            }
        }
        if let Some(program) = &item.program {
            draft.evidence("program", program.path.text().clone());
        }
        if let Some(uid) = item.uid {
            draft.evidence("user", uid.to_string());
        }
        if let Some(started) = item.started {
            draft.evidence("started", started.to_string());
        }
        draft.evidence("place", item.place.to_string());
        describe_file(draft, self.facts.as_ref());
    }
}

pub(crate) fn describe_file(draft: &mut Draft, facts: Option<&FileFacts>) {
    let Some(facts) = facts else { return };
    if let Some(package) = &facts.package {
        draft.evidence("package", package);
    }
    if let Some(sha256) = &facts.sha256 {
        draft.evidence("sha256", sha256.as_str());
    }
    draft.evidence("changed", facts.changed.to_string());
}

pub(crate) fn is_odd(path: &HostPath) -> bool {
    place(path.as_bytes()) != Place::Ordinary
}
