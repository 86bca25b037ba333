//! The words behind `-A CHAIN`: conditions, target, counters.

use super::super::address::{AddressRange, Peer, PortRange};
use super::super::model::{Condition, Counters, Match};
use super::super::names;
use super::super::words::Word;
use super::number;
use super::target::Target;
use crate::Text;

/// What the words of one rule say.
#[derive(Debug, Default)]
pub(in super::super) struct Parsed {
    pub(in super::super) matches: Vec<Match>,
    pub(in super::super) target: Option<Target>,
    pub(in super::super) counters: Option<Counters>,
}

/// Makes a condition of an option's values; `None` when the values make no sense.
type Make = fn(&[&[u8]]) -> Option<Condition>;

/// Options, how many values they take, and what they mean.
const OPTIONS: [(&[&str], usize, Make); 19] = [
    (&["-p", "--protocol", "--proto"], 1, |v| {
        let name = names::protocol(first(v)?);
        Some(Condition::Protocol(if name == "all" { Vec::new() } else { vec![name] }))
    }),
    (&["-s", "--source", "--src", "--src-range"], 1, |v| Some(Condition::Source(peers(first(v)?)))),
    (&["-d", "--destination", "--dst", "--dst-range"], 1, |v| {
        Some(Condition::Destination(peers(first(v)?)))
    }),
    (&["-i", "--in-interface"], 1, |v| Some(Condition::InInterface(vec![Text::from(first(v)?)]))),
    (&["-o", "--out-interface"], 1, |v| Some(Condition::OutInterface(vec![Text::from(first(v)?)]))),
    (&["--sport", "--source-port", "--sports", "--source-ports"], 1, |v| {
        Some(Condition::SourcePort(ports(first(v)?)?))
    }),
    (&["--dport", "--destination-port", "--dports", "--destination-ports"], 1, |v| {
        Some(Condition::DestinationPort(ports(first(v)?)?))
    }),
    (&["--ports"], 1, |v| Some(Condition::EitherPort(ports(first(v)?)?))),
    (&["--tcp-flags"], 2, |v| {
        let (mask, value) = (names::tcp_flags(first(v)?)?, names::tcp_flags(v.get(1)?)?);
        Some(Condition::TcpFlags { mask, values: vec![value] })
    }),
    (&["--syn"], 0, |_| Some(Condition::TcpFlags { mask: 0x17, values: vec![0x02] })),
    (&["--state", "--ctstate"], 1, |v| Some(Condition::State(states(first(v)?)))),
    (&["--uid-owner"], 1, |v| Some(Condition::OwnerUser(vec![Text::from(first(v)?)]))),
    (&["--gid-owner"], 1, |v| Some(Condition::OwnerGroup(vec![Text::from(first(v)?)]))),
    (&["--mark"], 1, |v| Some(Condition::Mark(Text::from(first(v)?)))),
    (&["--string", "--hex-string"], 1, |v| Some(Condition::Content(Text::from(first(v)?)))),
    (&["--u32"], 1, |v| Some(Condition::Payload(labelled("u32", first(v)?)))),
    (&["--bytecode", "--object-pinned"], 1, |v| {
        Some(Condition::Payload(labelled("bpf", first(v)?)))
    }),
    (&["--match-set"], 2, |v| Some(Condition::Set(Text::new(v.join(&b' '))))),
    (&["--comment"], 1, |v| Some(Condition::Comment(Text::from(first(v)?)))),
];

/// Modules that say nothing by being named.
const SILENT_MODULES: [&str; 8] =
    ["tcp", "udp", "udplite", "icmp", "icmp6", "ipv6-icmp", "sctp", "dccp"];

fn first<'a>(values: &[&'a [u8]]) -> Option<&'a [u8]> {
    values.first().copied()
}

fn labelled(label: &str, value: &[u8]) -> Text {
    Text::new([label.as_bytes(), b" ", value].concat())
}

fn commas(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').filter(|part| !part.is_empty())
}

fn peers(list: &[u8]) -> Vec<Peer> {
    commas(list).map(Peer::parse).collect()
}

fn ports(list: &[u8]) -> Option<Vec<PortRange>> {
    commas(list).map(PortRange::parse).collect()
}

fn states(list: &[u8]) -> Vec<Text> {
    let mut states: Vec<Text> =
        commas(list).map(|state| Text::from(state.to_ascii_lowercase())).collect();
    states.sort();
    states
}

/// Reads everything behind the chain's name. What is not known is kept as it was written.
pub(in super::super) fn read_conditions(words: &[Word]) -> Parsed {
    let mut scan = Scan { rest: words, parsed: Parsed::default(), module: None, negated: false };
    while let Some(word) = scan.take() {
        scan.word(word);
    }
    scan.close_module();
    scan.parsed
}

struct Scan<'a> {
    rest: &'a [Word],
    parsed: Parsed,
    /// A module that was named and of which no option has come yet.
    module: Option<&'a [u8]>,
    negated: bool,
}

impl<'a> Scan<'a> {
    fn take(&mut self) -> Option<&'a Word> {
        let (word, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(word)
    }

    fn word(&mut self, word: &'a Word) {
        if word.is_not() {
            self.negated = true;
            return;
        }
        match word.bytes.as_slice() {
            b"-m" | b"--match" => {
                self.close_module();
                self.module = self.take().map(|word| word.bytes.as_slice());
            }
            b"-j" | b"--jump" => self.target(false),
            b"-g" | b"--goto" => self.target(true),
            b"-c" | b"--set-counters" => self.counters(),
            option => self.option(option),
        }
        self.negated = false;
    }

    /// A module without options is a condition by itself (`-m socket`).
    fn close_module(&mut self) {
        let Some(module) = self.module.take() else { return };
        if !SILENT_MODULES.iter().any(|silent| silent.as_bytes() == module) {
            self.push(Condition::Other(labelled("-m", module)));
        }
    }

    fn push(&mut self, condition: Condition) {
        let empty = matches!(&condition, Condition::Protocol(list) if list.is_empty());
        let everywhere = match &condition {
            Condition::Source(peers) | Condition::Destination(peers) => {
                peers.iter().any(|peer| peer.range().is_some_and(AddressRange::is_everything))
            }
            _ => false,
        };
        if !empty && (!everywhere || self.negated) {
            self.parsed.matches.push(condition.negated_if(self.negated));
        }
    }

    fn counters(&mut self) {
        let mut count = || self.take().and_then(|word| number(&word.bytes));
        let (packets, bytes) = (count(), count());
        self.parsed.counters =
            packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes });
    }

    /// The target takes all options behind it: iptables-save writes it last.
    fn target(&mut self, goto: bool) {
        self.close_module();
        let Some(name) = self.take() else { return };
        let mut options = Vec::new();
        while let Some(option) = self.rest.first().filter(|word| word.is_option()) {
            if matches!(option.bytes.as_slice(), b"-m" | b"-c" | b"-j" | b"-s" | b"-d" | b"-p") {
                break;
            }
            self.take();
            options.push((option.bytes.clone(), self.values()));
        }
        let name = name.bytes.clone();
        self.parsed.target = Some(Target { name, goto, options });
    }

    /// Everything up to the next option.
    fn values(&mut self) -> Vec<Vec<u8>> {
        let mut values = Vec::new();
        while let Some(word) = self.rest.first().filter(|word| !word.is_option() && !word.is_not())
        {
            values.push(word.bytes.clone());
            self.take();
        }
        values
    }

    fn option(&mut self, option: &'a [u8]) {
        self.module = None;
        // Old scripts write `-s ! 192.0.2.1`.
        if self.rest.first().is_some_and(Word::is_not) {
            self.take();
            self.negated = true;
        }
        let known = OPTIONS.iter().find(|(names, ..)| names.iter().any(|n| n.as_bytes() == option));
        let condition = match known {
            Some((_, count, make)) => {
                let (values, rest) = self.rest.split_at(self.rest.len().min(*count));
                self.rest = rest;
                let values: Vec<&[u8]> = values.iter().map(|word| word.bytes.as_slice()).collect();
                make(&values).unwrap_or_else(|| Condition::Other(written(option, &values)))
            }
            None => self.unknown(option),
        };
        if !matches!(&condition, Condition::Other(text) if is_detail(text.as_bytes())) {
            self.push(condition);
        }
    }

    fn unknown(&mut self, option: &[u8]) -> Condition {
        let values = self.values();
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let text = written(option, &values);
        let rate = option.starts_with(b"--limit") || option.starts_with(b"--hashlimit");
        if rate { Condition::Limit(text) } else { Condition::Other(text) }
    }
}

/// How to search is not what to search.
fn is_detail(text: &[u8]) -> bool {
    text.starts_with(b"--algo ")
        || text == b"--icase"
        || text.starts_with(b"--to ")
        || text.starts_with(b"--from ")
}

fn written(option: &[u8], values: &[&[u8]]) -> Text {
    let mut words = vec![option];
    words.extend_from_slice(values);
    Text::new(words.join(&b' '))
}
