//! What a responder types, with names that cannot act on a shell.

use coroner_core::Text;
use coroner_parse::virt::Protocol;

use crate::items::{VncConsole, VncPeer};

/// The guest as virsh takes it: its name, or its uuid where the name is not safe to type.
fn guest(name: &Text, uuid: &Text) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let safe = |text: &&Text| {
        !text.is_empty() && !text.as_bytes().starts_with(b"-") && text.as_bytes().iter().all(plain)
    };
    [name, uuid]
        .into_iter()
        .find(safe)
        .map_or_else(|| "DOMAIN".to_owned(), |text| text.lossy().into_owned())
}

/// How to end a connection, keep it out, and have a look at it first. In the order to be done.
pub(crate) fn cut_off(peer: &VncPeer) -> Vec<String> {
    let VncPeer { pid, local, local_port, remote, remote_port, .. } = peer;
    let inside = if peer.own_network { format!("nsenter -t {pid} -n ") } else { String::new() };
    let (tables, family) = if remote.is_ipv4() { ("iptables", "ip") } else { ("ip6tables", "ip6") };
    let address = if local.is_ipv4() { format!("{local}") } else { format!("[{local}]") };
    let other = if remote.is_ipv4() { format!("{remote}") } else { format!("[{remote}]") };
    vec![
        format!(
            "record it first: {inside}ss -tnpi 'src {address}:{local_port}', and a packet capture of host {remote}"
        ),
        format!(
            "keep it out: {inside}{tables} -I INPUT 1 -p tcp -s {remote} --dport {local_port} -j DROP \
             (with nftables: nft insert rule FAMILY TABLE CHAIN {family} saddr {remote} tcp dport {local_port} drop, \
             in the chain that filters input)"
        ),
        format!(
            "end it: {inside}ss -K 'src {address}:{local_port} and dst {other}:{remote_port}'; where the kernel \
             cannot (no INET_DIAG_DESTROY), the rule above starves it"
        ),
        "if the guest must stay reachable while you watch, slow the peer down instead: coroner throttle plan".to_owned(),
    ]
}

/// How to close a console for good.
pub(crate) fn close(console: &VncConsole) -> Vec<String> {
    if !console.listed {
        let pid = console.pid.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
        return vec![format!(
            "find out who started process {pid} (its parent, its unit, its user) and start it again with \
             -vnc 127.0.0.1:N,password=on, or with -vnc none"
        )];
    }
    let guest = guest(&console.domain, &console.uuid);
    let kind = if console.protocol == Protocol::Spice { "spice" } else { "vnc" };
    let mut steps = vec![format!(
        "close it for good: virsh edit {guest}, in <graphics type='{kind}'> set listen='127.0.0.1' (in its \
         <listen> element too) and passwd='...', then virsh shutdown {guest} and virsh start {guest}: a \
         running guest keeps its listener. Viewers then come through ssh -L or virt-viewer -c qemu+ssh://HOST/system"
    )];
    if let Some(port) = console.port.filter(|_| console.reach.is_open()) {
        steps.push(format!(
            "until then: iptables -I INPUT 1 -p tcp --dport {port} ! -i lo -j DROP, and the same with ip6tables"
        ));
    }
    if console.password && console.pid.is_some() {
        steps.push(format!(
            "change the password now: virsh qemu-monitor-command {guest} --hmp 'set_password {kind} NEW' (it ends \
             no connection), and set it with virsh edit {guest} for the next start"
        ));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_acts_on_a_shell_is_never_typed() {
        let uuid = Text::from("6f1c2b1e-0d7a");
        assert_eq!(guest(&Text::from("web1"), &uuid), "web1");
        assert_eq!(guest(&Text::from("a; rm -rf /"), &uuid), "6f1c2b1e-0d7a");
        assert_eq!(guest(&Text::from("--all"), &Text::from("$(x)")), "DOMAIN");
    }
}
