//! What becomes a launch, and with the shared judge's eyes on it, what a payload looks like.

use coroner_core::{Launch, Report, Trigger};
use coroner_plugin_cron as _;
use coroner_testkit::{Tree, audit};

fn launches(report: &Report) -> Vec<Launch> {
    let items = report.items.iter().filter(|item| item.kind == "launch");
    items.filter_map(coroner_core::Item::read).collect()
}

#[test]
fn every_kind_of_schedule_becomes_a_launch() {
    let job = "#!/bin/sh\n# atrun uid=1000 gid=1000\n# mail ana 0\numask 22\nA=b; export A\n\
        cd /home/ana || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n/opt/at\n";
    let tree = Tree::new()
        .file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n")
        .file("/etc/crontab", "1 2 * * * root /opt/system\n")
        .file("/etc/cron.d/x", "@reboot ana /opt/boot\n")
        .file("/var/spool/cron/crontabs/ana", "* * * * * cat%one%two\n")
        .file("/var/spool/cron/bob", "* * * * * /opt/redhat\n")
        .file("/etc/cron.weekly/w", "#!/bin/sh\n")
        .file("/etc/anacrontab", "7 5 w /opt/anacron\n")
        .file("/var/spool/cron/atjobs/a0000201c0a6f0", job);
    let found = launches(&audit(&["cron"], &tree));
    let text = |launch: &Launch| {
        let user = launch.user.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {}:{} {user} {}", launch.name, launch.file, launch.line, launch.command)
    };
    let texts: Vec<String> = found.iter().map(text).collect();
    for expected in [
        "crontab /etc/crontab:1 root /opt/system",
        "x /etc/cron.d/x:1 ana /opt/boot",
        "ana /var/spool/cron/crontabs/ana:1 ana cat <<'%'\\none\\ntwo\\n%\\n",
        "bob /var/spool/cron/bob:1 bob /opt/redhat",
        "w /etc/cron.weekly/w:0 root ",
        "anacrontab",
        "a0000201c0a6f0 /var/spool/cron/atjobs/a0000201c0a6f0:10 ana /opt/at",
    ] {
        let expected = expected.replace("anacrontab", "w /etc/anacrontab:1 root /opt/anacron");
        assert!(texts.contains(&expected), "{expected}\n{texts:#?}");
    }
    let boot = found.iter().find(|launch| launch.name == "x").unwrap();
    assert_eq!(boot.trigger, Trigger::Boot);
    assert_eq!(found.len(), 7);
}

#[test]
fn what_debians_cron_leaves_alone_is_a_launch_that_is_not_enabled() {
    let tree = Tree::new()
        .file("/etc/debian_version", "12.5\n")
        .file("/etc/cron.d/x.bak", "* * * * * root /opt/x\n")
        .file("/etc/cron.daily/run.sh", "#!/bin/sh\n")
        .mode("/etc/cron.daily/run.sh", 0o755);
    let found = launches(&audit(&["cron"], &tree));
    assert_eq!(found.iter().map(|launch| launch.enabled).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn thousands_of_files_are_all_seen() {
    let mut tree = Tree::new();
    for number in 0..2_000 {
        tree = tree.file(format!("/etc/cron.d/f{number}"), "* * * * * root /opt/x\n");
    }
    assert_eq!(launches(&audit(&["cron"], &tree)).len(), 2_000);
}
