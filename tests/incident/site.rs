//! The host of the incident: a copied Debian as a running host in namespaces of its own, with what an intruder left on
//! it, the outside that it reaches, and two siblings that nobody touched.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::{copy_of, lab, plant};
use crate::throttle_lab::{Lab, must};

/// Where the test's own files lie.
fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/incident").join(name)
}

/// Two network namespaces, as the incident's were: `near` is the host's with its card eth0 (192.0.2.10), `far` is
/// everything else (192.0.2.1), and what is sent to 198.51.100.0/24 is counted there and goes no further.
pub(crate) fn network() -> Lab {
    let net = Lab::new();
    let ip = |words: &str| must(Command::new("ip").args(words.split_whitespace()));
    let (near, far) = (&net.near, &net.far);
    ip(&format!("-n {near} link set v0 down"));
    ip(&format!("-n {near} link set v0 name eth0"));
    ip(&format!("-n {near} addr flush dev eth0"));
    ip(&format!("-n {near} link set eth0 up"));
    ip(&format!("-n {near} addr add 192.0.2.10/24 dev eth0"));
    ip(&format!("-n {far} addr flush dev v1"));
    ip(&format!("-n {far} addr add 192.0.2.1/24 dev v1"));
    ip(&format!("-n {far} addr add {PEER}/32 dev lo"));
    ip(&format!("-n {near} route add default via 192.0.2.1"));
    let count = "table ip count { chain in { type filter hook prerouting priority -300; \
                 ip daddr 198.51.100.0/24 tcp flags & (syn | ack) == syn counter drop; }; }";
    must(Command::new("ip").args(["netns", "exec", far, "nft", count]));
    net
}

/// Who is on the guest's console.
pub(crate) const PEER: &str = "203.0.113.66";

/// SYNs of the flood that arrived.
pub(crate) fn arrived(net: &Lab) -> u64 {
    let list = ["netns", "exec", &net.far, "nft", "list", "chain", "ip", "count", "in"];
    let text = must(Command::new("ip").args(list));
    let (_, after) = text.split_once("packets ").expect("a counter");
    after.split(' ').next().expect("a word").parse().expect("a number")
}

const GUEST: &str = "<domain type='qemu'><name>web1</name><uuid>6f1c0d5a-0000-4000-8000-000000000001</uuid>
<memory>65536</memory><os><type>hvm</type></os><devices>
<graphics type='vnc' port='5900' autoport='no'><listen type='address' address='127.0.0.1'/></graphics>
</devices></domain>
";

/// A gateway as its administrators made it: Debian, a node exporter, a guest.
pub(crate) fn gateway() -> tempfile::TempDir {
    let root = copy_of(&lab().join("bookworm"));
    let exporter = std::fs::read("/usr/bin/prometheus-node-exporter");
    let exporter = exporter.expect("tests/run installs prometheus-node-exporter");
    plant(root.path(), "/usr/local/bin/node_exporter", exporter, 0o755);
    plant(root.path(), "/etc/libvirt/qemu/web1.xml", GUEST, 0o600);
    std::fs::create_dir_all(root.path().join("media/stick")).expect("a folder");
    identify(root.path(), 1);
    root
}

fn identity(number: u8) -> (String, String) {
    (format!("gw{number}\n"), format!("{:032x}\n", 0x00c0_ffee_0000 + u64::from(number)))
}

fn identify(root: &Path, number: u8) {
    let (name, id) = identity(number);
    plant(root, "/etc/hostname", name, 0o644);
    plant(root, "/etc/machine-id", id, 0o444);
}

/// An audit of the same root as another host's disk.
pub(crate) fn sibling(root: &Path, number: u8, to: &Path) -> Child {
    let (name, id) = identity(number);
    let script = r#"set -e; dir=$(mktemp -d); mount -t tmpfs tmpfs "$dir"
        printf %s "$1" >"$dir/name"; printf %s "$2" >"$dir/id"
        mount --bind "$dir/name" "$3/etc/hostname"; mount --bind "$dir/id" "$3/etc/machine-id"
        umount -l "$dir"; rmdir "$dir"
        exec "$4" audit --root "$3" --label role=gateway -o "$5""#;
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script, "sh", &name, &id]).arg(root);
    // The one that lies on the stick, as the report will.
    command.arg(to.with_file_name("coroner")).arg(to);
    command.stderr(Stdio::piped()).spawn().expect("unshare runs")
}

/// What the intruder leaves: a sender that cron starts, a unit that is hidden from the running host, another ss, and the
/// guest's console on the network.
pub(crate) fn intrude(root: &Path) {
    let sender = root.join("var/tmp/.x/kworker");
    std::fs::create_dir_all(sender.parent().expect("a parent")).expect("a folder");
    must(Command::new("cc").args(["-O1", "-static", "-o"]).arg(&sender).arg(own("syn_flood.c")));
    let open = GUEST.replace("127.0.0.1", "192.0.2.10");
    plant(root, "/etc/libvirt/qemu/web1.xml", open, 0o600);
    let cron = "*/10 * * * * root /var/tmp/.x/kworker >/dev/null 2>&1\n";
    plant(root, "/etc/cron.d/sysstat-collect", cron, 0o644);
    let unit = "[Unit]\nDescription=Kernel cache\n[Service]\nExecStart=/var/tmp/.x/kworker\n\
                [Install]\nWantedBy=multi-user.target\n";
    plant(root, "/etc/systemd/system/kcache.service", unit, 0o644);
    let wanted = root.join("etc/systemd/system/multi-user.target.wants/kcache.service");
    std::os::unix::fs::symlink("/etc/systemd/system/kcache.service", wanted).expect("a link");
    let other = std::fs::read(root.join("usr/bin/true")).expect("true");
    std::fs::remove_file(root.join("usr/bin/ss")).expect("ss");
    plant(root, "/usr/bin/ss", other, 0o755);
}

/// A root that runs.
pub(crate) struct Victim {
    namespaces: Child,
    first: String,
}

impl Victim {
    pub(crate) fn start(net: &Lab, root: &Path, stick: &Path) -> Self {
        let mut command = net.near("unshare");
        command.args(["--mount", "--pid", "--uts", "--fork", "--kill-child"]);
        command.arg(own("victim")).arg(root).arg(stick);
        let mut namespaces = command.stdout(Stdio::piped()).spawn().expect("unshare runs");
        let mut said = String::new();
        let mut lines = BufReader::new(namespaces.stdout.take().expect("a pipe"));
        lines.read_line(&mut said).expect("text");
        assert_eq!(said, "ready\n", "the victim does not start");
        let pid = namespaces.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let first = children.expect("its child").trim().to_owned();
        Self { namespaces, first }
    }

    /// A program of the stick or of the root, as somebody starts it who is logged in there.
    pub(crate) fn run(&self, words: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.first, "-m", "-p", "-n", "-u", "-r", "-w"]);
        command.args(words.split_whitespace());
        command
    }

    /// coroner, from the stick.
    pub(crate) fn coroner(&self, words: &str) -> Output {
        self.run(&format!("/media/stick/coroner {words}")).output().expect("nsenter runs")
    }

    /// Starts the flood under another name, and gives its pid as the host counts.
    pub(crate) fn flood(&self) -> u32 {
        let mut command = self.run("/bin/bash -c");
        command.arg("echo $$; exec -a '[kworker/u8:3]' /var/tmp/.x/kworker");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("nsenter runs");
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut said).expect("text");
        // It ends with the namespaces.
        std::thread::spawn(move || {
            let _ = out.read_to_string(&mut String::new());
            let _ = child.wait();
        });
        said.trim().parse().expect("a pid")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.namespaces.kill();
        let _ = self.namespaces.wait();
    }
}
