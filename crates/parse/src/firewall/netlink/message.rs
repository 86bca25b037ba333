//! Messages of a dump, each behind its `struct nfgenmsg`.

use super::super::bytes::byte;
use super::super::model::{Chain, Condition, Family, Hook, Rule};
use super::attributes::Attributes;
use super::expression;
use super::set::{Element, SetMembers, Sets};
use super::state::Decoder;
use super::verdict::{data_verdict, verdict};
use crate::Text;

/// Bytes of `struct nfgenmsg`.
const HEADER: usize = 4;

fn open(payload: &[u8]) -> Option<(Family, Attributes<'_>)> {
    let family = Family::from_number(byte(payload, 0)?);
    Some((family, Attributes::read(payload.get(HEADER..)?)))
}

/// The rule set's generation (`NFT_MSG_NEWGEN`): it changes with every commit.
pub fn generation(payload: &[u8]) -> Option<u32> {
    open(payload)?.1.word(1)
}

/// A chain (`NFT_MSG_NEWCHAIN`).
pub fn parse_chain(payload: &[u8]) -> Option<Chain> {
    let (family, attributes) = open(payload)?;
    let hook = attributes.nested(4);
    let number = hook.as_ref().and_then(|hook| hook.word(1));
    let policy = attributes.word(5).map(|code| verdict(code, None));
    Some(Chain {
        family,
        table: attributes.text(1)?,
        name: attributes.text(3)?,
        hook: number.and_then(|number| Hook::from_number(family, number)),
        priority: hook.and_then(|hook| hook.word(2)).map(u32::cast_signed),
        kind: attributes.text(7),
        policy,
        line: 0,
    })
}

/// Which set a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetName {
    /// Whose packets.
    pub family: Family,
    /// The family as the kernel numbers it, to ask on.
    pub family_number: u8,
    /// The table.
    pub table: Text,
    /// The set; sets without a name of the user's are called `__set0`, `__map1`.
    pub name: Text,
}

/// A set's name (`NFT_MSG_NEWSET`).
pub fn parse_set_name(payload: &[u8]) -> Option<SetName> {
    let (family, attributes) = open(payload)?;
    Some(SetName {
        family,
        family_number: byte(payload, 0)?,
        table: attributes.text(1)?,
        name: attributes.text(2)?,
    })
}

/// Members of a set (`NFT_MSG_NEWSETELEM`); a big set comes in several messages.
pub fn parse_set_elements(payload: &[u8]) -> Option<(SetName, SetMembers)> {
    let (family, attributes) = open(payload)?;
    let name = SetName {
        family,
        family_number: byte(payload, 0)?,
        table: attributes.text(1)?,
        name: attributes.text(2)?,
    };
    let list = attributes.nested(3);
    let elements = list.iter().flat_map(|list| list.all(1)).filter_map(element).collect();
    Some((name, SetMembers { elements }))
}

fn element(bytes: &[u8]) -> Option<Element> {
    let attributes = Attributes::read(bytes);
    let value = |kind| attributes.nested(kind)?.get(1).map(<[u8]>::to_vec);
    Some(Element {
        key: value(1)?,
        key_end: value(10),
        flags: attributes.word(3).unwrap_or(0),
        verdict: attributes
            .nested(2)
            .and_then(|data| data.nested(2))
            .map(|data| data_verdict(&data)),
    })
}

/// A rule (`NFT_MSG_NEWRULE`); its place in the chain is counted by the caller.
pub fn parse_rule(payload: &[u8], sets: &Sets) -> Option<Rule> {
    let (family, attributes) = open(payload)?;
    let table = attributes.text(1)?;
    let mut decoder = Decoder::new(family, &table, sets);
    let list = attributes.nested(4);
    for bytes in list.iter().flat_map(|list| list.all(1)) {
        let expression = Attributes::read(bytes);
        let name = expression.text(1).unwrap_or_default();
        let data = expression.get(2).unwrap_or_default();
        expression::decode(&mut decoder, &name, data);
    }
    let decoded = decoder.finish();
    let mut matches = decoded.matches;
    let mut text = decoded.text;
    if let Some(comment) = attributes.get(7).and_then(comment) {
        text.push(format!("comment \"{}\"", comment.lossy()));
        matches.push(Condition::Comment(comment).plain());
    }
    Some(Rule {
        family,
        table,
        chain: attributes.text(2)?,
        position: 0,
        line: 0,
        matches,
        verdict: decoded.verdict,
        counters: decoded.counters,
        text: Text::from(text.join(" ")),
    })
}

/// User data is a list of type, length, value, a byte each for the first two; type 0 is a comment
/// (libnftnl's udata.h).
fn comment(data: &[u8]) -> Option<Text> {
    let mut rest = data;
    while let [kind, length, tail @ ..] = rest {
        let (value, tail) = tail.split_at_checked(usize::from(*length))?;
        if *kind == 0 {
            return Some(super::super::bytes::c_string(value));
        }
        rest = tail;
    }
    None
}
