//! What to do after the trail.

use coroner_parse::shell_word;

use crate::trail::{Machine, Nic, Sign, Source, Trail};

/// Commands and advice, in the order in which they help.
pub(crate) fn steps(trail: &Trail) -> Vec<String> {
    let mut steps = Vec::new();
    if let Some(nic) = trail.suspect() {
        let node = nic.node.as_ref().unwrap_or(&nic.instance);
        let device = shell_word(nic.device.as_bytes());
        steps.push(format!(
            "on {node}: coroner traffic --dev {device}   (which ports, which process; its last line is the throttle)"
        ));
        if floods(nic) {
            steps.push(format!(
                "on {node}: coroner throttle plan --dev {device} --rate 1mbit --proto tcp --syn-only"
            ));
        }
        steps.push(format!("on {node}: coroner audit --scope quick -o audit.json"));
        steps.extend(behind(trail).map(|machine| {
            format!("the machine behind it: audit {}, live and from its disk", named(machine))
        }));
    }
    for unseen in &trail.unseen {
        steps.push(format!("{} is not seen: look at it by its console", unseen.instance));
    }
    if steps.is_empty() && !trail.flapping.is_empty() {
        steps.push(
            "nodes flap, and no network card stands out: look at their kubelets and disks".into(),
        );
    }
    steps
}

/// Packets that look like a flood of SYNs; what to hold of other traffic is for `traffic` to say.
fn floods(nic: &Nic) -> bool {
    nic.signs.iter().any(|sign| matches!(sign, Sign::SmallUnanswered { .. }))
}

/// The machine whose traffic the card carries, when it is not the node itself.
pub fn behind(trail: &Trail) -> impl Iterator<Item = &Machine> {
    const MOST_OF_IT: f64 = 0.5;
    let forwarded = trail.origin.as_ref().is_some_and(|origin| origin.source == Source::Forwarded);
    let counted = trail.machines.iter().chain(&trail.eips);
    counted
        .filter(move |one| forwarded && one.share.is_some_and(|share| share >= MOST_OF_IT))
        .take(1)
}

/// A machine by its labels.
pub fn named(machine: &Machine) -> String {
    let labels = machine.labels.iter().map(|(name, value)| format!("{name}={value}"));
    labels.collect::<Vec<_>>().join(" ")
}
