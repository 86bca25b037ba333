//! Against the real kernel, in network namespaces that the tests make: what coroner reads is
//! compared, rule for rule, with what iptables and nft print. They need root and these programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use coroner_parse::firewall::{
    Condition, Match, Rule, RuleSet, parse_iptables_save, parse_nft_script,
};
use nix::sched::{CloneFlags, unshare};

use super::*;
use crate::HostSources;

/// Runs `work` on a thread of its own, in a network namespace of its own.
fn in_namespace<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("root, to make a network namespace");
            work()
        });
        thread.join().expect("the thread's own asserts hold")
    })
}

/// Runs a program with `input`; what it prints.
fn run(program: &[&str], input: &str) -> String {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program[0]));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn kernel() -> KernelRules {
    let host = Host::open(HostSources::live()).unwrap();
    let rules = read_beside(&host, &HostPath::new("/proc/thread-self/net"));
    assert_eq!(rules.unseen, []);
    rules
}

/// What a rule means, without the order in which it says so.
fn meaning(rule: &Rule) -> (String, Vec<Match>, String) {
    let mut matches = rule.matches.clone();
    for found in &mut matches {
        // iptables and nft have units of their own for rates.
        if let Condition::Limit(_) = found.condition {
            found.condition = Condition::Limit(Text::default());
        }
    }
    matches.sort_by_key(|found| format!("{found:?}"));
    matches.dedup();
    (rule.chain.to_string(), matches, format!("{:?}", rule.verdict))
}

fn assert_same(kernel: &RuleSet, printed: &RuleSet) {
    assert_eq!(printed.bad, []);
    let names = |set: &RuleSet| {
        let mut names: Vec<_> =
            set.chains.iter().map(|chain| (chain.name.clone(), chain.policy.clone())).collect();
        names.sort();
        names
    };
    assert_eq!(names(kernel), names(printed));
    let by_chain = |set: &RuleSet| {
        let mut rules: Vec<_> = set.rules.iter().collect();
        rules.sort_by_key(|rule| (rule.table.clone(), rule.chain.clone(), rule.position));
        rules.into_iter().map(meaning).collect::<Vec<_>>()
    };
    let (kernel, printed) = (by_chain(kernel), by_chain(printed));
    assert_eq!(kernel.len(), printed.len());
    let pairs = kernel.iter().zip(&printed).filter(|(kernel, printed)| kernel != printed);
    let different: Vec<String> = pairs
        .map(|(kernel, printed)| format!("kernel:  {kernel:?}\nprinted: {printed:?}"))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

const FILTER: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n:KUBE-SERVICES - [0:0]\n\
    -A INPUT -i lo -j ACCEPT\n\
    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A INPUT -s 203.0.113.9/32 -j ACCEPT\n\
    -A INPUT ! -s 192.0.2.0/24 -d 198.51.100.0/28 -i eth+ -p tcp -m tcp --dport 22 -j web\n\
    -A INPUT -p tcp -m multiport --dports 80,443,8000:8100 -g web\n\
    -A INPUT -p udp -m udp --sport 53 --dport 1024:65535 -m comment --comment \"dns answers\" -j ACCEPT\n\
    -A INPUT -p icmp -j ACCEPT\n\
    -A INPUT -m mark --mark 0x1/0xff -j RETURN\n\
    -A INPUT -m string --string \"X-Magic\" --algo bm -j ACCEPT\n\
    -A INPUT -m u32 --u32 \"0x0>>0x16&0x3c@0xc&0xffffff00=0x100100\" -j ACCEPT\n\
    -A INPUT -m limit --limit 5/min -j LOG --log-prefix \"in \"\n\
    -A INPUT -m iprange --src-range 192.0.2.5-192.0.2.9 -j REJECT --reject-with icmp-port-unreachable\n\
    -A INPUT -p tcp -m state --state NEW -m tcp --dport 25 -j NFQUEUE --queue-num 3 --queue-bypass\n\
    -A OUTPUT -p tcp -m tcp --tcp-flags RST RST -j DROP\n\
    -A OUTPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n\
    -A OUTPUT -m owner --uid-owner 42 -j DROP\n\
    -A web -j RETURN\n-A web -p tcp -j ACCEPT\nCOMMIT\n";

const NAT: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
    -A PREROUTING -s 203.0.113.9/32 -p tcp -m tcp --dport 22 -j REDIRECT --to-ports 42391\n\
    -A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080\n\
    -A POSTROUTING -o eth0 -j MASQUERADE\n\
    -A POSTROUTING -s 10.0.0.0/24 -j SNAT --to-source 198.51.100.4\nCOMMIT\n";

const SIX: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -s 2001:db8::5/128 -p tcp -m tcp --dport 22 -j ACCEPT\n\
    -A INPUT -s 2001:db8::/32 -i lo -j DROP\n\
    -A OUTPUT -p tcp -m tcp --tcp-flags FIN,RST RST -j REJECT --reject-with tcp-reset\nCOMMIT\n";

#[test]
#[cfg_attr(not(feature = "test-live"), ignore = "needs root and iptables: --features test-live")]
fn legacy_tables_are_read_as_iptables_save_prints_them() {
    in_namespace(|| {
        run(&["iptables-legacy-restore"], &format!("{FILTER}{NAT}"));
        run(&["ip6tables-legacy-restore"], SIX);
        let found = kernel();
        let names: Vec<_> = found.legacy.iter().map(|table| table.name.to_string()).collect();
        assert_eq!(found.legacy.len(), 3, "{names:?}");
        for table in &found.legacy {
            let six = table.family == Family::Ip6;
            let tool = if six { "ip6tables-legacy-save" } else { "iptables-legacy-save" };
            let printed = run(&[tool, "-t", &table.name.to_string()], "");
            let saved = parse_iptables_save(printed.as_bytes(), table.family);
            assert_same(&table.rules, &saved);
            let texts = |set: &RuleSet| -> Vec<String> {
                set.rules.iter().map(|rule| rule.text.to_string()).collect()
            };
            assert_eq!(texts(&table.rules), texts(&saved));
        }
    });
}

#[test]
#[cfg_attr(not(feature = "test-live"), ignore = "needs root and iptables: --features test-live")]
fn looking_makes_no_table_that_was_not_there() {
    // The kernel's parts are loaded, as they are where a firewall was ever looked at.
    in_namespace(|| {
        run(&["nft", "list", "ruleset"], "");
        run(&["iptables-legacy-save", "-t", "filter"], "");
    });
    in_namespace(|| {
        let found = kernel();
        assert_eq!(found.legacy, []);
        assert_eq!(found.nftables, Some(RuleSet::default()));
        let names = std::fs::read("/proc/thread-self/net/ip_tables_names").unwrap();
        assert_eq!(names, b"");
    });
}

#[test]
#[cfg_attr(not(feature = "test-live"), ignore = "needs root and iptables: --features test-live")]
fn iptables_nft_s_rules_are_read_as_it_prints_them() {
    in_namespace(|| {
        run(&["iptables-nft-restore"], &format!("{FILTER}{NAT}"));
        let found = kernel().nftables.expect("nftables");
        let printed = run(&["iptables-nft-save"], "");
        assert_same(&found, &parse_iptables_save(printed.as_bytes(), Family::Ip));
    });
}

const SCRIPT: &str = "table inet edge {\n\
    set admins { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.7 } }\n\
    chain web { accept; }\n\
    chain in {\n type filter hook input priority -10; policy drop;\n\
      iifname \"lo\" accept\n\
      ct state established,related accept\n\
      ip saddr 203.0.113.9 tcp dport { 22, 80-90 } accept\n\
      ip6 saddr 2001:db8::/32 udp dport 53 counter packets 0 bytes 0 accept\n\
      ip saddr != 10.0.0.0/8 tcp dport 1000-2000 drop\n\
      tcp dport vmap { 443 : jump web, 8443 : accept }\n\
      tcp flags & (fin | syn | rst | ack) == syn limit rate 5/second accept\n\
      udp dport 53 @th,64,32 0xdeadbeef accept\n\
      meta skuid 42 drop\n\
      meta mark 0x1 drop\n\
      tcp sport 53 tcp dport 80 return\n\
      iifname { \"eth0\", \"eth1\" } reject\n\
      log prefix \"in \" drop\n }\n\
    chain out {\n type filter hook output priority filter; policy accept;\n\
      tcp flags & rst != 0 drop\n oifname \"wg*\" accept\n }\n}\n\
    table ip nat {\n chain pre {\n type nat hook prerouting priority dstnat; policy accept;\n\
      ip saddr 203.0.113.9 tcp dport 22 redirect to :42391\n\
      tcp dport 80 dnat to 10.0.0.5:8080\n }\n\
     chain post {\n type nat hook postrouting priority srcnat; policy accept;\n\
      oifname \"eth0\" masquerade\n }\n}\n";

#[test]
#[cfg_attr(not(feature = "test-live"), ignore = "needs root and nft: --features test-live")]
fn nft_s_rules_are_read_as_it_prints_them() {
    in_namespace(|| {
        run(&["nft", "-f", "-"], SCRIPT);
        let found = kernel().nftables.expect("nftables");
        let printed = run(&["nft", "list", "ruleset"], "");
        let mut printed = parse_nft_script(printed.as_bytes());
        printed.rules.sort_by_key(|rule| (rule.table.clone(), rule.chain.clone(), rule.position));
        assert_same(&found, &printed);
        let early = found.chains.iter().find(|chain| chain.name == "in").unwrap();
        assert_eq!(early.priority, Some(-10));
    });
}

#[test]
#[cfg_attr(not(feature = "test-live"), ignore = "needs root and nft: --features test-live")]
fn twenty_thousand_rules_come_whole_and_in_order() {
    in_namespace(|| {
        let mut script = String::from("table ip big {\n chain c {\n");
        for port in 0..20_000 {
            let _ = writeln!(script, "tcp dport {} accept", port + 1);
        }
        run(&["nft", "-f", "-"], &format!("{script} }}\n}}\n"));
        let found = kernel().nftables.expect("nftables");
        assert_eq!(found.rules.len(), 20_000);
        let last = found.rules.last().unwrap();
        assert_eq!(last.position, 20_000);
        assert!(last.text.lossy().ends_with("tcp dport 20000 accept"), "{}", last.text);
    });
}
