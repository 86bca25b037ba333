//! Sockets that see packets, and ports that no table shows.

use std::process::Command;

use coroner_core::{Report, Severity};

use crate::running::Running;
use crate::support::{left_out, shown};
use crate::{audited, compile, evidence};

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn raw_and_packet_sockets_are_found_in_whatever_network_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let holder = compile(dir.path(), "raw_holder.c");
    let here = Running::start(&mut Command::new(&holder));
    let there = Running::start(Command::new("unshare").arg("--net").arg(&holder));
    for child in [&here, &there] {
        child.until("exe", |exe| exe.ends_with("raw_holder"));
        child.until("wchan", |name| name.contains("nanosleep"));
    }
    let report = audited();
    for child in [&here, &there] {
        let own = child.of(&report);
        let raw = own.iter().filter(|finding| finding.rule == "sockets/raw-of-unowned-program");
        let mut sockets: Vec<_> = raw.map(|finding| evidence(finding, "socket")).collect();
        sockets.sort_unstable();
        let all = ["packet, Ethernet protocol 0x0003, interface 0", "raw, internet protocol 255"];
        assert_eq!(sockets, all);
    }
    let unheld = report.findings.iter().any(|f| f.rule == "sockets/raw-without-owner");
    assert!(!unheld, "each has its holder");
}

/// `packet_diag` tells filters where the kernel has it; it is not loaded for a test.
fn tells_filters(report: &Report) -> bool {
    let unseen = |gap: &coroner_core::Gap| {
        gap.detail.as_ref().is_some_and(|why| why.starts_with("filters of packet sockets"))
    };
    !report.gaps.iter().any(unseen)
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn what_waits_behind_a_filter_is_found_and_tcpdump_is_quiet() {
    let dir = tempfile::tempdir_in("/var/lib").unwrap();
    let program = compile(dir.path(), "filter_holder.c");
    let chosen = Running::start(Command::new(&program).args(["800", "1", "7255"]));
    let marked = Running::start(Command::new(&program).args(["800", "7255", "5293"]));
    let sniffer = Running::start(Command::new("tcpdump").args([
        "-i",
        "lo",
        "-w",
        "/dev/null",
        "tcp port 443",
    ]));
    for child in [&chosen, &marked] {
        child.until("exe", |exe| exe.ends_with("filter_holder"));
        child.until("wchan", |name| name.contains("nanosleep"));
    }
    sniffer.until("exe", |exe| exe.ends_with("tcpdump"));
    sniffer.until("wchan", |name| name.contains("poll"));
    let report = audited();
    let own = sniffer.of(&report);
    assert!(own.is_empty(), "{:#?}", shown(&own.iter().collect::<Vec<_>>()));
    if !tells_filters(&report) {
        left_out("this kernel has no packet_diag, and it is not loaded for a test");
        return;
    }
    let found = chosen.finding(&report, "sockets/filter-of-unowned-program");
    assert_eq!(evidence(&found, "filter compares"), "0x1, 0x800, 0x7255");
    assert_eq!(found.severity, Severity::High);
    let found = marked.finding(&report, "sockets/backdoor-filter");
    assert_eq!(found.severity, Severity::Critical);
    let sniffers = report.items.iter().filter(|item| item.kind == "socket.raw").any(|item| {
        let pid = u64::from(sniffer.pid());
        item.fields["owner"]["pid"] == pid && item.fields.contains_key("filter")
    });
    assert!(sniffers, "tcpdump's filter is an item");
}

/// A port is taken and nothing listens: no table has it.
#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: run tests/run")]
fn a_port_that_is_bound_and_not_listened_on_is_an_item() {
    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket,
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let held = socket(AddressFamily::Inet, SockType::Stream, flags, None).unwrap();
    bind(std::os::fd::AsRawFd::as_raw_fd(&held), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let at: SockaddrIn = getsockname(std::os::fd::AsRawFd::as_raw_fd(&held)).unwrap();
    let report = audited();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap(), numbers.next().unwrap());
    let blind = report
        .gaps
        .iter()
        .any(|gap| gap.detail.as_ref().is_some_and(|why| why.starts_with("ports that are bound")));
    let bound = report.items.iter().filter(|item| item.kind == "socket.bound");
    let own = bound.filter(|item| item.fields["port"] == u64::from(at.port())).count();
    // Kernels before 6.8 do not tell them.
    assert_eq!(own, usize::from(version >= (6, 8) && !blind), "{release}: {:?}", report.gaps);
}
