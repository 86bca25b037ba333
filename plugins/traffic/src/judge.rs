//! Items to findings.

use coroner_core::{Confidence, Draft, Findings, Items, Rule, Severity};
use coroner_traffic::{Attack, Flow, Hidden, Sender, Share, answered_percent, attack};

use crate::items::{PastCapture, TrafficFlow, TrafficSender};
use crate::rules;

pub(crate) fn everything(items: &Items, out: &mut Findings) {
    let senders: Vec<Sender> = items.all::<TrafficSender>().map(|item| item.0).collect();
    for flow in items.all::<TrafficFlow>() {
        if let Some(attack) = attack(&flow.0) {
            attacked(&flow, attack, &senders, out);
        }
    }
    for sender in items.all::<TrafficSender>() {
        if let Some(hidden) = sender.0.hidden {
            hides(&sender, hidden, out);
        }
    }
    for device in items.all::<PastCapture>() {
        let draft = out.raise(&rules::PAST_CAPTURE, &device);
        draft
            .evidence("device", &device.0.device)
            .evidence("packets by its counter", device.0.counted.to_string())
            .evidence("packets captured", device.0.captured.to_string());
    }
}

fn rule(attack: Attack) -> &'static Rule {
    match attack {
        Attack::SynFlood => &rules::SYN_FLOOD,
        Attack::Scan => &rules::SCAN,
        Attack::Forged => &rules::FORGED_SOURCES,
        Attack::PacketFlood => &rules::PACKET_FLOOD,
    }
}

fn attacked(item: &TrafficFlow, attack: Attack, senders: &[Sender], out: &mut Findings) {
    let flow = &item.0;
    let draft = out.raise(rule(attack), item);
    let percent = |part: u64| format!("{} %", part.saturating_mul(100) / flow.packets.max(1));
    draft
        .evidence("flow", flow.name())
        .evidence("device", &flow.device)
        .evidence("packets a second", flow.rate(flow.packets).to_string())
        .evidence("addresses", flow.addresses.to_string())
        .evidence("forged sources", percent(flow.forged));
    if flow.syn > 0 {
        draft.evidence("answered", format!("{} %", answered_percent(flow)));
    }
    let main = flow.senders.first();
    if let Some(share) = main {
        let pid = share.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
        draft.evidence("sender", format!("{}{pid}, {}", share.who, percent(share.packets)));
    }
    grade(draft, flow, attack, main.and_then(|share| known(share, senders)));
}

fn known<'a>(share: &Share, senders: &'a [Sender]) -> Option<&'a Sender> {
    senders.iter().find(|sender| share.pid.is_some() && sender.pid == share.pid)
}

/// What a process of the host itself forges has no ordinary explanation but a test; what a guest or
/// a container sends, or a router forwards, is not the host's own doing.
fn grade(draft: &mut Draft, flow: &Flow, attack: Attack, sender: Option<&Sender>) {
    let forged = flow.forged * 2 >= flow.packets;
    let others = sender.is_none_or(|sender| sender.guest.is_some() || sender.kernel);
    match attack {
        Attack::SynFlood if others => {
            draft.graded(Severity::Medium, Confidence::Likely);
        }
        Attack::SynFlood if forged => {
            draft.graded(Severity::Critical, Confidence::Likely);
        }
        Attack::Forged if !others => {
            draft.graded(Severity::High, Confidence::Likely);
        }
        _ => {}
    }
}

fn hides(item: &TrafficSender, hidden: Hidden, out: &mut Findings) {
    let sender = &item.0;
    let draft = out.raise(&rules::HIDDEN_SENDER, item);
    draft
        .evidence("how", hidden.said())
        .evidence("pid", sender.pid.map(|pid| pid.to_string()).unwrap_or_default())
        .evidence("name", &sender.comm)
        .evidence("sends", sender.flows.join("; "));
    if let Some(exe) = &sender.exe {
        draft.evidence("program", exe);
    }
    if let Some(cgroup) = &sender.cgroup {
        draft.evidence("cgroup", cgroup);
    }
    if hidden == Hidden::MountedOver {
        draft.graded(Severity::High, Confidence::Likely);
    }
}
