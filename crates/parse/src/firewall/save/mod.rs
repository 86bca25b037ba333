//! `iptables-save` text: rules.v4, rules.v6, /etc/sysconfig/iptables, ufw's *.rules
//! (iptables-save(8), iptables-extensions(8)).

mod options;
mod target;

use std::collections::HashMap;

use super::model::{Chain, Counters, Family, Hook, Rule, RuleSet, Statement, Verdict};
use super::words::{self, Word};
use crate::{BadLine, Line, Text, lines};

pub(super) use options::read_conditions;
pub(super) use target::{nat_destination, verdict_of};

/// Reads a saved rule set; each table's lines end with `COMMIT`, but nothing depends on that.
pub fn parse_iptables_save(content: &[u8], family: Family) -> RuleSet {
    let mut reader = Reader {
        family,
        table: Text::from("filter"),
        lengths: HashMap::new(),
        set: RuleSet::default(),
    };
    for line in lines(content) {
        match line.and_then(|line| reader.line(line)) {
            Ok(()) => {}
            Err(bad) => reader.set.bad.push(bad),
        }
    }
    reader.set
}

struct Reader {
    family: Family,
    table: Text,
    /// Rules so far of each chain of the present table.
    lengths: HashMap<Text, u32>,
    set: RuleSet,
}

impl Reader {
    fn line(&mut self, line: Line<'_>) -> Result<(), BadLine> {
        let text = line.bytes.trim_ascii();
        match text.first() {
            None | Some(b'#') => {}
            Some(b'*') => {
                self.table = Text::from(text.get(1..).unwrap_or_default().trim_ascii());
                self.lengths.clear();
            }
            Some(b':') => self.chain_line(line, text.get(1..).unwrap_or_default())?,
            Some(b'-' | b'[') => self.command(line, text)?,
            Some(_) if text == b"COMMIT" => {}
            Some(_) => self.keep(line),
        }
        Ok(())
    }

    fn keep(&mut self, line: Line<'_>) {
        let text = Text::from(line.bytes.trim_ascii());
        self.set.other.push(Statement { line: line.number, text });
    }

    /// `INPUT DROP [0:0]`, or `KUBE-SVC - [0:0]`.
    fn chain_line(&mut self, line: Line<'_>, text: &[u8]) -> Result<(), BadLine> {
        let mut fields = text.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let (Some(name), Some(policy)) = (fields.next(), fields.next()) else {
            return Err(BadLine::new(line, "a chain without policy"));
        };
        self.chain(line.number, name, policy);
        Ok(())
    }

    fn chain(&mut self, line: u32, name: &[u8], policy: &[u8]) {
        let policy = match policy {
            b"ACCEPT" => Some(Verdict::Accept),
            b"DROP" => Some(Verdict::Drop),
            _ => None,
        };
        self.set.chains.push(Chain {
            family: self.family,
            table: self.table.clone(),
            name: Text::from(name),
            hook: policy.as_ref().and_then(|_| Hook::from_name(name)),
            priority: None,
            kind: None,
            policy,
            line,
        });
    }

    /// `-A`, `-I`, `-N` or `-P`, perhaps behind `[packets:bytes]`.
    fn command(&mut self, line: Line<'_>, text: &[u8]) -> Result<(), BadLine> {
        let (counters, text) = leading_counters(text);
        let open_quote = || BadLine::new(line, "a quote that never closes");
        let words = words::split(text).ok_or_else(open_quote)?;
        let mut words = words.iter();
        let (Some(command), Some(chain)) = (words.next(), words.next()) else {
            return Err(BadLine::new(line, "a command without chain"));
        };
        let rest = words.as_slice();
        match command.bytes.as_slice() {
            b"-A" | b"--append" => self.rule(line.number, text, chain, rest, counters, None),
            b"-I" | b"--insert" => {
                let place = rest.first().and_then(|word| number(&word.bytes));
                let rest = if place.is_some() { rest.get(1..) } else { Some(rest) };
                let rest = rest.unwrap_or_default();
                self.rule(line.number, text, chain, rest, counters, Some(place.unwrap_or(1)));
            }
            b"-N" | b"--new-chain" => self.chain(line.number, &chain.bytes, b"-"),
            b"-P" | b"--policy" => {
                let policy = rest.first().map_or(b"-".as_slice(), |word| &word.bytes);
                self.chain(line.number, &chain.bytes, policy);
            }
            _ => self.keep(line),
        }
        Ok(())
    }

    fn rule(
        &mut self,
        line: u32,
        text: &[u8],
        chain: &Word,
        words: &[Word],
        counters: Option<Counters>,
        place: Option<u32>,
    ) {
        let chain = Text::from(chain.bytes.as_slice());
        let length = self.lengths.entry(chain.clone()).or_default();
        *length += 1;
        let position = place.unwrap_or(*length);
        let parsed = read_conditions(words);
        self.set.rules.push(Rule {
            family: self.family,
            table: self.table.clone(),
            chain,
            position,
            line,
            matches: parsed.matches,
            verdict: parsed.target.as_ref().map(verdict_of).unwrap_or_default(),
            counters: counters.or(parsed.counters),
            text: Text::from(text),
        });
    }
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `[packets:bytes] rest`, as `iptables-save -c` writes it.
fn leading_counters(text: &[u8]) -> (Option<Counters>, &[u8]) {
    let split = || {
        let inner = text.strip_prefix(b"[")?;
        let end = memchr::memchr(b']', inner)?;
        let (counts, rest) = (inner.get(..end)?, inner.get(end + 1..)?);
        let colon = memchr::memchr(b':', counts)?;
        let packets = number(counts.get(..colon)?)?;
        let bytes = number(counts.get(colon + 1..)?)?;
        Some((Counters { packets, bytes }, rest.trim_ascii_start()))
    };
    split().map_or((None, text), |(counters, rest)| (Some(counters), rest))
}

#[cfg(test)]
mod tests;
