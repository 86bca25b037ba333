//! The questions, in the order in which people asked them.

use std::collections::BTreeMap;
use std::time::Duration;

use coroner_core::Time;
use coroner_parse::Text;

use crate::answer::Series;
use crate::ask::{Ask, Prometheus};
use crate::change::split;
use crate::names::{Counter, Names};
use crate::trail::{
    Audit, Change, Counted, Flap, Inner, Machine, Nic, Origin, Sign, Source, Trail, Unasked, Unseen,
};
use crate::{Trouble, next, nics, query};

/// Cards that a trail shows; the rest are counted.
const MOST_NICS: usize = 10;
const MOST_INNER: usize = 5;
/// Nodes that a trail shows.
const MOST_NODES: usize = 50;
/// A level that is so many times the one before is a beginning.
const BEGINS: f64 = 2.0;

/// Follows the trail.
///
/// # Errors
/// When the server does not answer, or has nothing of any node.
pub fn locate(server: &dyn Prometheus, names: &Names, ask: &Ask) -> Result<Trail, Trouble> {
    let walk = Walk { server, names, ask };
    let mut nics = nics::all(server, names, ask)?;
    let mut trail = Trail {
        server: Text::from(ask.server.as_str()),
        at: ask.at,
        window_s: ask.window.as_secs(),
        history_s: ask.history.as_secs(),
        stands_out: false,
        flapping: Vec::new(),
        unseen: walk.unseen()?,
        nics_seen: nics.len(),
        nics: Vec::new(),
        origin: None,
        eips: Vec::new(),
        machines: Vec::new(),
        since: None,
        audit: None,
        not_asked: Vec::new(),
        next: Vec::new(),
    };
    nics.truncate(MOST_NICS);
    trail.nics = nics;
    walk.flapping(&mut trail)?;
    walk.suspect(&mut trail)?;
    trail.stands_out =
        trail.suspect().is_some() || trail.flapping.iter().any(|flap| walk.stands_out(flap));
    trail.next = next::steps(&trail);
    Ok(trail)
}

struct Walk<'a> {
    server: &'a dyn Prometheus,
    names: &'a Names,
    ask: &'a Ask,
}

impl Walk<'_> {
    fn now(&self, query: &str) -> Result<Vec<Series>, Trouble> {
        self.server.instant(query, self.ask.seconds())
    }

    fn value(&self, query: &str) -> Result<Option<f64>, Trouble> {
        Ok(self.now(query)?.first().and_then(Series::last))
    }

    /// Whether a metric was there within the history.
    fn is_there(&self, metric: &str) -> Result<bool, Trouble> {
        let history = query::seconds(self.ask.history);
        Ok(!self.now(&format!("count(last_over_time({metric}[{history}]))"))?.is_empty())
    }

    fn unseen(&self) -> Result<Vec<Unseen>, Trouble> {
        let node = &self.names.node;
        let series = self.now(&query::unseen(node, self.ask.history))?;
        let unseen = series.iter().map(|one| Unseen { instance: one.label(&node.label).into() });
        Ok(unseen.take(MOST_NODES).collect())
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count
    fn flapping(&self, trail: &mut Trail) -> Result<(), Trouble> {
        let cluster = &self.names.cluster;
        if !self.is_there(&cluster.condition)? {
            trail.not_asked.push(unasked("is the cluster flapping", &cluster.condition));
            return Ok(());
        }
        let mut flaps: BTreeMap<String, Flap> = BTreeMap::new();
        let flap = |one: &Series, changes: f64, ready: bool| {
            let node = one.label(&cluster.label).to_owned();
            let named = Text::from(node.as_str());
            (node, Flap { node: named, changes: changes.max(0.0) as u64, ready })
        };
        for one in self.now(&query::flaps(self.names, self.ask.history))? {
            flaps.extend([flap(&one, one.last().unwrap_or(0.0), true)]);
        }
        for one in self.now(&query::unready(self.names))? {
            let (node, unready) = flap(&one, 0.0, false);
            flaps.entry(node).and_modify(|known| known.ready = false).or_insert(unready);
        }
        let mut flaps: Vec<Flap> =
            flaps.into_values().filter(|flap| flap.changes > 0 || !flap.ready).collect();
        flaps.sort_by(|a, b| b.changes.cmp(&a.changes).then_with(|| a.node.cmp(&b.node)));
        flaps.truncate(MOST_NODES);
        trail.flapping = flaps;
        Ok(())
    }

    #[allow(clippy::cast_precision_loss)] // a count
    fn stands_out(&self, flap: &Flap) -> bool {
        !flap.ready || flap.changes as f64 >= self.names.limits.flaps
    }

    /// What is asked of the card that stands out most.
    fn suspect(&self, trail: &mut Trail) -> Result<(), Trouble> {
        let Some(nic) = trail.nics.first_mut().filter(|nic| !nic.signs.is_empty()) else {
            return Ok(());
        };
        nic.node = nics::nodename(self.server, self.names, nic, self.ask)?;
        let nic = nic.clone();
        trail.origin = Some(self.origin(&nic)?);
        trail.since = self.since(&nic)?;
        trail.audit = self.audit(&nic)?;
        trail.eips = self.machines(&self.names.eip, "eip", &nic)?;
        if trail.eips.is_empty() {
            trail.not_asked.push(unasked("which EIP", &self.names.eip.sent_bytes));
        }
        for counter in &self.names.machines {
            trail.machines.extend(self.machines(counter, &counter.name, &nic)?);
        }
        trail.machines.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
        if trail.machines.is_empty() {
            let counters = self.names.machines.iter().map(|one| one.sent_bytes.as_str());
            let counters = counters.collect::<Vec<_>>().join(", ");
            trail.not_asked.push(unasked("which machine", &counters));
        }
        Ok(())
    }

    fn origin(&self, nic: &Nic) -> Result<Origin, Trouble> {
        let node = &self.names.node;
        let instance = nic.instance.lossy();
        let query = query::of_node(node, &node.received_packets, &instance, self.ask.window);
        let loopback = |device: &str| device == "lo" || device.as_bytes() == nic.device.as_bytes();
        let inner = |one: Series| {
            let (device, packets) = (one.label(&node.device).to_owned(), one.last()?);
            let share = packets / nic.packets.max(1.0);
            (!loopback(&device) && packets > 0.0).then(|| Inner {
                device: device.as_str().into(),
                packets,
                share,
            })
        };
        let mut inner: Vec<Inner> = self.now(&query)?.into_iter().filter_map(inner).collect();
        inner.sort_by(|a, b| b.packets.total_cmp(&a.packets));
        let shares: f64 = inner.iter().map(|one| one.share).sum();
        let forwarded = shares >= self.names.limits.behind;
        inner.truncate(MOST_INNER);
        let label = (node.label.as_str(), query::quoted(&instance));
        Ok(Origin {
            source: if forwarded { Source::Forwarded } else { Source::Own },
            inner,
            own_syn: self.rate(&node.tcp_opened, &label)?,
            own_syn_repeated: self.rate(&node.tcp_repeated, &label)?,
            conntrack: self.conntrack(&label)?,
        })
    }

    fn rate(
        &self,
        counter: &str,
        (label, instance): &(&str, String),
    ) -> Result<Option<f64>, Trouble> {
        let window = query::seconds(self.ask.window);
        self.value(&format!("sum(rate({counter}{{{label}={instance}}}[{window}]))"))
    }

    fn conntrack(&self, (label, instance): &(&str, String)) -> Result<Option<f64>, Trouble> {
        let node = &self.names.node;
        let (entries, limit) = (&node.conntrack, &node.conntrack_limit);
        let of = format!("{{{label}={instance}}}");
        self.value(&format!("max({entries}{of}) / (max({limit}{of}) > 0)"))
    }

    fn machines(&self, counter: &Counter, by: &str, nic: &Nic) -> Result<Vec<Machine>, Trouble> {
        let Counter { sent_bytes, selector, labels, .. } = counter;
        let query = query::busiest(sent_bytes, selector, labels, self.ask.window);
        let machine = |one: Series| {
            let bytes = one.last()?;
            let named = one.labels.iter().filter(|(_, value)| !value.is_empty());
            let labels = named.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
            let share = (nic.bytes > 0.0).then(|| bytes / nic.bytes);
            Some(Machine { counted_by: by.to_owned(), labels, bytes, share })
        };
        let mut machines: Vec<Machine> =
            self.now(&query)?.into_iter().filter_map(machine).collect();
        machines.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
        Ok(machines)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // times and steps fit
    fn since(&self, nic: &Nic) -> Result<Option<Change>, Trouble> {
        let node = &self.names.node;
        let bytes = nic
            .signs
            .iter()
            .any(|sign| matches!(sign, Sign::NearUplink { .. } | Sign::BytesAboveHabit { .. }));
        let (of, counter) = if bytes {
            (Counted::Bytes, &node.sent_bytes)
        } else {
            (Counted::Packets, &node.sent_packets)
        };
        let step = step(self.ask.history.as_secs());
        let window = self.ask.window.min(Duration::from_secs(step * 4));
        let card = (&*nic.instance.lossy(), &*nic.device.lossy());
        let query = query::of_card(node, counter, card, window);
        let to = self.ask.seconds();
        let from = to - self.ask.history.as_secs() as f64;
        let series = self.server.range(&query, from, to, step as f64)?;
        let found = series.first().and_then(|series| split(&series.points, BEGINS));
        Ok(found.map(|split| Change {
            at: Time::from_seconds(split.at as i64),
            within_s: step + window.as_secs(),
            of,
            before: split.before,
            after: split.after,
        }))
    }

    /// coroner's own textfile, by the same node exporter.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an age
    fn audit(&self, nic: &Nic) -> Result<Option<Audit>, Trouble> {
        let label = &self.names.node.label;
        let instance = query::quoted(&nic.instance.lossy());
        let verdicts = self.now(&format!("coroner_verdict{{{label}={instance}}} == 1"))?;
        let ended =
            self.value(&format!("max(coroner_audit_timestamp_seconds{{{label}={instance}}})"))?;
        let (Some(verdict), Some(ended)) = (verdicts.first(), ended) else { return Ok(None) };
        let age_s = (self.ask.seconds() - ended).max(0.0) as u64;
        Ok(Some(Audit { verdict: verdict.label("level").into(), age_s }))
    }
}

/// Seconds between the points of a history: a quarter of a minute or more, and less where that would make too few of
/// them to tell two levels apart.
fn step(history: u64) -> u64 {
    (history / 720).max(15).min(history / 20).max(1)
}

fn unasked(question: &'static str, metric: &str) -> Unasked {
    Unasked { question, why: format!("no series of {metric}; other names go into --names FILE") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_history_has_enough_points_and_a_long_one_no_more_than_are_needed() {
        assert_eq!([0, 60, 300, 3_600, 86_400].map(step), [1, 3, 15, 15, 120]);
    }

    /// Answers each question by the first of these words that it holds; nothing to others.
    struct Fake(Vec<(&'static str, Vec<Series>)>);

    impl Prometheus for Fake {
        fn instant(&self, query: &str, _: f64) -> Result<Vec<Series>, Trouble> {
            let answer = self.0.iter().find(|(word, _)| query.contains(word));
            Ok(answer.map(|(_, series)| series.clone()).unwrap_or_default())
        }

        fn range(&self, _: &str, _: f64, _: f64, _: f64) -> Result<Vec<Series>, Trouble> {
            Ok(Vec::new())
        }
    }

    fn one(labels: &[(&str, &str)], value: f64) -> Vec<Series> {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        vec![Series { labels: labels.collect(), points: vec![(0.0, value)] }]
    }

    fn trail(answers: Vec<(&'static str, Vec<Series>)>) -> Result<Trail, Trouble> {
        let ask = Ask {
            server: "http://192.0.2.1".into(),
            at: Time::from_seconds(1_780_315_200),
            window: Duration::from_mins(5),
            history: Duration::from_hours(24),
        };
        locate(&Fake(answers), &Names::read(None).unwrap(), &ask)
    }

    const CARD: &[(&str, &str)] = &[("instance", "gw"), ("device", "eth0")];

    #[test]
    fn a_flood_of_raw_packets_is_the_nodes_own_and_needs_no_history() {
        let trail = trail(vec![
            ("quantile_over_time", Vec::new()),
            ("up == 0", Vec::new()),
            ("node_network_transmit_bytes_total", one(CARD, 162_000.0)),
            ("node_network_transmit_packets_total", one(CARD, 3000.0)),
            ("ActiveOpens", one(&[], 0.5)),
        ])
        .unwrap();
        let origin = trail.origin.as_ref().unwrap();
        assert_eq!((origin.source, origin.own_syn), (Source::Own, Some(0.5)));
        assert_eq!(trail.exit_status(), 1);
        let held = "on gw: coroner throttle plan --dev eth0 --rate 1mbit --proto tcp --syn-only";
        assert!(trail.next.iter().any(|step| step == held), "{:?}", trail.next);
        assert_eq!(trail.not_asked.len(), 3);
    }

    #[test]
    fn a_node_that_is_not_seen_keeps_silence_from_being_an_answer() {
        let trail = trail(vec![
            ("quantile_over_time", Vec::new()),
            ("up == 0", one(&[("instance", "gw")], 0.0)),
            (
                "node_network_transmit_bytes_total",
                one(&[("instance", "db"), ("device", "eth0")], 1e5),
            ),
        ])
        .unwrap();
        assert!(!trail.stands_out && trail.suspect().is_none());
        assert_eq!((trail.exit_status(), trail.unseen.len()), (3, 1));
        assert!(trail.next[0].contains("gw is not seen"), "{:?}", trail.next);
    }

    #[test]
    fn nodes_that_flap_stand_out_without_a_card() {
        let node: &[(&str, &str)] = &[("node", "gw")];
        let trail = trail(vec![
            ("quantile_over_time", Vec::new()),
            ("up == 0", Vec::new()),
            ("changes(", one(node, 7.0)),
            ("kube_node_status_condition", one(node, 1.0)),
            ("node_network_transmit_bytes_total", one(CARD, 1e5)),
        ])
        .unwrap();
        assert_eq!((trail.flapping[0].changes, trail.exit_status()), (7, 1));
        assert!(trail.suspect().is_none());
    }

    #[test]
    fn a_server_without_nodes_is_told_what_is_missing() {
        let said = trail(Vec::new()).unwrap_err().to_string();
        assert!(said.contains("no series of node_network_transmit_bytes_total"), "{said}");
    }
}
