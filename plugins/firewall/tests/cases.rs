//! The rule cases, and what TOML cannot hold.

use std::fmt::Write as _;

use coroner_plugin_firewall as _;
use coroner_testkit::Tree;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["firewall"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}

fn kubernetes_rules(services: u32) -> String {
    let mut saved = String::from("*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n");
    for n in 0..services {
        let _ = writeln!(saved, ":KUBE-SVC-{n:08X} - [0:0]\n:KUBE-SEP-{n:08X} - [0:0]");
    }
    saved.push_str(
        "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n",
    );
    for n in 0..services {
        let (a, b) = (n / 250 % 250, n % 250);
        let _ = writeln!(
            saved,
            "-A KUBE-SERVICES -d 10.96.{a}.{b}/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-{n:08X}"
        );
        let _ = writeln!(saved, "-A KUBE-SVC-{n:08X} -j KUBE-SEP-{n:08X}");
        let _ = writeln!(saved, "-A KUBE-SEP-{n:08X} -s 10.244.{a}.{b}/32 -j KUBE-MARK-MASQ");
        let _ = writeln!(
            saved,
            "-A KUBE-SEP-{n:08X} -p tcp -m tcp -j DNAT --to-destination 10.244.{a}.{b}:8080"
        );
    }
    saved.push_str("COMMIT\n");
    saved
}

#[test]
fn twenty_thousand_kubernetes_rules_are_few_items_and_no_finding() {
    let tree = Tree::new().file("/etc/iptables/rules.v4", kubernetes_rules(5_000));
    let report = coroner_testkit::audit(&["firewall"], &tree);
    assert_eq!(report.findings, []);
    let items: Vec<_> =
        report.items.iter().filter(|item| item.kind.starts_with("firewall.")).collect();
    assert!(items.len() < 12, "{} items", items.len());
    let folded = items.iter().filter_map(|item| item.fields.get("folded")?.as_u64()).sum::<u64>();
    assert_eq!(folded, 20_000);
}

#[test]
fn a_door_among_generated_rules_still_stands_by_itself() {
    let hidden = "-A KUBE-SVC-00000007 -s 203.0.113.9/32 -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 42391\nCOMMIT\n";
    let saved = kubernetes_rules(1_000).replace("COMMIT\n", hidden);
    let tree = Tree::new().file("/etc/iptables/rules.v4", saved);
    let report = coroner_testkit::audit(&["firewall"], &tree);
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["firewall/redirect-for-one-source"]);
}

#[test]
fn the_order_of_generated_chains_does_not_change_what_the_report_says() {
    let saved = kubernetes_rules(300);
    let mut lines: Vec<&str> =
        saved.lines().filter(|line| line.starts_with("-A KUBE-SEP")).collect();
    let rest: Vec<&str> = saved
        .lines()
        .filter(|line| !line.starts_with("-A KUBE-SEP") && *line != "COMMIT")
        .collect();
    lines.reverse();
    let turned = [rest, lines].concat().join("\n");
    let items = |text: &str| {
        let tree = Tree::new().file("/etc/iptables/rules.v4", text);
        let report = coroner_testkit::audit(&["firewall"], &tree);
        let chains = report.items.into_iter().filter(|item| item.kind == "firewall.chain");
        chains.map(|item| (item.key, item.fields.get("folded_sha256").cloned())).collect::<Vec<_>>()
    };
    assert_eq!(items(&saved), items(&turned));
}

#[test]
fn hostile_files_are_gaps_and_nothing_hangs() {
    let tree = Tree::new()
        .fifo("/etc/iptables/rules.v4")
        .sparse("/etc/iptables/rules.v6", 10 << 30)
        .file(
            "/etc/nftables.conf",
            b"include \"/etc/nftables.conf\"\ninclude \"../../../outside\"\n\xff{{{{\n",
        )
        .link("/etc/ufw/user.rules", "/etc/ufw/user.rules")
        .file("/etc/firewalld/direct.xml", b"<direct>\xff");
    let report = coroner_testkit::audit(&["firewall"], &tree);
    let at = |path: &str| report.gaps.iter().any(|gap| gap.path.as_str() == Some(path));
    assert!(at("/etc/iptables/rules.v4"), "{:?}", report.gaps);
    assert!(at("/etc/iptables/rules.v6") && at("/etc/ufw/user.rules"));
    assert!(at("/etc/firewalld/direct.xml"));
    assert_eq!(report.findings, []);
}
