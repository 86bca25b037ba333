//! What left each network namespace, by the counters of its own devices: the kernel keeps no such count by
//! process or by control group, but a container or pod has a network namespace of its own.

use std::collections::BTreeMap;

use coroner_host::{Host, HostPath, Process, Processes};
use coroner_parse::Text;
use coroner_parse::packet::{DeviceCounters, device_counters};
use coroner_parse::process::Placement;

use crate::result::Namespace;

/// Namespaces that are told, and names of who lives in one.
const MOST: usize = 50;
const MOST_NAMES: usize = 3;
const LONGEST_TABLE: usize = 4 << 20;

/// Packets and bytes.
type Sent = (u64, u64);

/// What had left when the observation began.
#[derive(Debug, Default)]
pub(crate) struct Namespaces(BTreeMap<u64, Sent>);

impl Namespaces {
    pub(crate) fn before(host: &Host) -> Self {
        let Ok(processes) = host.read_processes() else { return Self::default() };
        Self(sent(host, &processes))
    }

    /// What has left others than `own` since; one that is new has sent all that it counts.
    pub(crate) fn now(&self, host: &Host, own: Option<u64>, ms: u64) -> Vec<Namespace> {
        let Ok(processes) = host.read_processes() else { return Vec::new() };
        let now = sent(host, &processes).into_iter().filter(|(network, _)| Some(*network) != own);
        let mut found: Vec<Namespace> = now
            .filter_map(|(network, (packets, bytes))| {
                let before = self.0.get(&network).copied().unwrap_or_default();
                let packets = packets.saturating_sub(before.0);
                let bytes = bytes.saturating_sub(before.1);
                let pid = processes.networks().get(&network).copied();
                let pid = pid.and_then(|pid| u32::try_from(pid).ok());
                let who = residents(&processes, network);
                (packets > 0).then_some(Namespace { network, pid, who, ms, packets, bytes })
            })
            .collect();
        found.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.network.cmp(&b.network)));
        found.truncate(MOST);
        found
    }
}

fn sent(host: &Host, processes: &Processes) -> BTreeMap<u64, Sent> {
    let of = |(network, pid): (u64, i32)| {
        let table =
            host.read(&HostPath::new(format!("/proc/{pid}/net/dev")), LONGEST_TABLE).ok()?;
        let devices = device_counters(&table.bytes).filter(|one| one.device.as_bytes() != b"lo");
        let add = |(packets, bytes): Sent, one: DeviceCounters| {
            (packets.saturating_add(one.packets_sent), bytes.saturating_add(one.bytes_sent))
        };
        Some((network, devices.fold((0, 0), add)))
    };
    processes.networks().into_iter().filter_map(of).collect()
}

/// The containers, pods and guests in a namespace, or else its programs.
fn residents(processes: &Processes, network: u64) -> Vec<Text> {
    let inside = |process: &&Process| process.namespaces.network == Some(network);
    let mut names: Vec<Text> = Vec::new();
    for name in processes.iter().filter(inside).map(resident) {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() >= MOST_NAMES {
            break;
        }
    }
    names
}

fn resident(process: &Process) -> Text {
    use Placement::{Container, Domain, Pod};
    let place = &process.placement;
    match (&process.executable, place) {
        (_, Container { .. } | Pod { .. } | Domain { .. }) => {
            Text::from(place.to_string().as_str())
        }
        (Some(exe), _) => Text::from(exe.path.as_bytes()),
        (None, _) => process.stat.comm.clone(),
    }
}
