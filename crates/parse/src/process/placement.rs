//! Where a process belongs, by its control group: a container, a pod, a guest, a unit, a session.
//!
//! Names of groups: systemd.special(7), systemd's `VM_AND_CONTAINER_INTERFACE`, runc's
//! `docs/systemd.md`, the kubelet's `pkg/kubelet/cm`, libvirt's `cgroups.html`, lxc.container.conf(5).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CgroupPath, number};
use crate::Text;

/// What runs a container.
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
pub enum Engine {
    /// Docker.
    Docker,
    /// containerd, most often below a kubelet.
    Containerd,
    /// CRI-O.
    CriO,
    /// Podman and other users of libpod.
    Podman,
    /// LXC, Incus.
    Lxc,
    /// systemd-nspawn, or another machine of systemd-machined.
    Machine,
    /// Some engine that names groups by an id alone.
    Unknown,
}

/// Where a process belongs.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(tag = "in", rename_all = "kebab-case")]
pub enum Placement {
    /// A container, and its pod when it is a pod's.
    Container {
        /// What runs it.
        engine: Engine,
        /// Its id or name.
        id: Text,
        /// The pod's uid, with dashes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pod: Option<Text>,
    },
    /// A pod, outside its containers.
    Pod {
        /// The pod's uid, with dashes.
        pod: Text,
    },
    /// A virtual machine of libvirt.
    Domain {
        /// The domain's name; libvirt cuts long ones.
        name: Text,
    },
    /// A unit of the system.
    Unit {
        /// Its name.
        unit: Text,
    },
    /// A login session.
    Session {
        /// Whose.
        uid: u32,
        /// logind's number of it.
        session: Text,
    },
    /// A unit of a user's own manager.
    UserUnit {
        /// Whose.
        uid: u32,
        /// Its name; empty for the manager itself.
        unit: Text,
    },
    /// Some other group.
    Group {
        /// Its path.
        path: Text,
    },
    /// None: the host's own, outside every group.
    #[default]
    Host,
}

impl Placement {
    /// Of all the lines of `/proc/PID/cgroup`: the old hierarchies may know more than the new one.
    pub fn of(paths: &[CgroupPath]) -> Self {
        let mut found: Vec<_> = paths.iter().map(|line| Self::of_path(&line.path)).collect();
        // The derived order puts what tells most first.
        found.sort_by_key(Self::rank);
        found.into_iter().next().unwrap_or_default()
    }

    /// A container or a pod: files and packages of the host say nothing of what runs there.
    pub fn is_contained(&self) -> bool {
        matches!(self, Self::Container { .. } | Self::Pod { .. })
    }

    /// Of one path, without the mount point of the control groups.
    pub fn of_path(path: &Text) -> Self {
        let parts: Vec<&[u8]> =
            path.as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Self::Host;
        }
        let pod = parts.iter().find_map(|part| pod_uid(part));
        if let Some((engine, id)) = container(&parts) {
            return Self::Container { engine, id, pod };
        }
        if let Some(pod) = pod {
            return Self::Pod { pod };
        }
        let named = domain(&parts).or_else(|| machine(&parts)).or_else(|| unit(&parts));
        named.unwrap_or_else(|| Self::Group { path: path.clone() })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Container { pod: Some(_), .. } => 0,
            Self::Container { .. } => 1,
            Self::Pod { .. } => 2,
            Self::Domain { .. } => 3,
            Self::Session { .. } | Self::UserUnit { .. } => 4,
            Self::Unit { .. } => 5,
            Self::Group { .. } => 6,
            Self::Host => 7,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { id, pod: Some(pod), .. } => write!(f, "container {id} of pod {pod}"),
            Self::Container { id, pod: None, .. } => write!(f, "container {id}"),
            Self::Pod { pod } => write!(f, "pod {pod}"),
            Self::Domain { name } => write!(f, "virtual machine {name}"),
            Self::Unit { unit } => write!(f, "unit {unit}"),
            Self::Session { uid, session } => write!(f, "session {session} of user {uid}"),
            Self::UserUnit { uid, unit } if unit.is_empty() => write!(f, "manager of user {uid}"),
            Self::UserUnit { uid, unit } => write!(f, "unit {unit} of user {uid}"),
            Self::Group { path } => write!(f, "control group {path}"),
            Self::Host => f.write_str("the host"),
        }
    }
}

/// The innermost component that names a container.
fn container(parts: &[&[u8]]) -> Option<(Engine, Text)> {
    (0..parts.len()).rev().find_map(|index| {
        let above = index.checked_sub(1).and_then(|above| parts.get(above)).copied();
        container_part(parts.get(index)?, above.unwrap_or_default())
    })
}

/// Scope names of engines that let systemd make the group.
const SCOPES: [(&[u8], Engine); 6] = [
    (b"docker-", Engine::Docker),
    (b"cri-containerd-", Engine::Containerd),
    (b"containerd-", Engine::Containerd),
    (b"nerdctl-", Engine::Containerd),
    (b"crio-", Engine::CriO),
    (b"libpod-", Engine::Podman),
];

fn container_part(part: &[u8], above: &[u8]) -> Option<(Engine, Text)> {
    let bare = part.strip_suffix(b".scope").unwrap_or(part);
    for (prefix, engine) in SCOPES {
        if let Some(id) = bare.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some((engine, Text::from(id)));
        }
    }
    // containerd without systemd writes `SLICE:cri-containerd:ID`.
    let mut fields = bare.rsplitn(3, |&byte| byte == b':');
    if let (Some(id), Some(b"cri-containerd")) = (fields.next(), fields.next())
        && is_id(id)
    {
        return Some((Engine::Containerd, Text::from(id)));
    }
    if let Some(name) = part.strip_prefix(b"lxc.payload.") {
        return Some((Engine::Lxc, Text::from(name)));
    }
    if above == b"lxc" {
        return Some((Engine::Lxc, Text::from(part)));
    }
    let engine = if above == b"docker" { Engine::Docker } else { Engine::Unknown };
    is_id(part).then(|| (engine, Text::from(part)))
}

/// Engines name containers by 64 hexadecimal digits.
fn is_id(id: &[u8]) -> bool {
    id.len() == 64 && id.iter().all(u8::is_ascii_hexdigit)
}

/// `pod0a1b...-...` or, in a slice, `kubepods-burstable-pod0a1b_..._.slice`.
fn pod_uid(part: &[u8]) -> Option<Text> {
    let slice = part.strip_suffix(b".slice").unwrap_or(part);
    let uid = match slice.strip_prefix(b"pod") {
        Some(uid) => uid,
        None if slice.starts_with(b"kubepods") => {
            let at = slice.windows(4).rposition(|window| window == b"-pod")?;
            slice.get(at + 4..)?
        }
        None => return None,
    };
    // The scope of containerd without systemd goes on after the pod.
    let uid = uid.split(|&byte| matches!(byte, b'.' | b':')).next().unwrap_or_default();
    let digits = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'_');
    let plausible = (32..=36).contains(&uid.len()) && uid.iter().all(digits);
    let dashed = |&byte: &u8| if byte == b'_' { b'-' } else { byte };
    plausible.then(|| Text::new(uid.iter().map(dashed).collect::<Vec<u8>>()))
}

/// `machine-qemu\x2d1\x2dweb.scope` (systemd) or `qemu-1-web.libvirt-qemu` (without it).
fn domain(parts: &[&[u8]]) -> Option<Placement> {
    parts.iter().find_map(|part| {
        let scope = part.strip_prefix(b"machine-").and_then(|rest| rest.strip_suffix(b".scope"));
        let plain = part.strip_suffix(b".libvirt-qemu").map(<[u8]>::to_vec);
        let whole = scope.map(unescape).or(plain)?;
        let numbered = whole.strip_prefix(b"qemu-")?;
        let dash = numbered.iter().position(|&byte| byte == b'-')?;
        number::<u32>(numbered.get(..dash)?)?;
        Some(Placement::Domain { name: Text::from(numbered.get(dash + 1..)?) })
    })
}

/// Other scopes of systemd-machined, and the unit template of systemd-nspawn.
fn machine(parts: &[&[u8]]) -> Option<Placement> {
    parts.iter().find_map(|part| {
        let scope = part.strip_prefix(b"machine-").and_then(|rest| rest.strip_suffix(b".scope"));
        let unit = || {
            let rest = part.strip_prefix(b"systemd-nspawn@")?;
            rest.strip_suffix(b".service")
        };
        let id = Text::new(unescape(scope.or_else(unit)?));
        Some(Placement::Container { engine: Engine::Machine, id, pod: None })
    })
}

fn unit(parts: &[&[u8]]) -> Option<Placement> {
    let uid = parts
        .iter()
        .find_map(|part| number::<u32>(part.strip_prefix(b"user-")?.strip_suffix(b".slice")?));
    let is_unit = |part: &&[u8]| {
        [&b".service"[..], b".scope", b".socket", b".mount", b".swap"]
            .iter()
            .any(|suffix| part.ends_with(suffix))
    };
    let units: Vec<&[u8]> = parts.iter().copied().filter(is_unit).collect();
    let (first, last) = (*units.first()?, *units.last()?);
    let Some(uid) = uid else { return Some(Placement::Unit { unit: Text::from(first) }) };
    if let Some(session) = first.strip_prefix(b"session-") {
        let session = Text::from(session.strip_suffix(b".scope").unwrap_or(session));
        return Some(Placement::Session { uid, session });
    }
    let unit = if units.len() > 1 { Text::from(last) } else { Text::default() };
    Some(Placement::UserUnit { uid, unit })
}

/// systemd writes bytes that a unit's name may not have as `\xNN` (systemd-escape(1)).
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.strip_prefix(b"x").filter(|_| first == b'\\').and_then(|after| {
            let (digits, tail) = after.split_at_checked(2)?;
            let value = super::hexadecimal(digits)?;
            Some((u8::try_from(value).ok()?, tail))
        });
        let (byte, tail) = escaped.unwrap_or((first, after));
        out.push(byte);
        rest = tail;
    }
    out
}
