//! One rule of an nft script.

use super::super::address::{Peer, PortRange};
use super::super::model::{Condition, Counters, Match, Verdict};
use super::super::{names, save};
use super::lexer::{Kind, Token};
use super::value::{self, Value};
use crate::Text;

/// What the tokens of a rule say.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) matches: Vec<Match>,
    pub(super) verdict: Verdict,
    pub(super) counters: Option<Counters>,
}

/// Words that begin something a rule does, or a condition we read. Unknown text ends before them.
const BEGINNINGS: [&str; 50] = [
    "accept",
    "drop",
    "reject",
    "return",
    "continue",
    "jump",
    "goto",
    "queue",
    "redirect",
    "dnat",
    "snat",
    "masquerade",
    "tproxy",
    "log",
    "counter",
    "limit",
    "comment",
    "ip",
    "ip6",
    "tcp",
    "udp",
    "th",
    "sctp",
    "dccp",
    "meta",
    "ct",
    "iif",
    "iifname",
    "oif",
    "oifname",
    "skuid",
    "skgid",
    "mark",
    "icmp",
    "icmpv6",
    "vmap",
    "fib",
    "socket",
    "ether",
    "notrack",
    "set",
    "add",
    "update",
    "fwd",
    "dup",
    "quota",
    "numgen",
    "rt",
    "arp",
    "vlan",
];

/// The tokens as one line of text.
pub(super) fn text_of(tokens: &[Token<'_>]) -> Text {
    let mut text = Vec::new();
    for token in tokens {
        if !text.is_empty() && !token.is(",") {
            text.push(b' ');
        }
        if token.kind == Kind::Quoted {
            text.push(b'"');
        }
        text.extend_from_slice(token.bytes);
        if token.kind == Kind::Quoted {
            text.push(b'"');
        }
    }
    Text::from(text)
}

/// Reads a rule. Nothing is lost: what is not known becomes a condition in its own words.
pub(super) fn read(tokens: &[Token<'_>]) -> Parsed {
    let mut reader = Reader { rest: tokens, parsed: Parsed::default() };
    while !reader.rest.is_empty() {
        let before = reader.rest.len();
        reader.statement();
        if reader.rest.len() == before {
            reader.skip(1);
        }
    }
    reader.parsed
}

struct Reader<'t, 'a> {
    rest: &'t [Token<'a>],
    parsed: Parsed,
}

impl<'a> Reader<'_, 'a> {
    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn word(&self, at: usize) -> &'a [u8] {
        self.rest
            .get(at)
            .filter(|token| token.kind != Kind::Quoted)
            .map_or(b"", |token| token.bytes)
    }

    fn push(&mut self, condition: Condition, negated: bool) {
        let found = condition.negated_if(negated);
        let implied = matches!(found.condition, Condition::Protocol(_));
        if !(implied && self.parsed.matches.contains(&found)) {
            self.parsed.matches.push(found);
        }
    }

    fn statement(&mut self) {
        let header = [b"ip".as_slice(), b"ip6", b"tcp", b"udp", b"ct", b"ether"];
        if self.word(2) == b"set" && header.contains(&self.word(0)) {
            return self.setting();
        }
        match (self.word(0), self.word(1)) {
            (b"meta", _) => self.meta(),
            (b"mark", _) => self.mark(1),
            (b"ip" | b"ip6", b"saddr") => self.condition(2, |v| Some(Condition::Source(peers(v)))),
            (b"ip" | b"ip6", b"daddr") => {
                self.condition(2, |v| Some(Condition::Destination(peers(v))));
            }
            (b"ip", b"protocol") | (b"ip6", b"nexthdr") => self.condition(2, protocols),
            (b"l4proto", _) => self.condition(1, protocols),
            (b"tcp" | b"udp" | b"th" | b"sctp" | b"dccp", _) => self.transport(),
            (b"iif" | b"iifname", _) => {
                self.condition(1, |v| Some(Condition::InInterface(devices(v))));
            }
            (b"oif" | b"oifname", _) => {
                self.condition(1, |v| Some(Condition::OutInterface(devices(v))));
            }
            (b"ct", b"state") => self.condition(2, |v| {
                let mut states = v.texts();
                states.sort();
                Some(Condition::State(states))
            }),
            (b"skuid", _) => self.condition(1, |v| Some(Condition::OwnerUser(v.texts()))),
            (b"skgid", _) => self.condition(1, |v| Some(Condition::OwnerGroup(v.texts()))),
            (b"icmp" | b"icmpv6", _) => {
                self.push(Condition::Protocol(vec![names::protocol(self.word(0))]), false);
                self.unknown();
            }
            (b"counter", _) => self.counter(),
            (b"limit", _) => self.limit(),
            (b"comment", _) => {
                let comment = self.rest.get(1).map(|token| Text::from(token.bytes));
                self.push(Condition::Comment(comment.unwrap_or_default()), false);
                self.skip(2);
            }
            (first, _) if first.starts_with(b"@") && first.contains(&b',') => self.payload(),
            _ => self.verdict(),
        }
    }

    /// Reads the value behind a selector of `width` tokens.
    fn condition(&mut self, width: usize, make: fn(&Value<'a>) -> Option<Condition>) {
        if self.word(width) == b"." {
            return self.concatenation();
        }
        let selector = self.rest;
        if self.word(width) == b"vmap" {
            let map = selector.get(width + 1..).unwrap_or_default();
            return self.verdict_map(map, width + 1, make);
        }
        let Some((found, taken)) = value::value(selector.get(width..).unwrap_or_default()) else {
            return self.unknown();
        };
        let whole = selector.get(..width + taken).unwrap_or(selector);
        self.skip(width + taken);
        let condition = match found.set {
            Some(_) => Condition::Set(text_of(whole)),
            None => make(&found).unwrap_or_else(|| Condition::Other(text_of(whole))),
        };
        self.push(condition, found.negated());
    }

    /// `selector vmap { key : verdict, ... }`.
    fn verdict_map(
        &mut self,
        map: &[Token<'a>],
        width: usize,
        make: fn(&Value<'a>) -> Option<Condition>,
    ) {
        let Some((keys, taken)) = value::value(map) else { return self.unknown() };
        let whole = self.rest.get(..width + taken).unwrap_or(self.rest);
        self.skip(width + taken);
        let condition = match keys.set {
            Some(_) => Condition::Set(text_of(whole)),
            None => make(&keys).unwrap_or_else(|| Condition::Other(text_of(whole))),
        };
        self.push(condition, false);
        let inner = map.get(1..value::closing(map)).unwrap_or_default();
        self.parsed.verdict = map_verdict(inner);
    }

    /// `ip saddr . tcp dport @set`: several fields at once.
    fn concatenation(&mut self) {
        let end = self.rest.iter().position(|token| token.is("{") || token.bytes.starts_with(b"@"));
        let end = end.unwrap_or(0);
        let tail = self.rest.get(end..).unwrap_or_default();
        let length = if tail.first().is_some_and(|token| token.is("{")) {
            value::closing(tail) + 1
        } else {
            1
        };
        let whole = self.rest.get(..end + length).unwrap_or(self.rest);
        let map = whole.iter().any(|token| token.is("vmap"));
        self.skip(end + length);
        self.push(Condition::Set(text_of(whole)), false);
        if map {
            let inner = tail.get(1..length.saturating_sub(1)).unwrap_or_default();
            self.parsed.verdict = map_verdict(inner);
        }
    }

    /// `meta KEY value` is mostly what `KEY value` is; `meta KEY set value` does something.
    fn meta(&mut self) {
        let selectors =
            [b"l4proto".as_slice(), b"iif", b"iifname", b"oif", b"oifname", b"skuid", b"skgid"];
        match (self.word(1), self.word(2)) {
            (_, b"set") => self.setting(),
            (b"mark", _) => self.mark(2),
            (key, _) if selectors.contains(&key) => self.skip(1),
            _ => {
                let before = self.rest;
                self.skip(1);
                let taken = self.until_beginning();
                let count = before.len() - self.rest.len();
                let text = before.get(..count).map_or(taken, text_of);
                self.push(Condition::Other(text), false);
            }
        }
    }

    fn mark(&mut self, width: usize) {
        if self.word(width) == b"set" {
            return self.setting();
        }
        self.condition(width, |v| {
            let [mark] = v.members.as_slice() else { return None };
            let digits = std::str::from_utf8(mark).ok()?;
            let number = match digits.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            Some(Condition::Mark(Text::from(format!("{number:#x}"))))
        });
    }

    /// `meta mark set 0x1`: what the rule does, unless a verdict follows.
    fn setting(&mut self) {
        let at = self.rest.iter().position(|token| token.is("set")).unwrap_or(0);
        let head = text_of(self.rest.get(..=at).unwrap_or_default());
        self.skip(at + 1);
        let value = self.until_beginning();
        let text = [head.as_bytes(), b" ", value.as_bytes()].concat();
        self.parsed.verdict = Verdict::Other(Text::from(text));
    }

    fn transport(&mut self) {
        let protocol = self.word(0);
        if protocol != b"th" {
            self.push(Condition::Protocol(vec![names::protocol(protocol)]), false);
        }
        match self.word(1) {
            b"sport" => self.condition(2, |v| v.ports().map(Condition::SourcePort)),
            b"dport" => self.condition(2, |v| v.ports().map(Condition::DestinationPort)),
            b"flags" => {
                let found = value::tcp_flags(self.rest.get(2..).unwrap_or_default());
                let Some((condition, negated, taken)) = found else { return self.unknown() };
                self.skip(2 + taken);
                self.push(condition, negated);
            }
            _ => self.unknown(),
        }
    }

    /// `counter [packets N bytes N]`.
    fn counter(&mut self) {
        let count = |at| std::str::from_utf8(self.word(at)).ok().and_then(|n| n.parse().ok());
        if self.word(1) == b"packets" {
            let (packets, bytes) = (count(2), count(4));
            self.parsed.counters =
                packets.zip(bytes).map(|(packets, bytes)| Counters { packets, bytes });
            self.skip(5);
        } else {
            self.parsed.counters = Some(Counters::default());
            self.skip(if self.word(1) == b"name" { 3 } else { 1 });
        }
    }

    /// `limit rate [over] N/unit [burst N packets]`, or `limit name "x"`.
    fn limit(&mut self) {
        let taken = self.until_beginning();
        self.push(Condition::Limit(taken), false);
    }

    /// `@th,64,32 [& mask] [op] value`.
    fn payload(&mut self) {
        let taken = self.until_beginning();
        self.push(Condition::Payload(taken), false);
    }

    fn unknown(&mut self) {
        let setting = self.rest.iter().take(4).position(|token| token.is("set"));
        if setting.is_some_and(|at| at > 0) {
            return self.setting();
        }
        let taken = self.until_beginning();
        self.push(Condition::Other(taken), false);
    }

    /// Takes this token and those up to the next beginning.
    fn until_beginning(&mut self) -> Text {
        let begins = |token: &&Token<'_>| !BEGINNINGS.iter().any(|word| token.is(word));
        let more = self.rest.iter().skip(1).take_while(begins).count();
        let text = text_of(self.rest.get(..=more).unwrap_or(self.rest));
        self.skip(more + 1);
        text
    }

    fn verdict(&mut self) {
        let verdict = match self.word(0) {
            b"accept" => Verdict::Accept,
            b"drop" => Verdict::Drop,
            b"return" => Verdict::Return,
            b"continue" => Verdict::Continue,
            b"jump" => Verdict::Jump(Text::from(self.word(1))),
            b"goto" => Verdict::Goto(Text::from(self.word(1))),
            b"reject" => Verdict::Reject,
            b"log" => {
                self.until_beginning();
                if self.parsed.verdict == Verdict::Continue {
                    self.parsed.verdict = Verdict::Log;
                }
                return;
            }
            b"queue" | b"redirect" | b"dnat" | b"snat" | b"tproxy" | b"masquerade" | b"fwd"
            | b"dup" | b"notrack" => return self.rewrite(),
            _ => return self.unknown(),
        };
        let arguments = matches!(verdict, Verdict::Jump(_) | Verdict::Goto(_));
        if verdict == Verdict::Reject {
            self.until_beginning_or(b"with");
        } else {
            self.skip(if arguments { 2 } else { 1 });
        }
        self.parsed.verdict = verdict;
    }

    /// `reject with icmp type x`: `icmp` is not the beginning of a condition here.
    fn until_beginning_or(&mut self, word: &[u8]) {
        let with = self.word(1) == word;
        self.skip(if with { 3 } else { 1 });
        if with && !self.rest.is_empty() && !BEGINNINGS.iter().any(|w| self.word(0) == w.as_bytes())
        {
            self.until_beginning();
        }
    }

    /// `redirect to :8080`, `dnat ip to 10.0.0.5:80`, `queue num 0-3 bypass`, `masquerade random`.
    fn rewrite(&mut self) {
        let kind = self.word(0);
        let family = matches!(self.word(1), b"ip" | b"ip6");
        self.skip(if family { 2 } else { 1 });
        let stops = |token: &&Token<'_>| !BEGINNINGS.iter().any(|word| token.is(word));
        let count = self.rest.iter().take_while(stops).count();
        let arguments = self.rest.get(..count).unwrap_or_default();
        let text = text_of(arguments);
        let to = arguments.iter().find(|token| !token.is("to") && !token.is("num"));
        let to = to.map_or(b"".as_slice(), |token| token.bytes);
        self.parsed.verdict = match kind {
            b"redirect" | b"tproxy" => Verdict::Redirect { port: last_port(to) },
            b"dnat" => save::nat_destination(to),
            b"snat" => Verdict::Snat(Text::from(to)),
            b"masquerade" => Verdict::Snat(Text::from("masquerade")),
            b"queue" => Verdict::Queue(Text::from(if to.is_empty() { b"0" } else { to })),
            other => Verdict::Other(Text::new([other, b" ", text.as_bytes()].concat())),
        };
        self.skip(count);
    }
}

/// What the members `key : verdict` say, each verdict once. Maps do not nest.
fn map_verdict(members: &[Token<'_>]) -> Verdict {
    let verdicts = members.split(|token| token.is(",")).filter_map(|member| {
        let colon = member.iter().position(|token| token.is(":"))?;
        let verdict = member.get(colon + 1..)?;
        let plain = !verdict.iter().any(|token| token.is("vmap"));
        plain.then(|| read(verdict).verdict)
    });
    let mut verdicts: Vec<Verdict> = verdicts.collect();
    verdicts.sort();
    verdicts.dedup();
    Verdict::Map(verdicts)
}

/// The port behind the last colon.
fn last_port(to: &[u8]) -> Option<PortRange> {
    let colon = memchr::memrchr(b':', to)?;
    PortRange::parse(to.get(colon + 1..)?)
}

fn peers(found: &Value<'_>) -> Vec<Peer> {
    found.members.iter().map(|member| Peer::parse(member)).collect()
}

fn devices(found: &Value<'_>) -> Vec<Text> {
    // One spelling for "and whatever follows": that of iptables.
    let name = |member: &&[u8]| match member.strip_suffix(b"*") {
        Some(start) => Text::new([start, b"+"].concat()),
        None => Text::from(*member),
    };
    found.members.iter().map(name).collect()
}

#[allow(clippy::unnecessary_wraps)] // the signature that all makers share
fn protocols(found: &Value<'_>) -> Option<Condition> {
    Some(Condition::Protocol(found.members.iter().map(|name| names::protocol(name)).collect()))
}
