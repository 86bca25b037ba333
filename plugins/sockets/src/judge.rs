//! From items to findings.

use coroner_core::Confidence::{Likely, Possible};
use coroner_core::Severity::{High, Info, Medium};
use coroner_core::{Draft, FileFacts, Findings, HostPath, Items, PackageState, Rule};
use coroner_parse::command::analysis::{Place, place};

use crate::items::{Filter, Listener, Owner, PromiscuousInterface, RawKind, RawSocket};
use crate::rules;

/// Programs whose work needs such sockets, when they are a package's.
const KNOWN: &[&str] = &[
    "dhclient",
    "dhcpcd",
    "udhcpc",
    "dhcpd",
    "kea-dhcp4",
    "dnsmasq",
    "systemd-networkd",
    "NetworkManager",
    "connmand",
    "wpa_supplicant",
    "hostapd",
    "iwd",
    "lldpd",
    "lldpad",
    "keepalived",
    "vrrpd",
    "tcpdump",
    "tshark",
    "dumpcap",
    "wireshark",
    "suricata",
    "snort",
    "zeek",
    "ping",
    "fping",
    "mtr",
    "mtr-packet",
    "traceroute",
    "arping",
    "arpwatch",
    "nmap",
    "smokeping",
    "bird",
    "bird6",
    "ospfd",
    "ospf6d",
    "pimd",
    "eigrpd",
    "vrrpd",
    "zebra",
    "bgpd",
    "ripd",
    "radvd",
    "rdisc",
    "ndppd",
    "pppd",
    "pppoe",
    "rp-pppoe",
    "charon",
    "pluto",
    "openvpn",
    "ovs-vswitchd",
    "ovn-controller",
    "cilium-agent",
    "calico-node",
    "flanneld",
    "kube-proxy",
    "libvirtd",
    "qemu-system-x86_64",
    "virtnetworkd",
    "corosync",
    "heartbeat",
    "ptp4l",
    "phc2sys",
    "lldpcli",
    "avahi-autoipd",
    "iftop",
    "nethogs",
    "ntopng",
    "softflowd",
    "pmacctd",
    "iperf3",
    "bmon",
    "cloud-init",
    "igmpproxy",
    "mcproxy",
    "smcrouted",
    "conntrackd",
    "atftpd",
    "chronyd",
    "ladvd",
    "cdpd",
    "systemd",
];

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    for socket in items.all::<RawSocket>() {
        match &socket.owner {
            Some(owner) => held(items, &socket, owner, out),
            None => unheld(&socket, out),
        }
    }
    for listener in items.all::<Listener>() {
        odd_listener(items, &listener, out);
    }
    for interface in items.all::<PromiscuousInterface>().filter(|interface| !interface.in_use) {
        promiscuous(&interface, out);
    }
}

/// What the host's packages say of an owner's program.
fn facts_of(items: &Items, owner: &Owner) -> Option<FileFacts> {
    let known = owner.of_host && !owner.from_memory;
    owner.program.as_ref().filter(|_| known).and_then(|program| items.file(program))
}

/// Whether the program that runs is nobody's.
fn is_unowned(owner: &Owner, facts: Option<&FileFacts>) -> bool {
    let packaged = facts.is_some_and(|facts| facts.package.is_some());
    let unowned = facts.is_some_and(|facts| facts.state == PackageState::Unowned);
    owner.from_memory || owner.of_host && (unowned || owner.deleted && !packaged)
}

fn is_odd(owner: &Owner) -> bool {
    let odd = |program: &HostPath| place(program.as_bytes()) != Place::Ordinary;
    owner.from_memory || owner.deleted || owner.program.as_ref().is_some_and(odd)
}

/// Marks that wake `BPFDoor` (public analyses of its filters). One number alone may be a port.
const MARKS: [&[u32]; 2] = [&[0x7255, 0x5293], &[0x3939_3939]];

fn is_backdoors(filter: &Filter) -> bool {
    MARKS.iter().any(|marks| filter.compares_all(marks))
}

/// Filters of programs that ask for an address (ports of DHCP and `DHCPv6`, ARP), talk to neighbours (LLDP)
/// or log in to a network (EAPOL).
const ORDINARY: [&[u32]; 5] = [&[67], &[68], &[0x0806], &[0x88cc], &[0x888e]];

fn is_ordinary(filter: &Filter) -> bool {
    ORDINARY.iter().any(|numbers| filter.compares_all(numbers))
}

/// Where programs of container networks are put, without a package (CNI's own convention).
fn is_container_networks(owner: &Owner) -> bool {
    owner.program.as_ref().is_some_and(|program| program.is_under("/opt/cni/bin"))
}

fn held(items: &Items, socket: &RawSocket, owner: &Owner, out: &mut Findings) {
    let facts = facts_of(items, owner);
    let unowned = is_unowned(owner, facts.as_ref());
    let asks_for_addresses = socket.filter.as_ref().is_some_and(is_ordinary);
    if socket.filter.as_ref().is_some_and(is_backdoors) {
        return tell(&rules::BACKDOOR_FILTER, socket, owner, facts.as_ref(), out);
    }
    if unowned && socket.filter.is_some() && !asks_for_addresses {
        return tell(&rules::FILTER_OF_UNOWNED, socket, owner, facts.as_ref(), out);
    }
    if unowned && !(asks_for_addresses && is_container_networks(owner)) {
        let draft = out.raise(&rules::RAW_OF_UNOWNED, socket);
        describe(draft, owner, facts.as_ref());
        describe_raw(draft, socket);
        if !is_odd(owner) {
            draft.graded(Medium, Possible);
        }
        return;
    }
    let name = owner.program.as_ref().map(HostPath::name).unwrap_or_default();
    let known = KNOWN.iter().any(|known| known.as_bytes() == name);
    let packaged = facts.as_ref().is_some_and(|facts| facts.package.is_some());
    if !(known && packaged) {
        tell(&rules::RAW_OF_UNKNOWN, socket, owner, facts.as_ref(), out);
    }
}

fn tell(
    rule: &'static Rule,
    socket: &RawSocket,
    owner: &Owner,
    facts: Option<&FileFacts>,
    out: &mut Findings,
) {
    let draft = out.raise(rule, socket);
    describe(draft, owner, facts);
    describe_raw(draft, socket);
}

/// Some process could not be asked: then it may be that one's.
fn unheld(socket: &RawSocket, out: &mut Findings) {
    let backdoor = socket.filter.as_ref().is_some_and(is_backdoors);
    let rule = if backdoor { &rules::BACKDOOR_FILTER } else { &rules::RAW_WITHOUT_OWNER };
    let draft = out.raise(rule, socket);
    draft.in_file(&HostPath::new(match socket.kind_of {
        RawKind::Raw => "/proc/net/raw",
        RawKind::Packet => "/proc/net/packet",
    }));
    describe_raw(draft, socket);
    if !backdoor && !socket.all_asked {
        draft.graded(Info, Possible);
    }
}

fn odd_listener(items: &Items, listener: &Listener, out: &mut Findings) {
    let Some(owner) = &listener.owner else { return };
    let facts = facts_of(items, owner);
    if !is_unowned(owner, facts.as_ref()) || !is_odd(owner) || listener.address.is_loopback() {
        return;
    }
    let draft = out.raise(&rules::ODD_LISTENER, listener);
    describe(draft, owner, facts.as_ref());
    let place = format!("{} {}:{}", listener.protocol, listener.address, listener.port);
    draft.evidence("listens on", place);
    if owner.from_memory || owner.deleted {
        draft.graded(High, Likely);
    }
}

fn promiscuous(interface: &PromiscuousInterface, out: &mut Findings) {
    let draft = out.raise(&rules::PROMISCUOUS, interface);
    draft.in_file(&HostPath::new("/sys/class/net").join(interface.name.as_bytes()));
    draft.evidence("interface", &interface.name);
    for program in interface.listeners.iter().take(20) {
        draft.evidence("packet socket of", program.text());
    }
}

fn describe(draft: &mut Draft, owner: &Owner, facts: Option<&FileFacts>) {
    match owner.program.as_ref().filter(|_| owner.of_host && !owner.from_memory) {
        Some(program) => draft.in_file(program),
        None => draft.in_file(&HostPath::new(format!("/proc/{}/exe", owner.pid))),
    };
    draft.evidence("pid", owner.pid.to_string()).evidence("name", &owner.name);
    if let Some(program) = &owner.program {
        draft.evidence("program", program.text());
    }
    draft.evidence("place", owner.place.to_string());
    if let Some(sha256) = facts.and_then(|facts| facts.sha256.as_ref()) {
        draft.evidence("sha256", sha256.as_str());
    }
    if let Some(package) = facts.and_then(|facts| facts.package.as_ref()) {
        draft.evidence("package", package);
    }
}

fn describe_raw(draft: &mut Draft, socket: &RawSocket) {
    let what = match socket.kind_of {
        RawKind::Raw => format!("raw, internet protocol {}", socket.protocol),
        RawKind::Packet => format!(
            "packet, Ethernet protocol {:#06x}, interface {}",
            socket.protocol, socket.interface
        ),
    };
    draft.evidence("socket", what);
    if let Some(filter) = &socket.filter {
        let numbers: Vec<_> = filter.compared.iter().map(|number| format!("{number:#x}")).collect();
        draft.evidence("filter compares", numbers.join(", "));
    }
    if let Some(network) = &socket.network {
        draft.evidence("network of", network.to_string());
    }
}
