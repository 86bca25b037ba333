//! A root that an intruder made to stop or mislead the audit.

use coroner_core::{Blocked, Items, Launch, Status};
use coroner_plugin_startup as _;
use coroner_testkit::{Tree, audit};

#[test]
fn pipes_loops_holes_and_odd_names_cost_themselves_alone() {
    let long_line =
        [&b"[Service]\n#"[..], &vec![b'x'; 10 << 20], b"\nExecStart=/bin/late\n"].concat();
    let tree = Tree::new()
        .fifo("/etc/profile")
        .fifo("/etc/systemd/system/pipe.service")
        .link("/etc/systemd/system/loop.service", "loop.service")
        .link("/etc/systemd/system/out.service", "../../../../../../etc/hostname")
        .link("/etc/udev/rules.d/a.rules", "b.rules")
        .link("/etc/udev/rules.d/b.rules", "a.rules")
        .file("/etc/systemd/system/long.service", long_line)
        .file(b"/etc/systemd/system/\xff\n\x1b[31m.service", "[Service]\nExecStart=/bin/odd\n")
        .dir("/etc/systemd/system/dir.service")
        .dir("/root/.bashrc")
        .sparse("/etc/apt/apt.conf.d/99hole", 10 << 30)
        .file("/etc/passwd", b"\xff:x:0:0::/\xff:/bin/sh\nshort\n:::::::\n")
        .file("/etc/rc.local", "#!/bin/sh\n");
    let report = audit(&["startup"], &tree);
    assert_ne!(report.coverage[0].status, Status::Failed);
    let blocked = |path: &str, reason: Blocked| {
        report.gaps.iter().any(|gap| gap.path.as_str() == Some(path) && gap.reason == reason)
    };
    assert!(blocked("/etc/profile", Blocked::NotRegular), "{:?}", report.gaps);
    assert!(blocked("/etc/systemd/system/pipe.service", Blocked::NotRegular));
    assert!(blocked("/etc/apt/apt.conf.d/99hole", Blocked::TooLarge));
    let items = Items::new(report.items);
    let odd = items.all::<Launch>().find(|launch| launch.command == "/bin/odd");
    assert_eq!(odd.map(|launch| launch.line), Some(2), "a name of any bytes hides nothing");
}

#[test]
fn drop_ins_that_apply_to_every_unit_stay_bounded() {
    let mut tree = Tree::new();
    let drop_in = "[Service]\nExecStartPre=/bin/a\n".repeat(20);
    for number in 0..140 {
        tree = tree.file(format!("/etc/systemd/system/service.d/{number:04}.conf"), &drop_in);
    }
    for number in 0..12 {
        let path = format!("/etc/systemd/system/u{number}.service");
        tree = tree.file(path, "[Service]\nExecStart=/bin/b\n");
    }
    let report = audit(&["startup"], &tree);
    let said = report.gaps.iter().filter(|gap| gap.reason == Blocked::TooLarge).count();
    assert!(said > 0, "what was left out is said");
    let launches = report.items.iter().filter(|item| item.kind == "launch").count();
    assert!(launches <= 20_000, "{launches}");
}
