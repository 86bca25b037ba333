//! Which nodes, which network cards: their numbers side by side, and what stands out in them.

use std::collections::BTreeMap;
use std::time::Duration;

use coroner_parse::Text;

use crate::answer::Series;
use crate::ask::{Ask, Prometheus};
use crate::names::{Limits, Names, Node};
use crate::trail::{Nic, Sign};
use crate::{Trouble, query};

type Card = (String, String);
type Rates = BTreeMap<Card, f64>;

/// Every card of every node, those that stand out first, then those that send most.
pub(crate) fn all(server: &dyn Prometheus, names: &Names, ask: &Ask) -> Result<Vec<Nic>, Trouble> {
    let node = &names.node;
    let rates = |counter: &str| {
        let series = server.instant(&query::of_cards(node, counter, ask.window), ask.seconds())?;
        Ok(by_card(series, node))
    };
    let habit = |counter: &str| {
        let query = query::habit(node, counter, ask.window, ask.history);
        Ok(by_card(server.instant(&query, ask.seconds())?, node))
    };
    let sent = rates(&node.sent_bytes)?;
    if sent.is_empty() {
        return Err(missing(server, node, ask)?);
    }
    let (packets, packets_in) = (rates(&node.sent_packets)?, rates(&node.received_packets)?);
    let bytes_in = rates(&node.received_bytes)?;
    let speeds = by_card(server.instant(&query::speeds(node), ask.seconds())?, node);
    let (habit_bytes, habit_packets) = (habit(&node.sent_bytes)?, habit(&node.sent_packets)?);
    let of = |rates: &Rates, card: &Card| rates.get(card).copied();
    let nic = |(card, bytes): (&Card, &f64)| Nic {
        instance: Text::from(card.0.as_str()),
        node: None,
        device: Text::from(card.1.as_str()),
        bytes: *bytes,
        packets: of(&packets, card).unwrap_or(0.0),
        bytes_in: of(&bytes_in, card).unwrap_or(0.0),
        packets_in: of(&packets_in, card).unwrap_or(0.0),
        speed: of(&speeds, card),
        habit_bytes: of(&habit_bytes, card),
        habit_packets: of(&habit_packets, card),
        signs: Vec::new(),
    };
    let mut nics: Vec<Nic> = sent.iter().map(nic).collect();
    for nic in &mut nics {
        nic.signs = signs(nic, &names.limits);
    }
    nics.sort_by(|a, b| {
        let order = b.signs.len().cmp(&a.signs.len());
        order.then(b.bytes.total_cmp(&a.bytes)).then_with(|| a.instance.cmp(&b.instance))
    });
    Ok(nics)
}

fn by_card(series: Vec<Series>, node: &Node) -> Rates {
    let card = |one: Series| {
        let card = (one.label(&node.label).to_owned(), one.label(&node.device).to_owned());
        Some((card, one.last()?))
    };
    series.into_iter().filter_map(card).collect()
}

/// Why there is no rate of any card.
fn missing(server: &dyn Prometheus, node: &Node, ask: &Ask) -> Result<Trouble, Trouble> {
    let Node { sent_bytes, device, virtual_devices, .. } = node;
    let count = |selector: &str| {
        let query = format!("count({sent_bytes}{selector})");
        Ok(!server.instant(&query, ask.seconds())?.is_empty())
    };
    let why = if !count("")? {
        format!(
            "no series of {sent_bytes} at {}: is a node exporter scraped? What is called otherwise goes into --names FILE",
            ask.at
        )
    } else if !count(&format!("{{{device}!~{}}}", query::quoted(virtual_devices)))? {
        format!(
            "{sent_bytes} is there, but of no network card: `virtual` in --names FILE leaves all out"
        )
    } else {
        let window = query::seconds(ask.window);
        format!("{sent_bytes} has fewer than two values within {window}: take a longer --window")
    };
    Ok(Trouble::NoMetric(why))
}

fn signs(nic: &Nic, limits: &Limits) -> Vec<Sign> {
    let mut signs = Vec::new();
    let share = nic.speed.map(|speed| nic.bytes / speed);
    if let Some(share) = share.filter(|share| *share >= limits.uplink_share) {
        signs.push(Sign::NearUplink { share });
    }
    let above = |now: f64, habit: Option<f64>, least: f64| {
        let habit = habit?;
        let times = now / habit.max(1.0);
        (times >= limits.habit_times && now - habit >= least).then_some(times)
    };
    if let Some(times) = above(nic.bytes, nic.habit_bytes, limits.habit_bytes) {
        signs.push(Sign::BytesAboveHabit { times });
    }
    if let Some(times) = above(nic.packets, nic.habit_packets, limits.habit_packets) {
        signs.push(Sign::PacketsAboveHabit { times });
    }
    let packets = nic.packets.max(1.0);
    let (size, answered) = (nic.bytes / packets, nic.packets_in / packets);
    if nic.packets >= limits.small_packets
        && size <= limits.small_size
        && answered < limits.small_answered
    {
        signs.push(Sign::SmallUnanswered { size, answered });
    }
    signs
}

/// What a card's node calls itself.
pub(crate) fn nodename(
    server: &dyn Prometheus,
    names: &Names,
    nic: &Nic,
    ask: &Ask,
) -> Result<Option<Text>, Trouble> {
    let Node { info, info_name, label, .. } = &names.node;
    let instance = query::quoted(&nic.instance.lossy());
    let history = query::seconds(ask.history.max(Duration::from_mins(5)));
    let query = format!("last_over_time({info}{{{label}={instance}}}[{history}])");
    let series = server.instant(&query, ask.seconds())?;
    let name = series.first().map(|one| one.label(info_name)).filter(|name| !name.is_empty());
    Ok(name.map(Text::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card of 10 Gbit/s that does what it always does.
    fn usual() -> Nic {
        Nic {
            instance: Text::from("a"),
            node: None,
            device: Text::from("eth0"),
            bytes: 5e6,
            packets: 6e3,
            bytes_in: 5e6,
            packets_in: 6e3,
            speed: Some(1.25e9),
            habit_bytes: Some(4e6),
            habit_packets: Some(5e3),
            signs: Vec::new(),
        }
    }

    #[allow(clippy::needless_pass_by_value)] // reads better
    fn of(nic: Nic) -> Vec<Sign> {
        signs(&nic, &Names::read(None).unwrap().limits)
    }

    #[test]
    fn a_card_that_does_what_it_does_has_no_sign() {
        assert_eq!(of(usual()), []);
        let unknown = Nic { speed: None, habit_bytes: None, habit_packets: None, ..usual() };
        assert_eq!(of(unknown), []);
    }

    #[test]
    fn a_card_near_its_size_has_one() {
        let near = Nic { bytes: 1.1e9, habit_bytes: Some(1e9), ..usual() };
        assert_eq!(of(near), [Sign::NearUplink { share: 0.88 }]);
    }

    #[test]
    fn a_habit_is_left_by_times_and_by_amount() {
        let far = Nic { bytes: 4e7, ..usual() };
        assert_eq!(of(far), [Sign::BytesAboveHabit { times: 10.0 }]);
        // Ten times nearly nothing is nothing.
        let idle = Nic { bytes: 1e4, habit_bytes: Some(1e3), ..usual() };
        assert_eq!(of(idle), []);
    }

    #[test]
    fn small_packets_without_answers_are_a_flood_and_acknowledgements_are_not() {
        let flood = Nic { bytes: 1.62e5, packets: 3e3, packets_in: 30.0, ..usual() };
        assert_eq!(of(flood.clone()), [Sign::SmallUnanswered { size: 54.0, answered: 0.01 }]);
        let download = Nic { packets_in: 6e3, ..flood };
        assert_eq!(of(download), []);
    }
}
