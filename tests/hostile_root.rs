//! A root made to harm the auditor: it must end in time, in bounds, and say what it did not see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod support;

use std::path::Path;

use coroner_core::{Blocked, Level, Report};
use coroner_testkit::Tree;
use support::{audit_in_time, coroner};

/// Kilobytes of resident memory that an audit may take.
const MOST_MEMORY: u64 = 512 * 1024;

fn hostile(canary: &Path) -> Tree {
    let long_line = [b"* * * * * root echo ".as_slice(), &vec![b'x'; 10 << 20], b"\n"].concat();
    let canary = canary.to_string_lossy().into_owned();
    Tree::new()
        .file("/etc/os-release", "ID=debian\nID=\x1b[31m\n")
        .file("/etc/hostname", b"evil\x1b]0;title\x07\xff\n")
        .file("/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n\xff\x00:x:\n:::::::\n".as_slice())
        .fifo("/etc/shadow")
        .fifo("/etc/group")
        .link("/etc/sudoers", &canary)
        .link("/etc/crontab", format!("../../../../../../../..{canary}"))
        .sparse("/etc/anacrontab", 10 << 30)
        .sparse("/var/spool/cron/crontabs/root", 10 << 30)
        .file("/etc/cron.d/long", long_line)
        .file(b"/etc/cron.d/new\nline\x1b[2J", "* * * * * root /bin/true\n")
        .file(b"/etc/cron.d/\xff\xfe", "* * * * * root /bin/true\n")
        .link("/etc/cron.daily", "/etc/cron.weekly")
        .link("/etc/cron.weekly", "/etc/cron.daily")
        .fifo("/etc/cron.d/pipe")
        .link("/etc/cron.d/out", &canary)
        .fifo("/etc/ld.so.preload")
        .link("/usr/bin/ps", "/usr/bin/ps")
        .file("/usr/bin/ss", [b"\x7fELF\x02\x01\x01".as_slice(), &[0xff; 4096]].concat())
        .file("/usr/bin/ls", b"\x7fELF".as_slice())
        .fifo("/usr/bin/lsof")
        .file("/var/lib/dpkg/status", corrupt_status())
        .file("/var/lib/dpkg/info/ps.md5sums", b"zz  usr/bin/ps\n\xff\xff\n".as_slice())
        .file("/var/lib/dpkg/info/ps.list", b"/usr/bin/ps\n\x00\n".as_slice())
        .file("/var/log/wtmp", vec![0xff; 384 * 100 + 7])
        .file("/var/log/btmp", vec![0; 1 << 20])
        .sparse("/var/log/lastlog", 10 << 30)
        .file("/var/log/auth.log.2.gz", b"\x1f\x8b\x08\x00\xff\xff\xff\xff".as_slice())
        .file("/var/log/journal/x/system.journal", b"LPKSHHRH\xff\xff\xff\xff".as_slice())
        .file("/etc/systemd/system/x.service", "[Service]\nExecStart=\\\n\\\n\\\n".repeat(10_000))
        .file("/etc/libvirt/qemu/x.xml", "<domain>".repeat(50_000))
        .file("/etc/iptables/rules.v4", "*filter\n:INPUT ACCEPT [0:0]\n-A \"\n".repeat(1000))
        .file("/etc/modprobe.d/x.conf", "install \\\n".repeat(10_000))
        .file("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config\n")
        .file("/root/.ssh/authorized_keys", [&vec![b'"'; 1 << 20][..], b" ssh-rsa AAAA\n"].concat())
}

/// Stanzas without ends, fields without names, and a name that leads out of the info folder.
fn corrupt_status() -> Vec<u8> {
    let mut status = b"Package: ../../../../etc/shadow\nStatus: install ok installed\n\n".to_vec();
    status.extend(b": : :\n\xff\xfe\n".repeat(1000));
    status.extend(b"Package: ps\nStatus: install ok installed\nVersion: 1\nConffiles:\n /x\n");
    status
}

fn devices(root: &Path) {
    use nix::sys::stat::{Mode, SFlag, makedev, mknod};
    let zero = root.join("etc/cron.d/zero");
    mknod(&zero, SFlag::S_IFCHR, Mode::from_bits_truncate(0o644), makedev(1, 5)).unwrap();
    std::os::unix::net::UnixListener::bind(root.join("etc/cron.d/socket")).unwrap();
}

fn many_files(root: &Path, count: usize) {
    for number in 0..count {
        let name = root.join(format!("etc/cron.d/job{number:06}"));
        std::fs::write(name, "0 0 * * * root /bin/true\n").unwrap();
    }
}

struct Trap {
    root: tempfile::TempDir,
    outside: tempfile::TempDir,
}

fn trap() -> Trap {
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    std::fs::write(&canary, "* * * * * root /canary/was/read\n").unwrap();
    let root = hostile(&canary).write();
    if coroner_host::is_privileged() {
        devices(root.path());
    }
    Trap { root, outside }
}

fn gap_of<'a>(report: &'a Report, path: &str) -> Option<&'a Blocked> {
    report.gaps.iter().find(|gap| gap.path == path).map(|gap| &gap.reason)
}

#[test]
fn everything_that_was_not_read_is_a_gap_with_its_reason() {
    let trap = trap();
    let (report, _) = audit_in_time(trap.root.path(), &[]);
    assert_eq!(gap_of(&report, "/etc/shadow"), Some(&Blocked::NotRegular));
    assert_eq!(gap_of(&report, "/etc/cron.d/pipe"), Some(&Blocked::NotRegular));
    assert_eq!(gap_of(&report, "/etc/cron.daily"), Some(&Blocked::Loop));
    assert_eq!(gap_of(&report, "/etc/anacrontab"), Some(&Blocked::TooLarge));
    assert_eq!(gap_of(&report, "/var/spool/cron/crontabs/root"), Some(&Blocked::TooLarge));
    if coroner_host::is_privileged() {
        assert_eq!(gap_of(&report, "/etc/cron.d/zero"), Some(&Blocked::NotRegular));
        assert_eq!(gap_of(&report, "/etc/cron.d/socket"), Some(&Blocked::NotRegular));
    }
    let failed: Vec<_> = report.gaps.iter().filter(|g| g.reason == Blocked::Failed).collect();
    assert!(failed.is_empty(), "a plugin panicked or overran: {failed:?}");
    assert_ne!(report.verdict.level, Level::Clean);
}

#[test]
fn directories_among_configuration_files_are_nothing_to_wait_for() {
    let dirs = ["cron.d", "sudoers.d", "pam.d", "logrotate.d", "init.d", "modprobe.d", "sysctl.d"];
    let tree = dirs.iter().fold(Tree::new(), |tree, dir| tree.dir(format!("/etc/{dir}/old.conf")));
    let root = tree.file("/etc/shadow", "").write();
    let (report, _) = audit_in_time(root.path(), &["--scope", "quick"]);
    let waiting: Vec<_> = report.gaps.iter().filter(|gap| gap.matters).collect();
    assert!(waiting.iter().all(|gap| gap.path == "/"), "{waiting:?}");
}

#[test]
fn nothing_outside_the_root_is_opened() {
    let trap = trap();
    let canary = trap.outside.path().join("canary");
    let before = std::fs::metadata(&canary).unwrap();
    let (report, _) = audit_in_time(trap.root.path(), &[]);
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains("/canary/was/read"), "the canary's content is in the report");
    let after = std::fs::metadata(&canary).unwrap();
    assert_eq!(before.accessed().unwrap(), after.accessed().unwrap());
}

#[test]
fn nothing_from_the_host_reaches_the_terminal_raw() {
    let trap = trap();
    let output = coroner()
        .args(["audit", "--format", "text", "--root"])
        .arg(trap.root.path())
        .output()
        .unwrap();
    let raw = |byte: &u8| (*byte < 0x20 && *byte != b'\n') || *byte == 0x7f;
    assert!(!output.stdout.iter().any(raw), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(std::str::from_utf8(&output.stdout).is_ok());
}

#[test]
fn a_hundred_thousand_crontabs_end_within_memory() {
    let trap = trap();
    many_files(trap.root.path(), 100_000);
    let mut child = coroner()
        .args(["audit", "--format", "json", "-o"])
        .arg(trap.outside.path().join("report.json"))
        .arg("--root")
        .arg(trap.root.path())
        .spawn()
        .unwrap();
    let peak = peak_memory(&mut child);
    let report = std::fs::read(trap.outside.path().join("report.json")).unwrap();
    let report = Report::from_json(&report).unwrap();
    assert_eq!(gap_of(&report, "/etc/cron.d"), Some(&Blocked::TooLarge));
    assert!(peak < MOST_MEMORY, "{peak} KiB");
}

/// The most resident memory a child had, in KiB, as the kernel counted it (`VmHWM`, proc(5)).
fn peak_memory(child: &mut std::process::Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let digits = line.and_then(|line| line.split_whitespace().next());
        peak = peak.max(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(peak > 0);
    peak
}
