//! `/proc/PID/fdinfo/N` (`proc_pid_fdinfo(5)`) of descriptors that matter here.

use serde::{Deserialize, Serialize};

use super::number;
use crate::Text;

/// What a BPF descriptor holds (`bpf_prog_show_fdinfo` and its neighbours in `kernel/bpf/syscall.c`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BpfKind {
    /// A program.
    Program,
    /// A map.
    Map,
    /// A program's attachment.
    Link,
}

/// One BPF object that a process holds open.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct BpfObject {
    /// What it is.
    pub kind: BpfKind,
    /// Its number in the kernel's table of its kind.
    pub id: u32,
    /// Its type: the kernel's number or, for links, its word.
    pub type_name: Text,
}

/// The BPF object, when the descriptor is one. A link's text names its program too: the link wins.
pub fn bpf_object(content: &[u8]) -> Option<BpfObject> {
    let kinds = [
        (BpfKind::Link, "link_id", "link_type"),
        (BpfKind::Map, "map_id", "map_type"),
        (BpfKind::Program, "prog_id", "prog_type"),
    ];
    kinds.into_iter().find_map(|(kind, id, type_name)| {
        let id = number(field(content, id)?)?;
        let type_name = Text::from(field(content, type_name).unwrap_or_default());
        Some(BpfObject { kind, id, type_name })
    })
}

/// The interface of an open tun(4) descriptor: `iff:` (`tun_chr_show_fdinfo`).
pub fn tun_interface(content: &[u8]) -> Option<Text> {
    let name = field(content, "iff")?;
    (!name.is_empty()).then(|| Text::from(name))
}

fn field<'a>(content: &'a [u8], name: &str) -> Option<&'a [u8]> {
    content.split(|&byte| byte == b'\n').find_map(|line| {
        let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        Some(value.trim_ascii())
    })
}
