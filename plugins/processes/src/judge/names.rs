//! What a process says it is.

use coroner_core::Confidence::Possible;
use coroner_core::Findings;
use coroner_core::Severity::Medium;

use super::Seen;
use crate::names::{base, is_borrowed, is_interpreter, is_of_kernel_thread, is_shell};
use crate::rules;

pub(super) fn judge(seen: &Seen<'_>, out: &mut Findings) {
    if !kernel_thread(seen, out) {
        borrowed(seen, out);
    }
}

/// Threads of the kernel have no program; a process with one that is called like them pretends.
fn kernel_thread(seen: &Seen<'_>, out: &mut Findings) -> bool {
    if seen.item.program.is_none() {
        return false;
    }
    let called = seen.item.called.as_bytes();
    let bracketed = called.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let bracketed = bracketed.filter(|_| seen.item.bare);
    let known = [Some(seen.item.name.as_bytes()), bracketed];
    let own_name = seen.program_name();
    let known =
        known.into_iter().flatten().any(|name| is_of_kernel_thread(name) && name != own_name);
    if !known && bracketed.is_none() {
        return false;
    }
    let draft = out.raise(&rules::FALSE_KERNEL_THREAD, seen.item);
    seen.describe(draft);
    if !known {
        draft.graded(Medium, Possible);
    }
    true
}

/// A service's name on a program that no package owns, or on an interpreter that was told to wear it.
fn borrowed(seen: &Seen<'_>, out: &mut Findings) {
    let own_name = seen.program_name();
    if !seen.item.is_of_host() && !seen.is_unowned() {
        return;
    }
    let called = claimed(seen.item.called.as_bytes());
    let interprets = is_interpreter(own_name) && own_name != b"busybox" || is_shell(own_name);
    let names = if interprets { vec![called] } else { vec![called, seen.item.name.as_bytes()] };
    let differs = |name: &&[u8]| is_borrowed(name) && *name != own_name && !is_shell(name);
    let wears = names.iter().any(differs) && (interprets || seen.is_unowned());
    if wears {
        seen.describe(out.raise(&rules::BORROWED_NAME, seen.item));
    }
}

/// `sshd: root@pts/0` says sshd, `/usr/sbin/apache2 -k start` (one argument, as Perl writes it) says apache2.
fn claimed(called: &[u8]) -> &[u8] {
    let word = called.split(|&byte| matches!(byte, b' ' | b':')).next().unwrap_or_default();
    base(word.strip_prefix(b"-").unwrap_or(word))
}
