//! Targets of iptables rules: `-j NAME --its-options`.

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::model::Verdict;
use crate::Text;

/// A target and its options as written.
#[derive(Debug)]
pub(in super::super) struct Target {
    pub(in super::super) name: Vec<u8>,
    pub(in super::super) goto: bool,
    pub(in super::super) options: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
}

/// Targets of the kernel that are no chains and decide nothing by themselves.
const EXTENSIONS: [&str; 28] = [
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CLUSTERIP",
    "CONNMARK",
    "CONNSECMARK",
    "CT",
    "DNPT",
    "DSCP",
    "ECN",
    "HL",
    "HMARK",
    "IDLETIMER",
    "LED",
    "MARK",
    "NETMAP",
    "NOTRACK",
    "RATEEST",
    "SECMARK",
    "SET",
    "SNPT",
    "SYNPROXY",
    "TCPMSS",
    "TCPOPTSTRIP",
    "TEE",
    "TOS",
    "TRACE",
    "TTL",
];

/// A target of the kernel, not a chain of the rule set.
fn is_extension(name: &[u8]) -> bool {
    EXTENSIONS.iter().any(|extension| extension.as_bytes() == name)
}

impl Target {
    fn option(&self, names: &[&str]) -> Option<&[u8]> {
        let (_, values) = self
            .options
            .iter()
            .find(|(option, _)| names.iter().any(|name| name.as_bytes() == option.as_slice()))?;
        values.first().map(Vec::as_slice)
    }

    fn written(&self) -> Text {
        let mut text = self.name.clone();
        for (option, values) in &self.options {
            text.push(b' ');
            text.extend_from_slice(option);
            for value in values {
                text.push(b' ');
                text.extend_from_slice(value);
            }
        }
        Text::from(text)
    }
}

/// What the target does.
pub(in super::super) fn verdict_of(target: &Target) -> Verdict {
    let port = |names: &[&str]| target.option(names).and_then(PortRange::parse);
    match target.name.as_slice() {
        b"ACCEPT" => Verdict::Accept,
        b"DROP" => Verdict::Drop,
        b"REJECT" => Verdict::Reject,
        b"RETURN" => Verdict::Return,
        b"LOG" | b"NFLOG" | b"ULOG" => Verdict::Log,
        b"QUEUE" => Verdict::Queue(Text::from("0")),
        b"NFQUEUE" => {
            let number = target.option(&["--queue-num", "--queue-balance"]).unwrap_or(b"0");
            Verdict::Queue(Text::new(
                number.iter().map(|&b| if b == b':' { b'-' } else { b }).collect::<Vec<u8>>(),
            ))
        }
        b"REDIRECT" => Verdict::Redirect { port: port(&["--to-ports", "--to-port"]) },
        b"TPROXY" => Verdict::Redirect { port: port(&["--on-port"]) },
        b"DNAT" => {
            nat_destination(target.option(&["--to-destination", "--to"]).unwrap_or_default())
        }
        b"SNAT" => {
            Verdict::Snat(Text::from(target.option(&["--to-source", "--to"]).unwrap_or_default()))
        }
        b"MASQUERADE" => Verdict::Snat(Text::from("masquerade")),
        name if is_extension(name) => Verdict::Other(target.written()),
        name if target.goto => Verdict::Goto(Text::from(name)),
        name => Verdict::Jump(Text::from(name)),
    }
}

/// `10.0.0.5:443`, `10.0.0.5`, `:8080`, `[2001:db8::1]:443`, `2001:db8::1`.
pub(in super::super) fn nat_destination(text: &[u8]) -> Verdict {
    let (address, port) = split_port(text);
    Verdict::Dnat {
        to: (!address.is_empty()).then(|| Peer::parse(address)),
        port: PortRange::parse(port),
    }
}

fn split_port(text: &[u8]) -> (&[u8], &[u8]) {
    if let Some(inner) = text.strip_prefix(b"[") {
        let end = memchr::memchr(b']', inner).unwrap_or(inner.len());
        let after = inner.get(end + 1..).unwrap_or_default();
        return (
            inner.get(..end).unwrap_or_default(),
            after.strip_prefix(b":").unwrap_or_default(),
        );
    }
    if AddressRange::parse(text).is_some() {
        return (text, b"");
    }
    match memchr::memrchr(b':', text) {
        Some(colon) => {
            (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default())
        }
        None => (text, b""),
    }
}
