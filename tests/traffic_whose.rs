//! Whose packets they are: of a guest, of a pod, and of who is kept from the sight of the host's own tools.
// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

#[path = "throttle_tc.rs"]
mod tc;
#[path = "throttle_lab.rs"]
mod throttle_lab;
#[path = "traffic_lab.rs"]
mod traffic_lab;
#[path = "traffic_senders.rs"]
mod traffic_senders;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use throttle_lab::{Lab, must};
use traffic_lab::{Group, Namespace, flow, json, part_of, sender_of, traffic};
use traffic_senders::{sender, tap};

/// Name and cgroup of a process as /proc has them: the group of cgroup2 stands under number 0.
fn told_by_proc(pid: u32) -> (String, String) {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let groups = read("cgroup");
    let group = groups.lines().find_map(|line| line.strip_prefix("0::")).expect("cgroup2");
    (read("comm").trim_end().to_owned(), group.to_owned())
}

#[test]
#[cfg(feature = "real-roots")]
fn what_a_guest_sends_is_the_guest_s() {
    let lab = Lab::new();
    must(lab.near("sysctl").args(["-qw", "net.ipv4.ip_forward=1"]));
    let guest = tap(&lab, "web1");
    let seen = json(&traffic(&lab, "", "--for 3s --json"));
    let forwarded = flow(&seen, "udp", 9999);
    assert_eq!(forwarded["device"], "v0");
    let part = part_of(forwarded, guest.pid());
    assert!(part >= 990, "{part} of 1000 in {forwarded:#}");
    let sender = sender_of(&seen, guest.pid());
    assert_eq!((&sender["who"], &sender["guest"]), (&"guest web1".into(), &"web1".into()));
    assert!(sender["holds"].to_string().contains("tun tap0"), "{sender:#}");
    guest.end();
}

/// A guest of the real qemu, as libvirt starts one: name, scope, a tap in a bridge with v0. Its firmware looks for
/// a server to boot from, and answers pings meanwhile.
struct Qemu {
    process: Child,
    _group: Group,
}

impl Qemu {
    fn start(lab: &Lab, name: &str) -> Self {
        let group =
            Group::new(&format!("machine{{}}.slice/machine-qemu\\x2d7\\x2d{name}.scope/emulator"));
        let ip = |words: &str| must(Command::new("ip").args(words.split_whitespace()));
        let (near, far) = (&lab.near, &lab.far);
        ip(&format!("-n {near} link add br0 type bridge"));
        ip(&format!("-n {near} tuntap add tap0 mode tap"));
        for device in ["v0", "tap0"] {
            ip(&format!("-n {near} link set {device} master br0 up"));
        }
        ip(&format!("-n {near} link set br0 up"));
        ip(&format!("-n {far} addr add fe80::2/64 dev v1 nodad"));
        let mut qemu = lab.near("qemu-system-x86_64");
        qemu.arg("-name").arg(format!("guest={name},debug-threads=on"));
        qemu.args(["-machine", "accel=tcg", "-m", "64", "-nodefaults", "-display", "none"]);
        qemu.args(["-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no"]);
        qemu.args(["-device", "virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56,bootindex=1"]);
        let process = qemu.stdout(Stdio::null()).spawn().expect("qemu runs: tests/run installs it");
        group.take(process.id());
        Self { process, _group: group }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks the guest for a hundred answers a second, and is given back with its first one. While the guest starts, ping
/// says that nobody is there.
fn pinged(lab: &Lab) -> traffic_senders::Child {
    let mut ping = Command::new("ip");
    ping.args(["netns", "exec", &lab.far, "ping", "-n", "-i", "0.01"]);
    ping.arg("fe80::5054:ff:fe12:3456%v1").stdout(Stdio::piped());
    let mut process = ping.spawn().expect("ping runs: tests/run installs it");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let child = traffic_senders::Child::of(process);
    let answered = lines.any(|line| line.is_ok_and(|line| line.contains("bytes from")));
    assert!(answered, "the guest never answered");
    std::thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
#[cfg(feature = "real-roots")]
fn what_a_guest_of_the_real_qemu_sends_is_the_domain_s() {
    let lab = Lab::new();
    let guest = Qemu::start(&lab, "web1");
    let ping = pinged(&lab);
    let seen = json(&traffic(&lab, "", "--dev v0 --for 3s --json"));
    drop(ping);
    let answers = flow(&seen, "icmpv6", 0);
    assert!(answers["packets"].as_u64().unwrap() > 100, "{answers:#}");
    let part = part_of(answers, guest.process.id());
    assert!(part >= 990, "{part} of 1000 in {answers:#}");
    let sender = sender_of(&seen, guest.process.id());
    assert_eq!((&sender["who"], &sender["guest"]), (&"guest web1".into(), &"web1".into()));
    assert_eq!(sender["placement"], serde_json::json!({"in": "domain", "name": "web1"}));
    assert!(sender["holds"].to_string().contains("tun tap0"), "{sender:#}");
    drop(guest);
}

#[test]
#[cfg(feature = "real-roots")]
fn what_a_container_of_a_pod_sends_is_its_own_on_the_host_s_device_too() {
    let lab = Lab::new();
    let inner = format!("{}-c", lab.near);
    let near = lab.near.clone();
    let ip = |words: &str| must(Command::new("ip").args(words.split_whitespace()));
    ip(&format!("netns add {inner}"));
    let _gone = Namespace(&inner);
    // As an engine does: a pair of devices, the inner one called like the host's, and masquerading.
    ip(&format!("-n {inner} link add eth0 type veth peer name c0 netns {near}"));
    ip(&format!("-n {near} addr add 10.68.0.1/24 dev c0"));
    ip(&format!("-n {near} link set c0 up"));
    ip(&format!("-n {inner} addr add 10.68.0.2/24 dev eth0"));
    ip(&format!("-n {inner} link set eth0 up"));
    ip(&format!("-n {inner} route add default via 10.68.0.1"));
    must(lab.near("sysctl").args(["-qw", "net.ipv4.ip_forward=1"]));
    must(lab.near("nft").arg("table ip n { chain p { type nat hook postrouting priority 100; oifname v0 masquerade; }; }"));
    let id = format!("{:064x}", u64::from(std::process::id()) + 0xc0_ffee);
    let pod = "0a1b2c3d-0000-4000-8000-0123456789ab";
    let group = Group::new(&format!(
        "kubepods{{}}.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice/cri-containerd-{id}.scope",
        pod.replace('-', "_")
    ));
    let udp = sender(&inner, "udp");
    group.take(udp.pid());
    // Somebody else's device of the same name, and packets of the same length.
    let other = Lab::new();
    let _noise = ["raw", "packet", "udp"].map(|kind| sender(&other.near, kind));
    let seen = json(&traffic(&lab, "", "--for 3s --json"));
    let forwarded = flow(&seen, "udp", 5000);
    assert_eq!(forwarded["device"], "v0");
    assert_eq!(forwarded["forged"], 0);
    let part = part_of(forwarded, udp.pid());
    assert!(part >= 990, "{part} of 1000 in {forwarded:#}");
    let placement = &sender_of(&seen, udp.pid())["placement"];
    let pod = serde_json::json!({"in": "container", "engine": "containerd", "id": id, "pod": pod});
    assert_eq!(*placement, pod);
    udp.end();
}

/// Hides one name from the directory listings of the program that loads it.
fn hiding_library(lab: &Lab) -> std::path::PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/programs/hide_name.c");
    let library = lab.state.path().join("hide_name.so");
    must(Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source));
    library
}

#[test]
#[cfg(feature = "real-roots")]
fn a_sender_that_a_preloaded_library_hides_from_ps_is_named_in_the_same_shell() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let pid = raw.pid();
    let (library, listing) = (hiding_library(&lab), lab.state.path().join("ps"));
    let listing = listing.display();
    let before = format!(
        "ps -eo pid= >{listing}.before; export LD_PRELOAD={} HIDDEN_NAME={pid}; ps -eo pid= >{listing}.after",
        library.display()
    );
    let seen = json(&traffic(&lab, &before, "--for 2s --json"));
    let (comm, cgroup) = told_by_proc(pid);
    raw.end();
    let listed = |when: &str| {
        let list = std::fs::read_to_string(format!("{listing}.{when}")).unwrap();
        assert!(list.lines().count() > 5, "{list}");
        list.lines().any(|line| line.trim() == pid.to_string())
    };
    assert!(
        listed("before") && !listed("after"),
        "the library hides it from ps, and nothing else does"
    );
    assert!(part_of(flow(&seen, "tcp", 80), pid) >= 990);
    let sender = sender_of(&seen, pid);
    assert_eq!((&sender["comm"], &sender["cgroup"]), (&comm.into(), &cgroup.into()));
    assert_eq!(sender["hidden"], serde_json::Value::Null, "the kernel hides nothing");
}

#[test]
#[cfg(feature = "real-roots")]
fn a_sender_with_a_mount_over_its_directory_in_proc_is_named_and_said_to_hide() {
    let lab = Lab::new();
    let raw = sender(&lab.near, "raw");
    let pid = raw.pid();
    let empty = tempfile::tempdir().unwrap();
    let hide = format!("mount --bind {} /proc/{pid}; ls /proc/{pid}", empty.path().display());
    let output = traffic(&lab, &format!("[ -z \"$({hide})\" ]"), "--for 2s --json");
    let seen = json(&output);
    let (comm, cgroup) = told_by_proc(pid);
    raw.end();
    assert!(part_of(flow(&seen, "tcp", 80), pid) >= 990);
    let sender = sender_of(&seen, pid);
    assert_eq!(sender["hidden"], "mounted-over");
    assert!(sender["exe"].as_str().unwrap().contains("traffic"), "{sender:#}");
    assert_eq!((&sender["comm"], &sender["cgroup"]), (&comm.into(), &cgroup.into()));
}
