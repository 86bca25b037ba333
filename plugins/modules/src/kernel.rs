//! What the running kernel says about itself.

use coroner_core::{Blocked, Cx, HostPath, ReadError, Text};
use coroner_parse::module::taint_bits;

use crate::items::KernelState;

/// The release that runs; none on a mounted disk.
pub(crate) fn release(cx: &mut Cx<'_>) -> Option<Text> {
    if cx.live() { word(cx, "/proc/sys/kernel/osrelease") } else { None }
}

/// Everything but what the views of modules add.
pub(crate) fn state(cx: &mut Cx<'_>, release: Option<Text>) -> KernelState {
    let modprobe = word(cx, "/proc/sys/kernel/modprobe");
    KernelState {
        release: release.unwrap_or_default(),
        loads_modules: modprobe.is_some() || exists(cx, "/proc/modules"),
        taints: taints(cx),
        unexplained: Vec::new(),
        tainted_by: Vec::new(),
        sig_enforce: word(cx, "/sys/module/module/parameters/sig_enforce").map(|text| is_on(&text)),
        lockdown: lockdown(cx),
        modules_disabled: word(cx, "/proc/sys/kernel/modules_disabled").map(|text| is_on(&text)),
        kptr_restrict: word(cx, "/proc/sys/kernel/kptr_restrict").and_then(|text| number(&text)),
        modprobe,
        addresses_shown: None,
    }
}

fn taints(cx: &mut Cx<'_>) -> Vec<coroner_parse::module::Taint> {
    let path = HostPath::new("/proc/sys/kernel/tainted");
    let Some(content) = cx.read(&path) else { return Vec::new() };
    taint_bits(&content.bytes).unwrap_or_else(|| {
        cx.gap(&path, Blocked::Malformed);
        Vec::new()
    })
}

/// `none [integrity] confidentiality`: the one in brackets holds. securityfs is for root alone, and
/// the verdict does not hang on it.
fn lockdown(cx: &mut Cx<'_>) -> Option<Text> {
    let path = HostPath::new("/sys/kernel/security/lockdown");
    match cx.host().read(&path, 4096) {
        Ok(content) => {
            let mut words = content.bytes.split(u8::is_ascii_whitespace);
            words.find_map(|word| word.strip_prefix(b"[")?.strip_suffix(b"]")).map(Text::from)
        }
        Err(ReadError::Absent) => None,
        Err(ReadError::Blocked(reason)) => {
            cx.minor_gap(&path, reason, "whether the kernel is locked down");
            None
        }
    }
}

fn exists(cx: &mut Cx<'_>, path: &str) -> bool {
    cx.stat(&HostPath::new(path)).is_some()
}

fn word(cx: &mut Cx<'_>, path: &str) -> Option<Text> {
    let content = cx.read_up_to(&HostPath::new(path), 4096)?;
    Some(Text::from(content.bytes.trim_ascii()))
}

fn is_on(text: &Text) -> bool {
    matches!(text.as_bytes(), b"1" | b"Y" | b"y")
}

fn number(text: &Text) -> Option<u8> {
    text.as_str()?.parse().ok()
}
