//! Set-uid, set-gid, capabilities, and who may write.

use coroner_core::{Confidence, FileFacts, FileType, Findings, PackageState, Severity};

use super::files::{Files, show};
use crate::privileged::{self, CAPABLE, GIVE_EVERYTHING, SET_GID, SET_UID, listed};
use crate::{names, rules};

const SET_UID_BIT: u32 = 0o4000;
const SET_GID_BIT: u32 = 0o2000;

pub(super) fn judge(file: &FileFacts, files: &Files, out: &mut Findings) {
    if file.file_type != FileType::Regular {
        return;
    }
    // The kernel ignores both bits on scripts.
    if file.shebang.is_none() && file.mode & 0o111 != 0 {
        if file.mode & (SET_UID_BIT | SET_GID_BIT) != 0 {
            set_id(file, files, out);
        }
        if let Some(permitted) = file.capabilities.as_deref().and_then(privileged::permitted) {
            capable(file, files, permitted, out);
        }
    }
    writable(file, out);
}

/// A shell, an interpreter, or a tool that runs or writes anything.
fn gives_everything(file: &FileFacts, files: &Files) -> bool {
    listed(GIVE_EVERYTHING, file.lies_at().name()) || files.is_copy_of_shell(file)
}

fn set_id(file: &FileFacts, files: &Files, out: &mut Findings) {
    let (uid, gid) = (file.mode & SET_UID_BIT != 0, file.mode & SET_GID_BIT != 0);
    let name = file.lies_at().name();
    let known = (uid && listed(SET_UID, name)) || (!uid && gid && listed(SET_GID, name));
    if gives_everything(file, files) {
        let draft = show(out.raise(&rules::SET_UID_SHELL, file), file);
        if !uid {
            draft.graded(Severity::High, Confidence::Likely);
        }
    } else if file.vendor_mode.is_some() && !known {
        added(file, uid, out);
    } else if matches!(
        file.state,
        PackageState::Unowned | PackageState::Modified | PackageState::Forged
    ) {
        let draft = show(out.raise(&rules::SET_UID_UNOWNED, file), file);
        let (severity, confidence) = grade_unowned(file, uid, known);
        draft.graded(severity, confidence);
    } else if !known && !ships_it(file) {
        let draft = show(out.raise(&rules::SET_UID_UNUSUAL, file), file);
        if file.state == PackageState::Unknown && names::is_odd_place(file.lies_at()) {
            draft.graded(Severity::High, Confidence::Likely);
        }
    }
}

/// Its vendor's package has the bits.
fn ships_it(file: &FileFacts) -> bool {
    file.state == PackageState::Vendor && file.proof.is_some() && file.vendor_mode.is_none()
}

/// Its vendor's package has not.
fn added(file: &FileFacts, uid: bool, out: &mut Findings) {
    let draft = show(out.raise(&rules::SET_UID_ADDED, file), file);
    if let Some(mode) = file.vendor_mode {
        draft.evidence("vendor's mode", format!("{mode:04o}"));
    }
    if !uid {
        draft.graded(Severity::Medium, Confidence::Likely);
    }
}

fn grade_unowned(file: &FileFacts, uid: bool, known: bool) -> (Severity, Confidence) {
    let place = file.lies_at();
    if known && names::is_in_other_root(place) {
        (Severity::Low, Confidence::Possible)
    } else if uid && names::is_temporary(place) {
        (Severity::Critical, Confidence::Certain)
    } else if uid && (names::in_system_directory(place) || names::is_odd_place(place)) {
        (Severity::High, Confidence::Likely)
    } else if uid && !known {
        (Severity::Medium, Confidence::Possible)
    } else {
        (Severity::Low, Confidence::Possible)
    }
}

fn capable(file: &FileFacts, files: &Files, permitted: u64, out: &mut Findings) {
    let strong = privileged::strong(permitted);
    let all = format!("{permitted:#x}");
    if !strong.is_empty() && gives_everything(file, files) {
        let draft = show(out.raise(&rules::CAPABLE_STRONG, file), file);
        draft.evidence("capabilities", strong.join(",")).evidence("permitted", all);
    } else if permitted != 0 && !listed(CAPABLE, file.lies_at().name()) {
        let draft = show(out.raise(&rules::CAPABLE_UNUSUAL, file), file);
        draft.evidence("capabilities", strong.join(",")).evidence("permitted", all);
        if strong.is_empty() {
            draft.graded(Severity::Low, Confidence::Possible);
        } else if !names::in_system_directory(file.lies_at()) {
            draft.graded(Severity::Medium, Confidence::Possible);
        }
    }
}

fn writable(file: &FileFacts, out: &mut Findings) {
    let relied = names::tool_at(&file.path).is_some()
        || (names::is_relied_on_library(file.path.name())
            && names::in_system_directory(&file.path));
    let others = file.mode & 0o002 != 0 || (file.mode & 0o020 != 0 && file.gid != 0);
    if relied && others && file.state != PackageState::Missing {
        show(out.raise(&rules::WRITABLE_TOOL, file), file);
    }
}
