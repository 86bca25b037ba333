//! Files that an intruder made to stop, fill or mislead the auditor.

use coroner_core::{Blocked, Report, Severity};
use coroner_plugin_accounts as _;
use coroner_testkit::{Tree, audit};

const ROOT: &str = "root:x:0:0:root:/root:/bin/bash\n";

fn run(tree: &Tree) -> Report {
    audit(&["accounts"], tree)
}

fn has_gap(report: &Report, path: &str, reason: Blocked) -> bool {
    report.gaps.iter().any(|gap| gap.path == *path && gap.reason == reason && gap.matters)
}

fn has_finding(report: &Report, rule: &str) -> bool {
    report.findings.iter().any(|finding| finding.rule == rule)
}

#[test]
fn a_pipe_in_place_of_a_file_is_a_gap_and_the_other_files_are_read() {
    let tree = Tree::new()
        .fifo("/etc/shadow")
        .fifo("/etc/sudoers")
        .fifo("/etc/ssh/sshd_config")
        .fifo("/root/.ssh/authorized_keys")
        .file("/etc/passwd", format!("{ROOT}evil:x:0:1000::/:/bin/sh\n"));
    let report = run(&tree);
    for path in ["/etc/shadow", "/etc/sudoers", "/etc/ssh/sshd_config"] {
        assert!(has_gap(&report, path, Blocked::NotRegular), "{path}");
    }
    assert!(has_finding(&report, "accounts/second-uid-0"));
    assert!(!has_finding(&report, "accounts/uid-0-without-shadow"), "shadow was not read");
}

#[test]
fn a_sparse_shadow_and_a_link_out_of_the_root_are_gaps() {
    let tree = Tree::new()
        .file("/etc/passwd", ROOT)
        .sparse("/etc/shadow", 10 << 30)
        .link("/etc/sudoers", "../../../../../../../../etc/hostname")
        .link("/etc/nsswitch.conf", "/etc/nsswitch.conf");
    let report = run(&tree);
    assert!(has_gap(&report, "/etc/shadow", Blocked::TooLarge));
    assert!(has_gap(&report, "/etc/nsswitch.conf", Blocked::Loop));
}

#[test]
fn a_name_that_is_not_utf_8_and_a_line_of_a_megabyte_hide_no_account() {
    let mut passwd = ROOT.as_bytes().to_vec();
    passwd.extend(std::iter::repeat_n(b'x', 1 << 20));
    passwd.extend_from_slice(b"\n\xff\x1b[2K:x:0:1000::/:/bin/sh\n");
    let report = run(&Tree::new().file("/etc/passwd", passwd));
    let found: Vec<_> =
        report.findings.iter().map(|finding| (&*finding.rule, finding.line)).collect();
    assert!(found.contains(&("accounts/second-uid-0", Some(3))), "{found:?}");
    assert!(found.contains(&("accounts/odd-line", Some(2))), "{found:?}");
    assert!(found.contains(&("accounts/odd-line", Some(3))), "{found:?}");
}

#[test]
fn includes_that_name_themselves_end_and_are_said() {
    let many = "auth include sshd\n".repeat(50);
    let tree = Tree::new()
        .file("/etc/passwd", ROOT)
        .file("/etc/sudoers", "@include sudoers\n@includedir .\nroot ALL=ALL\n")
        .file("/etc/ssh/sshd_config", "Include sshd_config sshd_config\n".repeat(20))
        .file("/etc/pam.d/sshd", many);
    let report = run(&tree);
    assert!(has_gap(&report, "/etc/ssh/sshd_config", Blocked::TooLarge));
    assert!(has_gap(&report, "/etc/pam.d/sshd", Blocked::TooLarge));
    assert!(report.gaps.iter().all(|gap| gap.reason != Blocked::Failed));
}

#[test]
fn a_report_holds_no_hash_and_no_private_key() {
    let hash = "$6$rounds=1000$saltsalt$C8ROz7BmltDILYMRZmAJ/nvx61vjSTsuw81OsCDAgR";
    let tree = Tree::new()
        .file("/etc/passwd", format!("{ROOT}old:{hash}:1:1::/:/bin/sh\n"))
        .file("/etc/shadow", format!("root:{hash}:1::::::\n{hash}\nghost:{hash}:1::::::\n"))
        .file("/etc/gshadow", format!("sudo:{hash}::\n"))
        .file("/etc/group", "sudo:x:27:\n");
    let report = serde_json::to_string(&run(&tree)).unwrap();
    assert!(report.contains("accounts/hash-in-passwd"));
    assert!(!report.contains("C8ROz7BmltDILYMRZmAJ"));
}

#[test]
fn a_key_added_right_after_the_copy_weighs_more_than_one_added_later() {
    let key = |end: &str| {
        format!(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA{end}\n"
        )
    };
    let severity = |after: i64| {
        let file = "/root/.ssh/authorized_keys";
        let copy = "/root/.ssh/authorized_keys.bak";
        let tree = Tree::new()
            .file("/etc/passwd", ROOT)
            .file(copy, key("AA"))
            .modified(copy, 1_700_000_000)
            .file(file, format!("{}{}", key("AA"), key("AB")))
            .modified(file, 1_700_000_000 + after);
        let report = run(&tree);
        let named = |f: &&coroner_core::Finding| f.rule == "accounts/key-added-beside-copy";
        report.findings.iter().find(named).map(|finding| finding.severity)
    };
    assert_eq!(severity(2), Some(Severity::Medium));
    assert_eq!(severity(86_400), Some(Severity::Low));
}
