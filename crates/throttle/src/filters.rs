//! The filters of a plan: exemptions first, then the attack, for each kind of frame.

use crate::facts::Facts;
use crate::handle::Handle;
use crate::matching::{self, Term};
use crate::model::{Body, Filter, Frames, Key, Plan, Start, Then};
use crate::request::{Request, WrongRequest};

/// The kernel asks u32 filters one after the other for every packet.
const MOST: usize = 2_000;
/// Tables are numbered with eleven bits, of which the kernel keeps the upper half for itself.
const MOST_TABLES: u16 = 0x7ff;

/// What happens to what is matched.
pub(crate) struct Verdicts {
    pub(crate) exempt: Then,
    pub(crate) attack: Then,
}

/// Adds all filters to a plan.
pub(crate) fn add(
    plan: &mut Plan,
    request: &Request,
    facts: &Facts,
    parent: Handle,
    verdicts: &Verdicts,
) -> Result<(), WrongRequest> {
    let mut frames = vec![Frames::Ip, Frames::Ipv6];
    if request.vlan || facts.has_vlans {
        frames.push(Frames::Vlan);
    }
    let mut build = Build { plan, parent, priority: 0, table: 0 };
    for frames in frames.iter().copied() {
        build.priority += 1;
        for exempt in &request.exempt {
            let name = format!("exempt {exempt}");
            let terms = matching::exempt(exempt, request.direction);
            build.terms(&name, frames, &terms, &verdicts.exempt);
        }
    }
    for frames in frames {
        build.priority += 1;
        build.attack(request, frames, &verdicts.attack);
    }
    let (count, tables) = (build.plan.filters.len(), build.table);
    if count > MOST || tables > MOST_TABLES {
        Err(WrongRequest::TooMany(count, MOST))
    } else {
        Ok(())
    }
}

struct Build<'a> {
    plan: &'a mut Plan,
    parent: Handle,
    priority: u16,
    table: u16,
}

/// The families that a frame can carry: IPv4, or else IPv6.
fn families(frames: Frames) -> &'static [bool] {
    match frames {
        Frames::Ip => &[true],
        Frames::Ipv6 => &[false],
        Frames::Vlan => &[true, false],
    }
}

impl Build<'_> {
    fn attack(&mut self, request: &Request, frames: Frames, then: &Then) {
        let terms = matching::attack(&request.matching);
        for &ipv4 in families(frames) {
            if request.matching.has_family(ipv4) {
                self.family("attack", frames, ipv4, &terms, then);
            }
        }
    }

    fn terms(&mut self, name: &str, frames: Frames, terms: &[Term], then: &Then) {
        for &ipv4 in families(frames) {
            self.family(name, frames, ipv4, terms, then);
        }
    }

    /// Terms that look at the same transport keys share one table.
    fn family(&mut self, name: &str, frames: Frames, ipv4: bool, terms: &[Term], then: &Then) {
        let mut tables: Vec<(&[Vec<Key>], u16)> = Vec::new();
        for term in terms.iter().filter(|term| term.has_family(ipv4)) {
            let verdict = if term.transport.is_empty() {
                then.clone()
            } else {
                let known = tables.iter().find(|(transport, _)| *transport == term.transport);
                let table = match known {
                    Some(&(_, table)) => table,
                    None => self.new_table(name, frames, &term.transport, then),
                };
                tables.push((&term.transport, table));
                let start = if ipv4 { Start::HeaderLength } else { Start::Fixed };
                Then::Ask { table, start }
            };
            let keys = term.network_keys(ipv4, frames == Frames::Vlan);
            let entry = Body::Entry { table: None, keys, mark: term.mark, then: verdict };
            self.push(name, frames, entry);
        }
    }

    fn new_table(&mut self, name: &str, frames: Frames, runs: &[Vec<Key>], then: &Then) -> u16 {
        self.table = self.table.saturating_add(1);
        let table = self.table;
        self.push(name, frames, Body::Table { table });
        for keys in runs {
            let (keys, then) = (keys.clone(), then.clone());
            self.push(name, frames, Body::Entry { table: Some(table), keys, mark: None, then });
        }
        table
    }

    fn push(&mut self, name: &str, frames: Frames, body: Body) {
        let (priority, parent) = (self.priority, self.parent);
        self.plan.filters.push(Filter { name: name.to_owned(), frames, priority, parent, body });
    }
}
