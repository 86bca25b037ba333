//! How traffic is shown.

use std::fmt::Write;

use coroner_traffic::{
    Attack, Destination, Direction, Flow, Observation, Placement, Seen, Sender, answered_percent,
    attack,
};
use serde_json::json;

use crate::failure::Failure;
use crate::numbers::{bits, grouped, in_thousands};
use crate::traffic_hold::throttle;

/// Rows of each table.
const MOST_ROWS: usize = 15;

/// An observation for people; the last line is the throttle for what was seen.
pub(crate) fn observation(seen: &Observation, device: Option<&str>) -> String {
    let mut text = head(seen, device);
    flows(&mut text, seen);
    destinations(&mut text, seen);
    senders(&mut text, seen);
    suspects(&mut text, seen);
    namespaces(&mut text, seen);
    for attacked in seen.flows.iter().filter_map(|flow| Some((flow, attack(flow)?))) {
        let _ = writeln!(text, "{}", in_words(attacked.0, attacked.1));
    }
    for one in &seen.unseen {
        let _ = writeln!(
            text,
            "Past the capture: {} counted {} packets sent, of which {} passed the capture: a packet socket with \
             PACKET_QDISC_BYPASS, AF_XDP or pktgen sends the rest. Look at who holds packet sockets.",
            one.device,
            grouped(one.counted),
            grouped(one.captured)
        );
    }
    for missing in &seen.missing {
        let _ = writeln!(text, "Not seen: {} ({})", missing.path, missing.reason);
    }
    if let Some(command) = throttle(&seen.flows) {
        let _ = writeln!(text, "{command}");
    }
    text
}

/// The same as one line of JSON, with what flows look like.
pub(crate) fn json(seen: &Observation) -> Result<String, Failure> {
    let like = |flow: &Flow| {
        let attack = attack(flow)?;
        Some(json!({ "attack": attack.name(), "device": flow.device, "flow": flow.name() }))
    };
    let attacks: Vec<_> = seen.flows.iter().filter_map(like).collect();
    let whole =
        json!({ "observation": seen, "attacks": attacks, "throttle": throttle(&seen.flows) });
    serde_json::to_string(&whole).map_err(|error| Failure::Broken(error.to_string()))
}

fn head(seen: &Observation, device: Option<&str>) -> String {
    let Seen { ms, captured, capture_lost, one_in, samples, samples_lost, .. } = seen.seen;
    let place = device.map_or("all devices".to_owned(), |name| name.escape_debug().to_string());
    let looked = if one_in > 1 {
        let to =
            if seen.seen.is_scaled_to_counters() { " to what the devices counted" } else { "" };
        format!("at times one packet in {one_in}, scaled{to}")
    } else {
        "every packet".to_owned()
    };
    let mut text = format!(
        "{place}, {}.{} s: {} packets looked at ({looked}), {} lost; {} samples of senders in {} % of the time, {} lost; \
         {} ms of processor time\n",
        ms / 1000,
        ms % 1000 / 100,
        grouped(captured),
        grouped(capture_lost),
        grouped(samples),
        seen.seen.sampled_time / 10,
        grouped(samples_lost),
        seen.seen.cpu_ms,
    );
    text.push('\n');
    text
}

fn flows(text: &mut String, seen: &Observation) {
    if seen.flows.is_empty() {
        text.push_str("Nothing was sent.\n\n");
        return;
    }
    text.push_str("packets/s   bit/s out    bit/s in  answered  what\n");
    for flow in seen.flows.iter().take(MOST_ROWS) {
        let answered =
            if flow.syn > 0 { format!("{} %", answered_percent(flow)) } else { "-".into() };
        let _ = writeln!(
            text,
            "{:>9} {:>11} {:>11} {:>9}  {} by {}, {} address{}{}",
            grouped(flow.rate(flow.packets)),
            bits(flow.rate(flow.bytes)),
            bits(flow.rate(flow.bytes_back)),
            answered,
            flow.name(),
            flow.device,
            grouped(flow.addresses),
            if flow.addresses == 1 { "" } else { "es" },
            attack(flow).map(|a| format!("   <- {}", a.name())).unwrap_or_default(),
        );
    }
    more(text, seen.flows.len());
}

fn more(text: &mut String, rows: usize) {
    if rows > MOST_ROWS {
        let _ = writeln!(text, "          and {} more (--json lists them)", rows - MOST_ROWS);
    }
    text.push('\n');
}

fn destinations(text: &mut String, seen: &Observation) {
    if seen.destinations.is_empty() {
        return;
    }
    text.push_str("  bit/s out    bit/s in  to\n");
    let rate = |bytes: u64| bits(bytes.saturating_mul(1000) / seen.seen.ms.max(1));
    for one in seen.destinations.iter().take(MOST_ROWS) {
        let _ =
            writeln!(text, "{:>11} {:>11}  {}", rate(one.bytes), rate(one.bytes_back), place(one));
    }
    more(text, seen.destinations.len());
}

fn place(one: &Destination) -> String {
    let (address, protocol, port) = (&one.address, &one.protocol, one.port);
    match (port, one.direction) {
        (0, _) => format!("{address} {protocol} by {}", one.device),
        (_, Direction::To) => format!("{address} {protocol} port {port} by {}", one.device),
        (_, Direction::From) => {
            format!("{address} {protocol}, answers of our port {port} by {}", one.device)
        }
    }
}

fn senders(text: &mut String, seen: &Observation) {
    if seen.senders.is_empty() {
        return;
    }
    let all: u64 = seen.senders.iter().map(|sender| sender.packets).sum();
    text.push_str("packets/s  share       pid  who sends\n");
    for sender in seen.senders.iter().take(MOST_ROWS) {
        let _ = writeln!(
            text,
            "{:>9} {:>4} % {:>9}  {}",
            grouped(sender.packets.saturating_mul(1000) / seen.seen.ms.max(1)),
            sender.packets * 100 / all.max(1),
            sender.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            described(sender),
        );
        if let Some(hidden) = sender.hidden {
            let _ = writeln!(text, "{:29}HIDDEN: {}", "", hidden.said());
        }
        let _ = writeln!(text, "{:29}{}", "", sender.flows.join("; "));
    }
    more(text, seen.senders.len());
}

fn suspects(text: &mut String, seen: &Observation) {
    if seen.suspects.is_empty() {
        return;
    }
    text.push_str(
        "Senders could not be sampled. These hold sockets that send without a connection; the time that they used and \
         the bytes that they wrote (to files and tun devices too, by send not) meanwhile are a hint, no proof:\n       \
         ms     bytes       pid  who could send\n",
    );
    for one in seen.suspects.iter().take(MOST_ROWS) {
        let _ = writeln!(
            text,
            "{:>9} {:>9} {:>9}  {}",
            one.cpu_ms.unwrap_or(0),
            one.written.map_or("-".to_owned(), in_thousands),
            one.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            described(one)
        );
    }
    more(text, seen.suspects.len());
}

fn namespaces(text: &mut String, seen: &Observation) {
    if seen.namespaces.is_empty() {
        return;
    }
    text.push_str(
        "What left other network namespaces, by their own devices; which process in them is not told:\n\
         packets/s   bit/s out       pid  who lives there\n",
    );
    for one in seen.namespaces.iter().take(MOST_ROWS) {
        let rate = |number: u64| number.saturating_mul(1000) / one.ms.max(1);
        let who: Vec<String> = one.who.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "{:>9} {:>11} {:>9}  {}",
            grouped(rate(one.packets)),
            bits(rate(one.bytes)),
            one.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            who.join(", ")
        );
    }
    more(text, seen.namespaces.len());
}

fn described(sender: &Sender) -> String {
    let mut text = sender.who.to_string();
    if sender.pid.is_none() {
        return text;
    }
    if sender.guest.is_some()
        && let Some(exe) = &sender.exe
    {
        let _ = write!(text, ", {exe}");
    }
    if !sender.comm.is_empty() && !sender.kernel {
        let _ = write!(text, ", called {}", sender.comm);
    }
    if let Some(uid) = sender.uid.filter(|_| !sender.kernel) {
        let _ = write!(text, ", uid {uid}");
    }
    if sender.placement != Placement::Host {
        let _ = write!(text, ", {}", sender.placement);
    }
    for held in &sender.holds {
        let _ = write!(text, ", {held}");
    }
    if sender.gone {
        text.push_str(", ended since");
    }
    text
}

fn in_words(flow: &Flow, attack: Attack) -> String {
    let mut text = format!("{}: {} by {}, ", attack.name(), flow.name(), flow.device);
    if flow.syn > 0 {
        let _ = write!(
            text,
            "{} SYN/s, {} % answered, {} refusals/s, ",
            grouped(flow.rate(flow.syn)),
            answered_percent(flow),
            grouped(flow.rate(flow.rst))
        );
    } else {
        let _ = write!(text, "{} packets/s, ", grouped(flow.rate(flow.packets)));
    }
    let forged = flow.forged.saturating_mul(100) / flow.packets.max(1);
    let _ = write!(
        text,
        "to {} addresses, from {} sources ({forged} % forged)",
        grouped(flow.addresses),
        grouped(flow.sources)
    );
    if let Some(most) = flow.senders.first() {
        let pid = most.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
        let share = most.packets.saturating_mul(100) / flow.packets.max(1);
        let _ = write!(text, "; {share} % sent by {}{pid}", most.who);
    }
    text
}
