//! Reports of a bucket: moto's S3 server, with every signature checked by botocore.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::generator::Plan;
use crate::support::{Bench, fleet, gzip, said, zstd};

const PLAN: Plan = Plan { hosts: 110, items: 20, seed: 5, labels: true };
const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "a secret/of+tests");

/// A server that goes with the test.
struct Served {
    child: Child,
    endpoint: String,
}

impl Served {
    /// Its bucket `reports` has the files of a folder; after so many objects it goes away.
    fn new(folder: &Path, objects: Option<usize>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let named = std::env::var_os("CORONER_SCHEMAS_PYTHON").map(PathBuf::from);
        let mut child = Command::new(named.unwrap_or(root.join("target/schemas/bin/python3")))
            .arg(root.join("tests/fleet/bucket_server.py"))
            .arg(folder)
            .args(objects.map(|objects| objects.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a python with moto: tests/run");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "the server did not start: is moto[server] there? tests/run");
        Self { child, endpoint: format!("http://127.0.0.1:{}", port.trim()) }
    }

    fn ingest(&self, bench: &Bench, words: &[&str], status: i32) -> String {
        let args = [&["ingest", "--s3-endpoint", &self.endpoint], words].concat();
        let output = signed(&args, bench).output();
        said(&output.unwrap(), status)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command with a store, and nothing of this machine's own credentials.
fn anonymous(args: &[&str], bench: &Bench) -> Command {
    let mut command = fleet();
    for name in ["REGION", "DEFAULT_REGION", "ENDPOINT_URL", "SESSION_TOKEN"] {
        command.env_remove(format!("AWS_{name}"));
    }
    command.env_remove(KEY.0).env_remove(SECRET.0);
    command.args(args).arg("--store").arg(bench.store());
    command
}

fn signed(args: &[&str], bench: &Bench) -> Command {
    let mut command = anonymous(args, bench);
    command.envs([KEY, SECRET]);
    command
}

fn report(host: usize) -> Vec<u8> {
    serde_json::to_vec(&PLAN.report(host, 0)).unwrap()
}

/// A report for each host, packed by turns; half of them are last in the list.
fn put_reports(bench: &Bench) {
    for host in 0..PLAN.hosts {
        let report = report(host);
        let packed = [&report, &gzip(&report), &zstd(&report)][host % 3].clone();
        let place = ["first", "zz"][host % 2];
        bench.put(&format!("2026%2F{place} {host}+ü%3F"), &packed);
    }
}

#[test]
#[cfg_attr(not(feature = "test-bucket"), ignore = "needs an S3 server: tests/run")]
fn every_page_of_a_bucket_is_read_and_what_is_no_report_is_named() {
    let bench = Bench::new();
    put_reports(&bench);
    bench.put("2026%2Fcopy", &report(0));
    bench.put("2026%2Fcut.gz", &gzip(&report(1))[..200]);
    bench.put("2026%2Fclear%1B[2J%0Ascreen", b"text");
    bench.put("2026%2F%2E%2E%2Fclimbs", &report(1));
    bench.put("2026%2Ffolder%2F", b"");
    bench.put("other%2Fhost", &report(0).repeat(2));
    // Three pages of a list, most of which need not be fetched.
    let foreign = 100;
    for number in 0..2500 - PLAN.hosts - 6 {
        let (end, content) =
            if number < foreign { ("", "{\"schema\": \"x/1\"}") } else { ("%2F", "") };
        bench.put(&format!("2026%2Fz{number:04}{end}"), content.as_bytes());
    }
    let served = Served::new(&bench.input(), None);
    let heard = served.ingest(&bench, &["s3://reports/2026/"], 1);
    let sum = format!("110 reports taken in, 1 known already, {} files not taken in", foreign + 3);
    assert!(heard.contains(&sum), "{}", heard.lines().last().unwrap());
    for named in [
        "not taken in: s3://reports/2026/cut.gz: ",
        "not taken in: s3://reports/2026/../climbs: has a key that no address can hold",
        "not taken in: s3://reports/2026/z0000: ",
        &format!("not taken in: s3://reports/2026/z{:04}: ", foreign - 1),
    ] {
        assert!(heard.contains(named), "{named}");
    }
    assert!(!heard.contains('\u{1b}') && !heard.contains("other/"));
    assert_eq!(heard.lines().count(), foreign + 4, "a key breaks a line");
    assert_eq!(bench.hosts(), PLAN.hosts);
    let heard = served.ingest(&bench, &["s3://reports/2026/zz"], 0);
    assert!(heard.contains("0 reports taken in, 55 known already, 0 files not"), "{heard}");
}

#[test]
#[cfg_attr(not(feature = "test-bucket"), ignore = "needs an S3 server: tests/run")]
fn compare_reads_a_bucket_that_the_environment_names() {
    let bench = Bench::new();
    put_reports(&bench);
    let served = Served::new(&bench.input(), None);
    let mut compare = signed(&["compare", "s3://reports", "--format", "json"], &bench);
    let output = compare.env("AWS_ENDPOINT_URL", &served.endpoint).output().unwrap();
    said(&output, 0);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["hosts"].as_array().unwrap().len(), PLAN.hosts);
}

#[test]
#[cfg_attr(not(feature = "test-bucket"), ignore = "needs an S3 server: tests/run")]
fn a_bucket_that_gives_nothing_is_one_line_that_says_what_to_do() {
    let bench = Bench::new();
    put_reports(&bench);
    let served = Served::new(&bench.input(), None);
    let plain = served.endpoint.as_str();
    let secure = plain.replace("http://", "https://");
    let ask = |place, endpoint| ["ingest", place, "--s3-endpoint", endpoint];
    let one_line = |mut command: Command, status, says: &str| {
        let heard = said(&command.output().unwrap(), status);
        assert!(heard.contains(says) && heard.lines().count() == 1, "{heard}");
        assert!(!heard.contains(SECRET.1), "the secret is shown: {heard}");
    };
    one_line(signed(&ask("s3://absent", plain), &bench), 64, "there is no such bucket");
    let right = ask("s3://reports", plain);
    let mut wrong = signed(&right, &bench);
    wrong.env(SECRET.0, "another");
    one_line(wrong, 64, "refused (SignatureDoesNotMatch): AWS_ACCESS_KEY_ID and");
    let mut wrong = signed(&right, &bench);
    wrong.env(KEY.0, "AKIAANOTHER");
    one_line(wrong, 64, "refused (InvalidAccessKeyId)");
    one_line(anonymous(&right, &bench), 64, "set AWS_ACCESS_KEY_ID");
    let mut half = signed(&right, &bench);
    half.env_remove(SECRET.0);
    one_line(half, 64, "go together");
    one_line(signed(&ask("s3://reports", &secure), &bench), 64, "does not speak TLS");
    assert!(!bench.store().exists(), "a store was made for nothing");
}

#[test]
#[cfg_attr(not(feature = "test-bucket"), ignore = "needs an S3 server: tests/run")]
fn a_server_that_goes_away_loses_no_report_that_was_read_and_all_others_are_named() {
    let bench = Bench::new();
    put_reports(&bench);
    // Many readers at once would have many questions, and at the end of the server's life no answer.
    let two = ["s3://reports", "--threads", "2"];
    let heard = Served::new(&bench.input(), Some(10)).ingest(&bench, &two, 1);
    let named = heard.lines().filter(|line| line.contains("not taken in: s3://")).count();
    let taken = PLAN.hosts - named;
    assert!((1..=10).contains(&taken), "{heard}");
    assert!(heard.contains("not asked for: the server was silent 4 times"), "{heard}");
    assert_eq!(bench.hosts(), taken);
    let heard = Served::new(&bench.input(), None).ingest(&bench, &["s3://reports"], 0);
    let sum = format!("{named} reports taken in, {taken} known already");
    assert!(heard.contains(&sum), "{heard}");
}

#[test]
fn half_of_the_credentials_is_no_matter_to_files() {
    let bench = Bench::new();
    bench.put("report.json", &report(0));
    let input = bench.input();
    let mut ingest = anonymous(&["ingest", input.to_str().unwrap()], &bench);
    said(&ingest.env(KEY.0, KEY.1).output().unwrap(), 0);
}

#[test]
fn nobody_listening_is_said_and_nothing_is_made() {
    let bench = Bench::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{closed}");
    let output = signed(&["ingest", "s3://b", "--s3-endpoint", &endpoint], &bench).output();
    let heard = said(&output.unwrap(), 70);
    assert!(heard.contains("nobody answers at 127.0.0.1"), "{heard}");
    assert!(!bench.store().exists());
}

#[test]
fn a_server_that_sends_us_to_another_is_not_followed() {
    let bench = Bench::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", server.local_addr().unwrap());
    let location = format!("http://{}/b", other.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.is_empty()));
        let answer = format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let output = signed(&["ingest", "s3://b", "--s3-endpoint", &endpoint], &bench).output();
    let heard = said(&output.unwrap(), 64);
    assert!(heard.contains("sends us elsewhere"), "{heard}");
    answering.join().unwrap();
    let asked = other.accept().unwrap_err();
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock, "the other was asked");
}
