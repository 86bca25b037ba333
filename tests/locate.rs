//! `coroner locate` on a real Prometheus: the planted sender in one command, silence where there is none, and one
//! clear line for each thing that can be wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::Value;
use support::prometheus::Prometheus;
use support::{coroner, status};

/// The end of the data, in seconds since 1970: 2026-06-01T12:00:00Z.
const END: i64 = 1_780_315_200;
const AT: &str = "2026-06-01T12:00:00Z";
const HISTORY: i64 = 6 * 3600;
/// How long before the end the flood begins.
const FLOOD: i64 = 40 * 60;

/// A counter that rises by one amount each step, and by another once the flood has begun.
fn counter(text: &mut String, name: &str, labels: &str, usual: i64, flood: i64) {
    let mut value = 0;
    for at in (END - HISTORY..=END).step_by(60) {
        value += if at > END - FLOOD { flood } else { usual };
        writeln!(text, "{name}{{{labels}}} {value} {at}").unwrap();
    }
}

fn gauge(text: &mut String, name: &str, labels: &str, value: impl Fn(i64) -> i64) {
    for at in (END - HISTORY..=END).step_by(60) {
        writeln!(text, "{name}{{{labels}}} {} {at}", value(at)).unwrap();
    }
}

/// Three nodes of a cluster. With a flood, a guest behind gw sends small packets through it, by its own EIP.
fn cluster(flood: bool) -> String {
    let mut text = String::new();
    let times = if flood { 400 } else { 1 };
    let card =
        |instance: &str, device: &str| format!("instance=\"{instance}\",device=\"{device}\"");
    for (metric, usual, more) in [
        ("node_network_transmit_bytes", 30_000_000, 540_000),
        ("node_network_transmit_packets", 60_000, 10_000),
        ("node_network_receive_packets", 60_000, 100),
        ("node_network_receive_bytes", 30_000_000, 6_000),
    ] {
        writeln!(text, "# TYPE {metric} counter").unwrap();
        let name = format!("{metric}_total");
        for instance in ["gw:9100", "db:9100", "web:9100"] {
            let added = if instance == "gw:9100" && flood { more * times } else { 0 };
            counter(&mut text, &name, &card(instance, "eno1"), usual, usual + added);
        }
        let inner = if metric.contains("receive_packets") { 10_000 } else { 500_000 };
        counter(&mut text, &name, &card("gw:9100", "0a1b2c3d4e5f_h"), inner, inner * times);
        counter(&mut text, &name, &card("gw:9100", "lo"), 90_000_000, 90_000_000);
    }
    text.push_str("# TYPE node_network_speed_bytes gauge\n");
    for instance in ["gw:9100", "db:9100", "web:9100"] {
        gauge(&mut text, "node_network_speed_bytes", &card(instance, "eno1"), |_| 125_000_000);
    }
    text.push_str("# TYPE node_uname_info gauge\n");
    gauge(&mut text, "node_uname_info", "instance=\"gw:9100\",nodename=\"gw-1\"", |_| 1);
    text.push_str("# TYPE kube_node_status_condition gauge\n");
    let ready = "condition=\"Ready\",status=\"true\"";
    let flaps = |at: i64| i64::from(!flood || at < END - FLOOD || at % 600 > 120);
    gauge(&mut text, "kube_node_status_condition", &format!("node=\"gw-1\",{ready}"), flaps);
    gauge(&mut text, "kube_node_status_condition", &format!("node=\"db\",{ready}"), |_| 1);
    text.push_str("# TYPE eip_transmit_bytes counter\n");
    let eip = |address: &str| format!("eip=\"{address}\",namespace=\"shop\",pod=\"vm-7\"");
    counter(&mut text, "eip_transmit_bytes_total", &eip("203.0.113.7"), 500_000, 500_000 * times);
    counter(&mut text, "eip_transmit_bytes_total", &eip("203.0.113.8"), 900_000, 900_000);
    text.push_str("# TYPE kube_ovn_interface_rx_bytes gauge\n");
    // A name that would act on a terminal.
    let pod = "hostname=\"gw-1\",pod_namespace=\"shop\",pod_name=\"vm-7\u{1b}[31m\"";
    counter(&mut text, "kube_ovn_interface_rx_bytes", pod, 500_000, 500_000 * times);
    text.push_str("# EOF\n");
    text
}

/// A real Prometheus on loopback, with data.
struct Server {
    prometheus: Prometheus,
    address: SocketAddr,
}

/// An address of loopback that no other test has, here or in another run, so that what is free on it stays so.
fn own_address() -> IpAddr {
    static GIVEN: AtomicU8 = AtomicU8::new(2);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high, low, GIVEN.fetch_add(1, Ordering::Relaxed)).into()
}

/// A port of an address that nobody listens at.
fn free_port(address: IpAddr) -> SocketAddr {
    TcpListener::bind((address, 0)).unwrap().local_addr().unwrap()
}

impl Server {
    fn with(data: &str) -> Self {
        Self::at(own_address(), data, "", "http", &[])
    }

    /// With a web.yml, and what is to be asked to see that it has begun.
    fn at(address: IpAddr, data: &str, web: &str, scheme: &str, asked: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("data.txt"), data).unwrap();
        std::fs::write(at("prometheus.yml"), "scrape_configs: []\n").unwrap();
        std::fs::write(at("web.yml"), web).unwrap();
        let blocks = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "-q"])
            .args([at("data.txt"), at("tsdb")])
            .output()
            .expect("promtool runs: install prometheus");
        assert!(blocks.status.success(), "{}", String::from_utf8_lossy(&blocks.stderr));
        let address = free_port(address);
        let prometheus = Prometheus::start(dir, &[], &address.to_string());
        let mut server = Self { prometheus, address };
        server.wait(scheme, asked);
        server
    }

    /// It answers 503 until its data is open.
    fn wait(&mut self, scheme: &str, asked: &[&str]) {
        let mut said = String::new();
        for _ in 0..1200 {
            self.prometheus.must_run();
            let output = self.locate(scheme, asked);
            said = String::from_utf8_lossy(&output.stderr).into_owned();
            if !said.contains("no Prometheus at") && !said.contains("HTTP status 503") {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("prometheus does not answer: {said}");
    }

    fn locate(&self, scheme: &str, more: &[&str]) -> Output {
        let url = format!("{scheme}://{}", self.address);
        locate(&[&["--prometheus", &url, "--at", AT, "--history", "5h"], more].concat())
    }
}

fn locate(args: &[&str]) -> Output {
    coroner().arg("locate").args(args).output().unwrap()
}

/// The one line that a failure says, and its status.
fn failed(output: &Output) -> (String, i32) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.stdout.is_empty());
    assert_eq!(said.lines().count(), 1, "{said}");
    (said, status(output))
}

#[cfg(feature = "real-roots")]
#[test]
fn the_planted_sender_is_found_with_one_command() {
    let server = Server::with(&cluster(true));
    let output = server.locate("http", &["--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(status(&output), 1, "{said}");
    let trail: Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown = serde_json::to_string_pretty(&trail).unwrap();
    assert_eq!(trail["flapping"][0]["node"], "gw-1", "{shown}");
    let nic = &trail["nics"][0];
    assert_eq!((&nic["instance"], &nic["device"]), (&"gw:9100".into(), &"eno1".into()), "{shown}");
    assert_eq!(nic["node"], "gw-1");
    assert!(nic["packets"].as_f64().unwrap() > 60_000.0, "{shown}");
    assert!(trail["nics"][1]["signs"].as_array().unwrap().is_empty(), "{shown}");
    assert_eq!(trail["origin"]["source"], "forwarded", "{shown}");
    assert_eq!(trail["origin"]["inner"][0]["device"], "0a1b2c3d4e5f_h");
    assert_eq!(trail["eips"][0]["labels"]["eip"], "203.0.113.7", "{shown}");
    assert_eq!(trail["machines"][0]["labels"]["pod_name"], "vm-7\u{1b}[31m", "{shown}");
    let since = trail["since"]["at"].as_str().unwrap();
    assert!(("2026-06-01T11:18:00Z".."2026-06-01T11:26:00Z").contains(&since), "{shown}");
    let next = trail["next"].to_string();
    assert!(next.contains("on gw-1: coroner traffic --dev eno1"), "{next}");

    let text = String::from_utf8(server.locate("http", &[]).stdout).unwrap();
    assert!(text.contains("eno1 of gw:9100 stands out") && !text.contains('\u{1b}'), "{text}");
}

#[cfg(feature = "real-roots")]
#[test]
fn a_quiet_cluster_says_that_nothing_stands_out() {
    let server = Server::with(&cluster(false));
    let output = server.locate("http", &[]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(status(&output), 0, "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("Nothing stands out."), "{text}");
    assert!(!text.contains("<-"), "{text}");
}

#[cfg(feature = "real-roots")]
#[test]
fn a_metric_that_is_not_there_is_named() {
    let server = Server::with("# TYPE other gauge\nother 1 1780315200\n# EOF\n");
    let (said, status) = failed(&server.locate("http", &[]));
    assert!(said.contains("no series of node_network_transmit_bytes_total"), "{said}");
    assert!(said.contains("--names FILE") && status == 64, "{said}");
    let names = server.prometheus.dir().join("names.toml");
    std::fs::write(&names, "[node]\nsent_bytes = \"nic out\"\n").unwrap();
    let (said, status) = failed(&server.locate("http", &["--names", names.to_str().unwrap()]));
    assert!(said.contains("names.toml") && said.contains("nic out") && status == 64, "{said}");
}

/// An authority, and a certificate of it for an address.
fn certificates(dir: &Path, address: IpAddr) {
    let openssl = |args: &str| {
        let output =
            Command::new("openssl").args(args.split(' ')).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(dir.join("san"), format!("subjectAltName=IP:{address}\n")).unwrap();
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 30 -subj /CN=ca"));
    openssl(&format!("req {curve} -keyout key.pem -out csr.pem -subj /CN=prom"));
    openssl(
        "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile san -out cert.pem",
    );
}

#[cfg(feature = "real-roots")]
#[test]
fn a_server_with_tls_and_a_password_wants_its_authority_and_the_right_one() {
    let dir = tempfile::tempdir().unwrap();
    let address = own_address();
    certificates(dir.path(), address);
    let file = |name: &str| dir.path().join(name).display().to_string();
    // bcrypt of "secret", cost 4.
    let web = format!(
        "tls_server_config:\n  cert_file: {}\n  key_file: {}\nbasic_auth_users:\n  who: {HASH}\n",
        file("cert.pem"),
        file("key.pem")
    );
    std::fs::write(file("right"), "secret\n").unwrap();
    std::fs::write(file("wrong"), "Secret\n").unwrap();
    let (ca, right, wrong) = (file("ca.pem"), file("right"), file("wrong"));
    let as_who = ["--ca-file", &ca, "--user", "who", "--password-file"];
    let known = [&as_who[..], &[&right]].concat();
    let server = Server::at(address, &cluster(false), &web, "https", &known);
    let output = server.locate("https", &known);
    assert_eq!(status(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));

    let (said, status) = failed(&server.locate("https", &[&as_who[..], &[&wrong]].concat()));
    assert!(said.contains("answers 401") && status == 64, "{said}");
    let (said, status) = failed(&server.locate("https", &["--ca-file", &ca]));
    assert!(said.contains("answers 401") && status == 64, "{said}");
    let (said, status) =
        failed(&server.locate("https", &["--ca-file", &ca, "--token-file", &right]));
    assert!(said.contains("answers 401") && status == 64, "{said}");
    let other = tempfile::tempdir().unwrap();
    certificates(other.path(), address);
    let other = other.path().join("ca.pem").display().to_string();
    let (said, status) = failed(&server.locate("https", &["--ca-file", &other]));
    assert!(said.contains("give that authority's with --ca-file") && status == 64, "{said}");
}

const HASH: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

#[test]
fn what_is_wrong_with_a_server_is_said_in_one_line() {
    let dead = format!("http://{}", free_port(own_address()));
    let (said, status) = failed(&locate(&["--prometheus", &dead]));
    assert!(
        said.contains("no Prometheus at") && said.contains("refused") && status == 70,
        "{said}"
    );
    for (url, says) in [
        ("192.0.2.1:9090", "http://192.0.2.1:9090"),
        ("http://a:b@127.0.0.1", "--password-file"),
        ("https://127.0.0.1:1/?x=y", "question"),
    ] {
        let (said, status) = failed(&locate(&["--prometheus", url]));
        assert!(said.contains(says) && status == 64, "{said}");
    }
    let (said, status) = failed(&locate(&["--prometheus", &dead, "--token-file", "/no/such"]));
    assert!(said.contains("/no/such") && status == 64, "{said}");
}

/// A server that answers once with these bytes.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        answer_with(stream, answer);
    });
    format!("http://{address}")
}

fn answer_with(mut stream: TcpStream, answer: &[u8]) {
    use std::io::{Read, Write};
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let _ = stream.write_all(answer);
}

#[test]
fn what_a_hostile_or_foreign_server_answers_is_said_harmlessly_in_one_line() {
    for (answer, says, expected) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>\x1b[2"[..],
            "does not answer as Prometheus",
            70,
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "is a path missing", 64),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "may not", 64),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
            "elsewhere",
            64,
        ),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "HTTP status 502", 70),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"status\":\"success\"",
            "no Prometheus at",
            70,
        ),
        (b"\x1b[31m nothing of the kind\r\n\r\n", "no Prometheus at", 70),
    ] {
        let (said, status) = failed(&locate(&["--prometheus", &answering(answer)]));
        assert!(said.contains(says) && status == expected, "{says}: {status} {said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}
