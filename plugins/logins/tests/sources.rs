//! Sources that rule cases cannot hold: packed logs, real journals, sparse files, floods.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers of tests fail as tests do

use std::fmt::Write as _;
use std::io::Write as _;

use coroner_core::{Items, Report, Severity};
use coroner_plugin_logins::items::{
    History, JournalFile, LogFile, Login, Outcome, RecordOddity, Source,
};
use coroner_testkit::{Tree, audit};

const KEYED_COMPACT: &[u8] =
    include_bytes!("../../../crates/parse/src/login/journal/fixtures/keyed-compact.journal.gz");
const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n";
const T0: i64 = 1_772_445_600;

fn run(tree: Tree) -> Report {
    audit(&["logins"], &tree.file("/etc/passwd", PASSWD))
}

fn items(report: &Report) -> Items {
    Items::new(report.items.clone())
}

fn logins(report: &Report) -> Vec<Login> {
    items(report).all().collect()
}

fn rules(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut bytes).unwrap();
    bytes
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn record(kind: u8, line: &str, user: &str, from: [u8; 4], at: i64) -> Vec<u8> {
    let mut raw = vec![0; 384];
    raw[0] = kind;
    raw[8..8 + line.len()].copy_from_slice(line.as_bytes());
    raw[44..44 + user.len()].copy_from_slice(user.as_bytes());
    raw[340..344].copy_from_slice(&i32::try_from(at).unwrap().to_le_bytes());
    raw[348..352].copy_from_slice(&from);
    raw
}

fn slot(lastlog: &mut Vec<u8>, uid: usize, line: &str, host: &str, at: i64) {
    lastlog.resize(lastlog.len().max((uid + 1) * 292), 0);
    let slot = &mut lastlog[uid * 292..][..292];
    slot[..4].copy_from_slice(&i32::try_from(at).unwrap().to_le_bytes());
    slot[4..4 + line.len()].copy_from_slice(line.as_bytes());
    slot[36..36 + host.len()].copy_from_slice(host.as_bytes());
}

#[test]
fn a_journal_of_systemd_tells_of_a_guessed_password() {
    let path = "/var/log/journal/0123456789abcdef0123456789abcdef/system.journal";
    let report = run(Tree::new().file(path, unpack(KEYED_COMPACT)));
    let root: Vec<_> =
        logins(&report).into_iter().filter(|l| l.outcome == Outcome::Accepted).collect();
    assert_eq!(root.len(), 1);
    assert_eq!((root[0].source, root[0].failed_before), (Source::Journal, 40));
    let wanted = ["logins/success-after-failures", "logins/root-password-from-public"];
    assert_eq!(rules(&report), wanted);
    let files: Vec<JournalFile> = items(&report).all().collect();
    assert_eq!((files[0].entries, files[0].walk.as_ref().unwrap().entries), (44, 44));
}

#[test]
fn packed_rotations_are_read_and_folded_with_the_current_log() {
    let line = |day: u8| {
        format!(
            "2026-03-0{day}T10:00:00+00:00 web1 sshd[7]: Accepted publickey for ann from 192.168.1.9 port 5 ssh2: RSA SHA256:k{day}\n"
        )
    };
    let report = run(Tree::new()
        .file("/var/log/auth.log.2.gz", pack(line(1).as_bytes()))
        .file("/var/log/auth.log.1", line(2))
        .file("/var/log/auth.log", line(3)));
    let found = logins(&report);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].count, found[0].keys.len()), (3, 3));
    assert_eq!(found[0].file.as_str(), Some("/var/log/auth.log.2.gz"));
    assert_eq!(report.gaps, []);
}

#[test]
fn a_log_packed_to_a_thousandth_is_a_gap_and_not_a_filled_memory() {
    let report = run(Tree::new().file("/var/log/auth.log.2.gz", pack(&vec![b'x'; 64 << 20])));
    assert!(report.gaps.iter().any(|gap| gap.path.as_str() == Some("/var/log/auth.log.2.gz")));
}

#[test]
fn the_last_login_that_lastlog_has_and_wtmp_lacks_is_found() {
    let mut lastlog = Vec::new();
    slot(&mut lastlog, 0, "pts/1", "192.168.1.8", T0);
    slot(&mut lastlog, 1000, "pts/0", "192.168.1.9", T0 + 7200);
    let wtmp = record(7, "pts/1", "root", [192, 168, 1, 8], T0);
    let tree =
        |wtmp: Vec<u8>| Tree::new().file("/var/log/lastlog", &lastlog).file("/var/log/wtmp", wtmp);
    let report = run(tree(wtmp.clone()));
    assert_eq!(rules(&report), ["logins/missing-in-other-source"]);
    let both = [wtmp, record(7, "pts/0", "ann", [192, 168, 1, 9], T0 + 7201)].concat();
    assert_eq!(rules(&run(tree(both))), [""; 0]);
}

#[test]
fn a_login_in_wtmp_that_was_taken_out_of_lastlog_is_found() {
    let mut lastlog = Vec::new();
    slot(&mut lastlog, 0, "pts/1", "192.168.1.8", T0 + 9000);
    let wtmp = [
        record(7, "pts/0", "ann", [192, 168, 1, 9], T0),
        record(7, "pts/1", "root", [192, 168, 1, 8], T0 + 9000),
    ];
    let report =
        run(Tree::new().file("/var/log/lastlog", lastlog).file("/var/log/wtmp", wtmp.concat()));
    assert_eq!(rules(&report), ["logins/missing-in-other-source"]);
    assert_eq!(report.findings[0].evidence[2].value, "ann");
}

#[test]
fn a_lastlog_slot_of_a_uid_without_account_is_found_through_the_extents_and_not_judged() {
    let mut lastlog = Vec::new();
    slot(&mut lastlog, 77_777, "pts/0", "192.168.1.9", T0);
    let report = run(Tree::new().file("/var/log/lastlog", lastlog));
    assert_eq!(rules(&report), [""; 0]);
    assert_eq!(logins(&report)[0].user, "uid 77777");
}

#[test]
fn an_unknown_account_weighs_less_when_no_log_could_tell_of_its_removal() {
    let severity = |tree: Tree| {
        let wtmp = record(7, "pts/0", "eve", [192, 168, 1, 9], T0);
        let report = run(tree.file("/var/log/wtmp", wtmp));
        assert_eq!(rules(&report), ["logins/unknown-account-login"]);
        report.findings[0].severity
    };
    let log = "2026-03-02T09:00:00+00:00 web1 sshd[7]: Server listening on :: port 22.\n";
    assert_eq!(severity(Tree::new()), Severity::Low);
    assert_eq!(severity(Tree::new().file("/var/log/auth.log", log)), Severity::Medium);
}

#[test]
fn a_hundred_thousand_failures_become_a_few_hundred_items() {
    let mut log = String::new();
    for n in 0..100_000_u32 {
        let [_, a, b, c] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        let line = "2026-03-02T10:00:00+00:00 web1 sshd[7]: Failed password for invalid user";
        writeln!(log, "{line} u{n} from 10.{a}.{b}.{c} port 5 ssh2").unwrap();
    }
    let report = run(Tree::new().file("/var/log/auth.log", log));
    let found = logins(&report);
    assert!((100..=201).contains(&found.len()), "{}", found.len());
    assert_eq!(found.iter().map(|login| login.count).sum::<u64>(), 100_000);
    assert!(found.iter().all(|login| login.tried.len() <= 8));
}

#[test]
fn a_flood_of_addresses_does_not_hide_the_one_that_guesses() {
    let mut log = String::new();
    let line = |log: &mut String, at: i64, text: &str, from: &str| {
        let (day, hour, minute) = (2 + at / 86_400, at / 3600 % 24, at / 60 % 60);
        let time = format!("2026-03-{day:02}T{hour:02}:{minute:02}:{:02}+00:00", at % 60);
        let user = "password for ann from";
        writeln!(log, "{time} web1 sshd[7]: {text} {user} {from} port 5 ssh2").unwrap();
    };
    for n in 0..60_000_u32 {
        let [_, a, b, c] = n.wrapping_mul(2_654_435_761).to_be_bytes();
        line(&mut log, i64::from(n), "Failed", &format!("10.{a}.{b}.{c}"));
    }
    for n in 0..25 {
        line(&mut log, 70_000 + n, "Failed", "203.0.113.9");
    }
    line(&mut log, 70_100, "Accepted", "203.0.113.9");
    let report = run(Tree::new().file("/var/log/auth.log", log));
    assert_eq!(rules(&report)[0], "logins/success-after-failures");
    let failed = logins(&report).into_iter().filter(|login| login.outcome == Outcome::Failed);
    assert_eq!(failed.map(|login| login.count).sum::<u64>(), 60_025);
}

#[test]
fn hostile_files_cost_gaps_and_nothing_else() {
    let long = [b"x".repeat(10 << 20), b"\nnext\n\xff\xfe\x00\n".to_vec()].concat();
    let report = run(Tree::new()
        .file("/var/log/auth.log", long)
        .fifo("/var/log/auth.log.1")
        .file("/var/log/auth.log.2.gz", b"\x1f\x8b\x08garbage")
        .file("/var/log/wtmp", b"\xff".repeat(384 * 3 + 7))
        .dir("/var/log/btmp")
        .sparse("/var/log/wtmp.1", 10 << 30)
        .sparse("/var/log/lastlog", 1 << 40)
        .file("/var/lib/lastlog/lastlog2.db", b"SQLite format 3\0garbage")
        .file("/var/log/journal/0123456789abcdef0123456789abcdef/system.journal", b"LPKSHHRH")
        .link("/etc/localtime", "localtime")
        .link("/home/ann/.bash_history", "../../../../../../etc/shadow"));
    let gaps: Vec<_> = report.gaps.iter().map(|gap| gap.path.to_string()).collect();
    for path in ["auth.log", "auth.log.2.gz", "lastlog2.db", "system.journal", "wtmp.1"] {
        assert!(gaps.iter().any(|gap| gap.ends_with(path)), "{path} is no gap of {gaps:?}");
    }
    assert!(rules(&report).contains(&"logins/log-to-nowhere"), "the pipe");
    assert!(rules(&report).contains(&"logins/records-cut-short"));
    assert_eq!(items(&report).all::<History>().count(), 1);
}

#[test]
fn a_database_whose_table_is_a_trap_is_refused() {
    for sql in [
        "CREATE VIEW wtmp AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS ID FROM n",
        "CREATE TABLE wtmp(ID INTEGER, Type INTEGER AS (3), User TEXT, Login INTEGER, TTY TEXT, RemoteHost TEXT)",
    ] {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        db.execute_batch(sql).unwrap();
        let bytes = db.serialize("main").unwrap().to_vec();
        let report = run(Tree::new().file("/var/lib/wtmpdb/wtmp.db", bytes));
        assert_eq!(report.gaps.len(), 1, "{sql}");
        assert_eq!(items(&report).all::<RecordOddity>().count(), 0);
    }
}

#[test]
fn lastlog2_gives_the_last_login_of_each_account() {
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    db.execute_batch(&format!(
        "CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT);
         INSERT INTO Lastlog2 VALUES ('ann', {T0}, 'pts/0', '203.0.113.9', 'sshd'), ('root', 0, '', '', '')"
    ))
    .unwrap();
    let mut bytes = db.serialize("main").unwrap().to_vec();
    // As a database in WAL mode has it.
    bytes[18..20].fill(2);
    let report = run(Tree::new().file("/var/lib/lastlog/lastlog2.db", bytes));
    assert_eq!(rules(&report), ["logins/from-public-address"]);
    assert_eq!(logins(&report).len(), 1);
}

#[test]
fn a_host_as_it_comes_from_the_installer_is_quiet() {
    let mut tree = Tree::new();
    for name in ["wtmp", "btmp", "lastlog", "faillog"] {
        tree = tree.file(format!("/var/log/{name}"), b"");
    }
    let report = run(tree.file("/etc/machine-id", "uninitialized\n"));
    assert_eq!(rules(&report), [""; 0]);
    assert_eq!(report.gaps, []);
    let files: Vec<LogFile> = items(&report).all().collect();
    assert_eq!(files.len(), 3);
}

#[test]
fn the_same_tree_gives_the_same_items() {
    let path = "/var/log/journal/0123456789abcdef0123456789abcdef/system.journal";
    let tree = Tree::new()
        .file(path, unpack(KEYED_COMPACT))
        .file("/var/log/wtmp", record(7, "pts/1", "root", [203, 0, 113, 9], T0))
        .modified(path, T0)
        .modified("/var/log/wtmp", T0);
    let keys = |report: Report| report.items.into_iter().map(|item| item.key).collect::<Vec<_>>();
    assert_eq!(keys(run(tree.clone())), keys(run(tree)));
}

#[test]
fn an_immutable_history_in_a_saved_report_is_judged() {
    let path = "/home/ann/.bash_history";
    let mut report = run(Tree::new().file(path, "ls\n"));
    assert_eq!(rules(&report), [""; 0]);
    let history = report.items.iter_mut().find(|item| item.kind == "shell.history").unwrap();
    history.fields.insert("immutable".into(), true.into());
    let plugins: [&'static dyn coroner_core::Plugin; 1] = [&coroner_plugin_logins::Logins];
    let policy = coroner_core::policy::Policy::default();
    coroner_core::judge_again(&mut report, &plugins, &policy, coroner_core::Time::now());
    assert_eq!(rules(&report), ["logins/history-not-kept"]);
}
