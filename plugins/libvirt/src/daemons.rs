//! Who may command libvirt's daemons over the network.

use coroner_core::{Blocked, Cx, HostPath, Text};
use coroner_parse::lines;
use coroner_parse::process::net::{InetSocket, TcpState};
use coroner_parse::virt::{BadSetting, DaemonConf, QemuConf};

use crate::items::LibvirtDaemon;

/// Each daemon that can listen on the network: its file, its systemd sockets, its argument files.
const DAEMONS: [(&str, &str, &str, &str); 2] = [
    ("/etc/libvirt/libvirtd.conf", "libvirtd-tcp.socket", "libvirtd-tls.socket", "libvirtd"),
    (
        "/etc/libvirt/virtproxyd.conf",
        "virtproxyd-tcp.socket",
        "virtproxyd-tls.socket",
        "virtproxyd",
    ),
];

/// The defaults for consoles.
pub(crate) fn qemu_conf(cx: &mut Cx<'_>) -> QemuConf {
    let path = HostPath::new("/etc/libvirt/qemu.conf");
    let Some(content) = cx.read(&path) else { return QemuConf::default() };
    let (conf, bad) = QemuConf::parse(&content.bytes);
    note_bad(cx, &path, &bad);
    conf
}

/// The daemons that are configured here. `sockets` are those of the host's own network.
pub(crate) fn daemons(cx: &mut Cx<'_>, sockets: &[InetSocket]) {
    for (file, tcp_socket, tls_socket, program) in DAEMONS {
        let path = HostPath::new(file);
        let Some(content) = cx.read(&path) else { continue };
        let (conf, bad) = DaemonConf::parse(&content.bytes);
        note_bad(cx, &path, &bad);
        let asked = is_told_to_listen(cx, program);
        let tcp = is_enabled(cx, tcp_socket) || conf.listen_tcp && asked;
        let tls = is_enabled(cx, tls_socket) || conf.listen_tls && asked;
        cx.emit(daemon(path, &conf, tcp, tls, sockets));
    }
}

fn daemon(
    file: HostPath,
    conf: &DaemonConf,
    tcp: bool,
    tls: bool,
    sockets: &[InetSocket],
) -> LibvirtDaemon {
    let listens = |port| {
        let mut listening = sockets.iter().filter(|socket| socket.state == TcpState::Listen);
        listening.any(|socket| socket.local.port() == port)
    };
    let tls_open = conf.tls_without_certificates && !conf.auth_tls_sasl;
    let only_tls = tls_open && !conf.tcp_without_authentication;
    let port = if only_tls { conf.tls_port } else { conf.tcp_port };
    LibvirtDaemon {
        file,
        line: if only_tls { conf.tls_line } else { conf.auth_tcp_line },
        port,
        address: conf.listen_addr.clone(),
        tcp: tcp || listens(conf.tcp_port),
        tls: tls || listens(conf.tls_port),
        tcp_open: conf.tcp_without_authentication,
        tls_open,
        listening: listens(port),
    }
}

fn is_enabled(cx: &mut Cx<'_>, socket: &str) -> bool {
    let dirs = [
        "/etc/systemd/system/sockets.target.wants",
        "/etc/systemd/system/libvirtd.service.requires",
    ];
    dirs.iter().any(|dir| cx.stat(&HostPath::new(dir).join(socket)).is_some())
}

/// `LIBVIRTD_ARGS="--listen"` or `libvirtd_opts="-l"`: without it the daemon ignores `listen_tcp`.
fn is_told_to_listen(cx: &mut Cx<'_>, program: &str) -> bool {
    ["/etc/default", "/etc/sysconfig"].iter().any(|dir| {
        let content = cx.read(&HostPath::new(dir).join(program));
        content.is_some_and(|content| says_listen(&content.bytes))
    })
}

fn says_listen(content: &[u8]) -> bool {
    lines(content).flatten().any(|line| {
        let text = Text::from(line.bytes.trim_ascii());
        let words = text.lossy();
        let mut words = words.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '='));
        !text.as_bytes().starts_with(b"#") && words.any(|word| matches!(word, "--listen" | "-l"))
    })
}

fn note_bad(cx: &mut Cx<'_>, path: &HostPath, bad: &[BadSetting]) {
    for setting in bad.iter().take(20) {
        cx.minor_gap(path, Blocked::Malformed, setting.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_argument_outside_a_comment_makes_the_daemon_listen() {
        assert!(says_listen(b"libvirtd_opts=\"-l\"\n"));
        assert!(says_listen(b"LIBVIRTD_ARGS=\"--timeout 120 --listen\"\n"));
        assert!(!says_listen(b"#LIBVIRTD_ARGS=\"--listen\"\nx=\"--listening\"\n"));
    }
}
