//! nftables, by netlink (`linux/netfilter/nfnetlink.h`, `linux/netfilter/nf_tables.h`).
//!
//! Requests are built with netlink-packet-netfilter; answers are decoded in parse, which keeps
//! names as bytes.

use std::collections::HashMap;
use std::time::Instant;

use coroner_parse::Text;
use coroner_parse::firewall::netlink::{
    SetName, Sets, generation, parse_chain, parse_rule, parse_set_elements, parse_set_name,
};
use coroner_parse::firewall::{Family, RuleSet};
use netlink_packet_core::DefaultNla;
use netlink_packet_netfilter::nftables::{
    ChainMessage, GenMessage, NfTablesMessage, RuleMessage, SetElementList, SetElementMessage,
    SetMessage,
};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};
use netlink_sys::protocols::NETLINK_NETFILTER;
use rustix::io::Errno;

use crate::netlink::Link;
use crate::presence::{Part, Parts, netlink_protocol};
use crate::{Blocked, Host, HostPath, Unseen};

/// A rule set that keeps changing under us is dumped again this often.
const TRIES: usize = 5;
const MOST_RULES: usize = 1_000_000;
const MOST_SETS: usize = 20_000;
/// Messages of set members over the whole rule set (each holds up to some hundred members).
const MOST_MEMBER_MESSAGES: usize = 100_000;

/// All of nftables' parts link to this function.
const NF_TABLES: Part = Part { module: "nf_tables", symbol: "nft_register_expr" };

/// Whether nftables answers in this kernel without anything being loaded for it.
pub(super) fn is_there(host: &Host, net: &HostPath) -> Result<bool, Unseen> {
    Ok(netlink_protocol(host, net, NETLINK_NETFILTER)? && Parts::of(host)?.have(NF_TABLES)?)
}

/// Reads everything; `None` when the kernel says that it has no nftables.
pub(super) fn read(deadline: Instant) -> Result<Option<RuleSet>, Blocked> {
    let mut link = Link::open(NETLINK_NETFILTER, deadline).map_err(Blocked::from_errno)?;
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
    link.dump(all(NfTablesMessage::GetChain(ChainMessage { attributes: vec![] })), |payload| {
        set.chains.extend(parse_chain(payload));
        bounded(set.chains.len(), MOST_RULES)
    })?;
    let sets = dump_sets(link)?;
    let mut lengths: HashMap<(Family, Text, Text), u32> = HashMap::new();
    link.dump(all(NfTablesMessage::GetRule(RuleMessage { attributes: vec![] })), |payload| {
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
    link.ask(all(question), |payload| {
        found = generation(payload);
        Ok(())
    })?;
    Ok(found)
}

/// Members of all sets: those without a name are part of the rules, and named ones decide too.
fn dump_sets(link: &mut Link) -> Result<Sets, Errno> {
    let mut names: Vec<SetName> = Vec::new();
    link.dump(all(NfTablesMessage::GetSet(SetMessage { attributes: vec![] })), |payload| {
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
        link.dump(about(name.family_number, question), |payload| {
            if let Some((name, members)) = parse_set_elements(payload) {
                sets.add(name.family, name.table, name.name, members);
            }
            messages += 1;
            bounded(messages, MOST_MEMBER_MESSAGES)
        })?;
    }
    Ok(sets)
}

/// A question about every family.
fn all(question: NfTablesMessage) -> NetfilterMessage {
    about(0, question)
}

fn about(family: u8, question: NfTablesMessage) -> NetfilterMessage {
    let family = NetfilterProtoFamily::from(family);
    NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), question)
}
