//! nftables, by netlink (`linux/netfilter/nfnetlink.h`, `linux/netfilter/nf_tables.h`).
//!
//! Requests are built with netlink-packet-netfilter; answers are decoded in parse, which keeps
//! names as bytes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use coroner_parse::Text;
use coroner_parse::firewall::netlink::{
    SetName, Sets, generation, parse_chain, parse_rule, parse_set_elements, parse_set_name,
};
use coroner_parse::firewall::{Family, RuleSet};
use netlink_packet_core::{
    DefaultNla, NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_netfilter::nftables::{
    ChainMessage, GenMessage, NfTablesMessage, RuleMessage, SetElementList, SetElementMessage,
    SetMessage,
};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use crate::Blocked;

/// A dump message is at most 32 KiB; one rule with its expressions at most 64 KiB.
const BUFFER: usize = 256 << 10;
/// One answer may take this long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A rule set that keeps changing under us is dumped again this often.
const TRIES: usize = 5;
const MOST_RULES: usize = 1_000_000;
const MOST_SETS: usize = 20_000;
/// Messages of set members over the whole rule set (each holds up to some hundred members).
const MOST_MEMBER_MESSAGES: usize = 100_000;

/// `NLMSG_ERROR`, `NLMSG_DONE`, `NLM_F_DUMP_INTR` (linux/netlink.h).
const ERROR: u16 = 2;
const DONE: u16 = 3;
const INTERRUPTED: u16 = 0x10;

/// Reads everything; `None` when the kernel says that it has no nftables.
pub(super) fn read(deadline: Instant) -> Result<Option<RuleSet>, Blocked> {
    let mut link = Link::open(deadline).map_err(Blocked::from_errno)?;
    for _ in 0..TRIES {
        match dump(&mut link) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            // nfnetlink's answer for a subsystem that is not there.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(Errno::TIMEDOUT) => return Err(Blocked::OutOfTime),
            Err(Errno::FBIG) => return Err(Blocked::TooLarge),
            Err(other) => return Err(Blocked::from_errno(other)),
            Ok(set) => return Ok(Some(set)),
        }
    }
    Err(Blocked::Vanished)
}

/// One dump, consistent: the generation is the same before and after. `AGAIN` when it is not.
fn dump(link: &mut Link) -> Result<RuleSet, Errno> {
    let before = ask_generation(link)?;
    let mut set = RuleSet::default();
    link.dump(NfTablesMessage::GetChain(ChainMessage { attributes: vec![] }), 0, |payload| {
        set.chains.extend(parse_chain(payload));
        bounded(set.chains.len(), MOST_RULES)
    })?;
    let sets = dump_sets(link)?;
    let mut lengths: HashMap<(Family, Text, Text), u32> = HashMap::new();
    link.dump(NfTablesMessage::GetRule(RuleMessage { attributes: vec![] }), 0, |payload| {
        if let Some(mut rule) = parse_rule(payload, &sets) {
            let key = (rule.family, rule.table.clone(), rule.chain.clone());
            let length = lengths.entry(key).or_default();
            *length += 1;
            rule.position = *length;
            set.rules.push(rule);
        }
        bounded(set.rules.len(), MOST_RULES)
    })?;
    if ask_generation(link)? != before {
        return Err(Errno::AGAIN);
    }
    Ok(set)
}

fn bounded(count: usize, most: usize) -> Result<(), Errno> {
    if count > most { Err(Errno::FBIG) } else { Ok(()) }
}

fn ask_generation(link: &mut Link) -> Result<Option<u32>, Errno> {
    let mut found = None;
    let question = NfTablesMessage::GetGen(GenMessage { attributes: vec![] });
    link.ask(question, |payload| {
        found = generation(payload);
        Ok(())
    })?;
    Ok(found)
}

/// Members of all sets: those without a name are part of the rules, and named ones decide too.
fn dump_sets(link: &mut Link) -> Result<Sets, Errno> {
    let mut names: Vec<SetName> = Vec::new();
    link.dump(NfTablesMessage::GetSet(SetMessage { attributes: vec![] }), 0, |payload| {
        names.extend(parse_set_name(payload));
        bounded(names.len(), MOST_SETS)
    })?;
    let mut sets = Sets::default();
    let mut messages = 0;
    for name in names {
        let text = |kind, text: &Text| {
            let bytes = [text.as_bytes(), b"\0"].concat();
            SetElementList::Other(DefaultNla::new(kind, bytes))
        };
        let attributes = vec![text(1, &name.table), text(2, &name.name)];
        let question = NfTablesMessage::GetSetElement(SetElementMessage { attributes });
        link.dump(question, name.family_number, |payload| {
            if let Some((name, members)) = parse_set_elements(payload) {
                sets.add(name.family, name.table, name.name, members);
            }
            messages += 1;
            bounded(messages, MOST_MEMBER_MESSAGES)
        })?;
    }
    Ok(sets)
}

/// A netlink socket to nfnetlink.
struct Link {
    socket: Socket,
    buffer: Vec<u8>,
    sequence: u32,
    deadline: Instant,
}

/// What the messages of one datagram came to.
#[derive(PartialEq, Eq)]
enum Progress {
    More,
    Finished,
}

impl Link {
    fn open(deadline: Instant) -> Result<Self, Errno> {
        let errno = |error: std::io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
        let mut socket = Socket::new(NETLINK_NETFILTER).map_err(errno)?;
        socket.bind_auto().map_err(errno)?;
        socket.connect(&SocketAddr::new(0, 0)).map_err(errno)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE))?;
        Ok(Self { socket, buffer: vec![0; BUFFER], sequence: 0, deadline })
    }

    /// A question with many answers.
    fn dump(
        &mut self,
        question: NfTablesMessage,
        family: u8,
        each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.exchange(question, family, NLM_F_REQUEST | NLM_F_DUMP, true, each)
    }

    /// A question with one answer.
    fn ask(
        &mut self,
        question: NfTablesMessage,
        each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.exchange(question, 0, NLM_F_REQUEST, false, each)
    }

    fn exchange(
        &mut self,
        question: NfTablesMessage,
        family: u8,
        flags: u16,
        many: bool,
        mut each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.send(question, family, flags)?;
        let mut interrupted = false;
        loop {
            let length = self.receive()?;
            let datagram = self.buffer.get(..length).unwrap_or_default();
            let progress = messages(datagram, self.sequence, many, &mut interrupted, &mut each)?;
            if progress == Progress::Finished {
                break;
            }
        }
        if interrupted { Err(Errno::INTR) } else { Ok(()) }
    }

    fn send(&mut self, question: NfTablesMessage, family: u8, flags: u16) -> Result<(), Errno> {
        // After an error the rest of an older answer may still wait; a new number tells it apart.
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let family = NetfilterProtoFamily::from(family);
        let inner = NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), question);
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(inner));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let sent = self.socket.send(&bytes, 0);
        sent.map(drop).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// One datagram from the kernel; those of others are passed over.
    fn receive(&mut self) -> Result<usize, Errno> {
        loop {
            if Instant::now() >= self.deadline {
                return Err(Errno::TIMEDOUT);
            }
            let mut room = self.buffer.as_mut_slice();
            match self.socket.recv_from(&mut room, libc::MSG_TRUNC) {
                Ok((length, _)) if length > self.buffer.len() => return Err(Errno::FBIG),
                Ok((length, sender)) if sender.port_number() == 0 => return Ok(length),
                Ok(_) => {}
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::INTR) => {}
                    Some(Errno::AGAIN) => return Err(Errno::TIMEDOUT),
                    other => return Err(other.unwrap_or(Errno::IO)),
                },
            }
        }
    }
}

/// The messages in one datagram that answer question `sequence`.
fn messages(
    datagram: &[u8],
    sequence: u32,
    many: bool,
    interrupted: &mut bool,
    each: &mut impl FnMut(&[u8]) -> Result<(), Errno>,
) -> Result<Progress, Errno> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let message = NetlinkBuffer::new_checked(rest).map_err(|_| Errno::BADMSG)?;
        let length = message.length() as usize;
        let (kind, flags) = (message.message_type(), message.flags());
        let payload = rest.get(16..length).ok_or(Errno::BADMSG)?;
        let ours = message.sequence_number() == sequence;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        if !ours {
            continue;
        }
        *interrupted |= flags & INTERRUPTED != 0;
        match kind {
            ERROR | DONE => return status(payload).map(|()| Progress::Finished),
            _ => each(payload)?,
        }
        if !many {
            return Ok(Progress::Finished);
        }
    }
    Ok(Progress::More)
}

/// The error number that an error or the end of a dump carries; a dump ends with 0.
fn status(payload: &[u8]) -> Result<(), Errno> {
    match payload.first_chunk().map(|bytes| i32::from_ne_bytes(*bytes)) {
        None | Some(0) => Ok(()),
        // Error numbers are 1 to 4095 (MAX_ERRNO, linux/err.h); anything else is no answer.
        Some(code) => Err(match code.checked_neg() {
            Some(number @ 1..=4095) => Errno::from_raw_os_error(number),
            _ => Errno::IO,
        }),
    }
}
