use super::*;
use coroner_core::policy::Acceptance;
use coroner_core::{
    Blocked, Confidence, Coverage, Evidence, Finding, Gap, HostIdentity, HostPath, OsIdentity,
    PackUse, Run, SCHEMA, Scope, Status, Subject, Text, Time, Tool, Verdict, Verified,
};

fn finding(rule: &str, severity: Severity, path: &[u8]) -> Finding {
    Finding {
        id: "0123456789abcdef".into(),
        rule: rule.into(),
        severity,
        confidence: Confidence::Certain,
        title: "A program was replaced".into(),
        why: "It lies to whoever asks it.".into(),
        benign: "none known".into(),
        attack: vec!["T1554".into()],
        subject: Subject { kind: "file".into(), key: Text::from(path) },
        path: Some(HostPath::new(path)),
        line: Some(3),
        evidence: vec![Evidence { name: "command".into(), value: Text::new(*b"\x1b]0;x\x07\xff") }],
        next: vec!["Keep a copy.".into(), "Ask who.".into()],
        accepted: None,
    }
}

fn report(findings: Vec<Finding>, gaps: Vec<Gap>) -> Report {
    let at = Time::from_seconds(1_780_272_000);
    Report {
        schema: SCHEMA.into(),
        tool: Tool { version: "0.1.0".into(), commit: None, sha256: None, baselines: vec![] },
        host: HostIdentity {
            id: "h".into(),
            name: Text::from("web\x1b[2J1"),
            os: OsIdentity { id: Text::from("debian"), version: Text::from("12") },
            kernel: None,
            labels: std::collections::BTreeMap::new(),
        },
        run: Run {
            mode: Mode::Offline,
            root: Text::from("/mnt"),
            scope: Scope::Standard,
            started: at,
            finished: at,
            privileged: true,
            read_only: serde_json::from_str("\"full\"").unwrap(),
            keeps_atime: true,
            trusted_nets: vec![],
            redacted: false,
            known_files: None,
            unchanged: vec![],
            verified: Some(Verified {
                checked: 16_000,
                agreed: 15_999,
                local: 15_999,
                ..Verified::default()
            }),
        },
        verdict: Verdict::of(&findings, &gaps),
        findings,
        items: vec![],
        gaps,
        coverage: vec![Coverage {
            plugin: "cron".into(),
            status: Status::Ran,
            items: 12,
            findings: 1,
            gaps: 0,
            ms: 3,
            why: None,
        }],
    }
}

fn rendered(report: &Report) -> String {
    let mut out = Vec::new();
    text(report, TextStyle::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_first_word_is_the_verdict_and_the_evidence_is_beside_each_reason() {
    let mut accepted = finding("binaries/modified", Severity::High, b"/opt/x");
    accepted.accepted = Some(Acceptance { reason: "ours".into(), expires: None });
    let findings = vec![
        finding("binaries/modified", Severity::Critical, b"/usr/bin/ps"),
        accepted,
        finding("accounts/odd", Severity::Low, b"/etc/passwd"),
    ];
    let gap = Gap {
        plugin: "logins".into(),
        path: HostPath::new("/var/log/btmp"),
        line: None,
        reason: Blocked::Denied,
        detail: None,
        matters: true,
    };
    insta::assert_snapshot!(rendered(&report(findings, vec![gap])));
}

#[test]
fn nothing_that_came_from_the_host_reaches_the_terminal_raw() {
    let hostile = finding("a/b", Severity::High, b"/tmp/\x1b[31m\n\xe2\x80\xaefoo\xff");
    let gap = Gap {
        plugin: "x".into(),
        path: HostPath::new(b"/\x07"),
        line: Some(1),
        reason: Blocked::Malformed,
        detail: Some("\x1b[1m".into()),
        matters: false,
    };
    let out = rendered(&report(vec![hostile], vec![gap]));
    let raw = out.chars().filter(|c| c.is_control() && *c != '\n').count();
    assert_eq!(raw, 0, "{out:?}");
    assert!(!out.contains('\u{202e}'));
}

#[test]
fn a_thousand_findings_of_one_rule_take_one_screen() {
    let many = vec![finding("a/b", Severity::High, b"/x"); 1000];
    let out = rendered(&report(many, vec![]));
    assert!(out.lines().count() < 80);
    assert!(out.contains("995 more of a/b"), "{out}");
}

#[test]
fn what_a_pack_proved_and_what_only_the_host_says_stand_in_one_line() {
    let mut report = report(vec![], vec![]);
    let pack = PackUse { name: "debian-12".into(), packages: 61, files: 4_812 };
    report.run.verified = Some(Verified {
        checked: 16_000,
        agreed: 15_999,
        proved: 4_812,
        local: 1_011_660,
        packages_of_unknown_version: 2,
        packs: vec![pack],
        ..Verified::default()
    });
    let text = rendered(&report);
    assert!(text.contains(
        "  packaged files: 4,812 files proved by debian-12, 1,011,660 only by the host's own lists\n"
    ));
    assert!(text.contains("  2 packages are known to the packs in other versions only\n"));
}
