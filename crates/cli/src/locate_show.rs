//! How a trail is shown: one question after the other, with its numbers.

use std::io::{self, Write};

use coroner_locate::{Counted, Machine, Nic, Origin, Sign, Source, Trail, behind, named};
use coroner_render::TextStyle;

use crate::numbers::bits;

/// A trail for people.
pub(crate) fn trail(trail: &Trail, _: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} at {}, rates over {}, compared with {}\n",
        trail.server,
        trail.at,
        span(trail.window_s),
        span(trail.history_s)
    )?;
    cluster(trail, out)?;
    cards(trail, out)?;
    if let (Some(nic), Some(origin)) = (trail.suspect(), &trail.origin) {
        whose(nic, origin, out)?;
        machines("which EIP", &trail.eips, out)?;
        machines("which machine", &trail.machines, out)?;
        since(trail, out)?;
    }
    for unasked in &trail.not_asked {
        writeln!(out, "not asked: {} ({})", unasked.question, unasked.why)?;
    }
    conclusion(trail, out)
}

fn cluster(trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
    for flap in &trail.flapping {
        let ready = if flap.ready { "ready now" } else { "NOT ready now" };
        writeln!(
            out,
            "flapping       {}: readiness changed {} times, {ready}",
            flap.node, flap.changes
        )?;
    }
    for unseen in &trail.unseen {
        writeln!(out, "not seen       {}: its node exporter does not answer", unseen.instance)?;
    }
    Ok(())
}

fn cards(trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "   bit/s out  of size  x habit  packets/s out      in  bytes each  card")?;
    for nic in &trail.nics {
        let share =
            nic.speed.map_or("-".into(), |speed| format!("{:.0} %", nic.bytes / speed * 100.0));
        let habit = nic
            .habit_bytes
            .map_or("-".into(), |habit| format!("{:.1}", nic.bytes / habit.max(1.0)));
        writeln!(
            out,
            "{:>12} {share:>8} {habit:>8} {:>14.0} {:>7.0} {:>11.0}  {} of {}{}",
            bits_per_second(nic.bytes),
            nic.packets,
            nic.packets_in,
            nic.bytes / nic.packets.max(1.0),
            nic.device,
            nic.instance,
            if nic.signs.is_empty() { "" } else { "   <-" },
        )?;
    }
    let rest = trail.nics_seen.saturating_sub(trail.nics.len());
    if rest > 0 {
        writeln!(out, "             and {rest} more")?;
    }
    writeln!(out)
}

fn whose(nic: &Nic, origin: &Origin, out: &mut dyn Write) -> io::Result<()> {
    for sign in &nic.signs {
        writeln!(out, "which card     {} of {}: {}", nic.device, nic.instance, why(*sign))?;
    }
    match (origin.source, origin.inner.first()) {
        (Source::Forwarded, Some(inner)) => writeln!(
            out,
            "whose          not the node's own: {:.0} % as many packets come in by {}",
            inner.share * 100.0,
            inner.device
        )?,
        _ => writeln!(
            out,
            "whose          the node's own: nothing like it comes in by another device"
        )?,
    }
    if let Some(syn) = origin.own_syn {
        let repeated = origin.own_syn_repeated.unwrap_or(0.0);
        let raw = syn < nic.packets / 10.0 && origin.source == Source::Own;
        let means = if raw {
            ": the packets are not those of its connections, but raw ones or UDP"
        } else {
            ""
        };
        writeln!(
            out,
            "connections    {syn:.0} SYN/s of its own sockets, {repeated:.0}/s sent again{means}"
        )?;
    }
    match origin.conntrack {
        Some(share) => writeln!(out, "conntrack      {:.0} % full", share * 100.0),
        None => Ok(()),
    }
}

fn why(sign: Sign) -> String {
    match sign {
        Sign::NearUplink { share } => format!("{:.0} % of what it can carry", share * 100.0),
        Sign::BytesAboveHabit { times } => format!("{times:.1} times the bytes it usually sends"),
        Sign::PacketsAboveHabit { times } => {
            format!("{times:.1} times the packets it usually sends")
        }
        Sign::SmallUnanswered { size, answered } => format!(
            "packets of {size:.0} bytes, {:.0} % as many come back: as SYN floods and scans do",
            answered * 100.0
        ),
    }
}

fn machines(question: &str, machines: &[Machine], out: &mut dyn Write) -> io::Result<()> {
    const MOST: usize = 5;
    for machine in machines.iter().take(MOST) {
        let share = machine.share.unwrap_or(0.0) * 100.0;
        writeln!(
            out,
            "{question:<14} {}bit/s, {share:.0} % of the card's: {} (by {})",
            bits_per_second(machine.bytes),
            named(machine),
            machine.counted_by
        )?;
    }
    Ok(())
}

fn since(trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
    let Some(change) = &trail.since else {
        return writeln!(out, "since when     no beginning within {}", span(trail.history_s));
    };
    let level = |value: f64| match change.of {
        Counted::Bytes => format!("{}bit/s", bits_per_second(value)),
        Counted::Packets => format!("{value:.0} packets/s"),
    };
    let (before, after) = (level(change.before), level(change.after));
    let within = span(change.within_s);
    writeln!(
        out,
        "since when     {} (to within {within}): {before} before, {after} since",
        change.at
    )
}

fn conclusion(trail: &Trail, out: &mut dyn Write) -> io::Result<()> {
    if let Some(audit) = &trail.audit {
        writeln!(out, "last audit     {}, {} ago", audit.verdict, span(audit.age_s))?;
    }
    match (trail.suspect(), behind(trail).next()) {
        (Some(nic), Some(machine)) => {
            writeln!(
                out,
                "\n{} behind {} of {} stands out.",
                named(machine),
                nic.device,
                nic.instance
            )?;
        }
        (Some(nic), None) => writeln!(out, "\n{} of {} stands out.", nic.device, nic.instance)?,
        (None, _) if trail.stands_out => {
            writeln!(out, "\nNodes flap; no network card stands out.")?;
        }
        (None, _) => writeln!(out, "\nNothing stands out.")?,
    }
    trail.next.iter().try_for_each(|step| writeln!(out, "  {step}"))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
fn bits_per_second(bytes: f64) -> String {
    bits(bytes.max(0.0) as u64)
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
