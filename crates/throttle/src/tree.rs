//! From a request and what the machine can do to a plan. Nothing is read and nothing is done here.

use crate::ability::{Abilities, Part};
use crate::facts::Facts;
use crate::filters;
use crate::handle::Handle;
use crate::model::{Class, Discipline, Plan, Qdisc, Then};
use crate::request::{Direction, Request, WrongRequest};
use crate::{Rate, Size};

/// The root, and the class that holds the whole device.
pub(crate) const ROOT: Handle = Handle::new(1, 0);
const DEVICE: Handle = Handle::new(1, 1);
const ATTACK: Handle = Handle::new(1, 0x10);
const REST: Handle = Handle::new(1, 0x30);
const INCOMING: Handle = Handle::new(0xffff, 0);
/// What incoming traffic that passes is counted as; no such class exists or is needed.
const PASSED: Handle = Handle::new(0, 1);
/// More than any link, for a device whose speed nobody says.
const UNLIMITED: Rate = Rate::from_megabits(100_000);
/// Policers are numbered over the whole network namespace; this range is ours.
const POLICER: u32 = 0x7c00_0000;
/// Frames merged on receipt are as long as this.
pub(crate) const LONGEST_FRAME: u32 = 65_535;

/// Why there can be no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPlan {
    /// The request is wrong.
    #[error(transparent)]
    Wrong(#[from] WrongRequest),
    /// The kernel lacks something that nothing else stands in for.
    #[error(
        "this kernel has no {0} loaded, and {1}; --allow-module-load lets the kernel load it, by the host's own modprobe"
    )]
    Lacks(&'static str, &'static str),
}

/// Makes the plan.
///
/// # Errors
/// What is wrong with the request, or what the kernel lacks.
pub fn plan(request: &Request, facts: &Facts) -> Result<Plan, NoPlan> {
    request.check()?;
    if let Some(speed) = facts.speed {
        below_link(request, speed)?;
    }
    let mut plan = match request.direction {
        Direction::Ingress => policing(request, facts)?,
        Direction::Egress if facts.abilities.has(Part::Htb) => shaping(request, facts)?,
        Direction::Egress => whole_device(request, facts)?,
    };
    note_modules(&mut plan, &facts.abilities);
    Ok(plan)
}

fn below_link(request: &Request, speed: Rate) -> Result<(), WrongRequest> {
    match request.total {
        Some(total) if total > speed => Err(WrongRequest::TotalAboveLink(total, speed)),
        _ if request.rate >= speed => Err(WrongRequest::AboveLink(request.rate, speed)),
        _ => Ok(()),
    }
}

fn empty(request: &Request) -> Plan {
    Plan {
        device: request.device.clone(),
        direction: request.direction,
        qdiscs: Vec::new(),
        classes: Vec::new(),
        filters: Vec::new(),
        notes: Vec::new(),
    }
}

/// HTB with a class for the attack and one for the rest.
fn shaping(request: &Request, facts: &Facts) -> Result<Plan, NoPlan> {
    need(&facts.abilities, Part::U32, "cls_u32", "without filters no packet can be told apart")?;
    let mut plan = empty(request);
    let total = request.total.or(facts.speed).unwrap_or(UNLIMITED);
    if request.total.is_none() && facts.speed.is_none() {
        plan.notes
            .push(format!("the link's speed is not known: the device is not limited ({total})"));
    }
    let htb = Discipline::Htb { default: REST };
    plan.qdiscs.push(Qdisc { handle: ROOT, parent: Handle::ROOT, discipline: htb });
    plan.classes = classes(request, facts, total);
    for class in [ATTACK, REST] {
        let handle = Handle::new(class.minor(), 0);
        let discipline = leaf(class, &facts.abilities);
        plan.qdiscs.push(Qdisc { handle, parent: class, discipline });
    }
    note_leaves(&mut plan);
    let verdicts = filters::Verdicts { exempt: Then::Class(REST), attack: Then::Class(ATTACK) };
    filters::add(&mut plan, request, facts, ROOT, &verdicts)?;
    Ok(plan)
}

fn classes(request: &Request, facts: &Facts, total: Rate) -> Vec<Class> {
    let class = |name, handle, parent, rate: Rate, ceil: Rate| Class {
        name,
        handle,
        parent,
        rate,
        ceil,
        burst: burst(ceil, facts.mtu),
        quantum: quantum(rate, facts.mtu),
    };
    let mut attack = class("attack", ATTACK, DEVICE, request.rate, request.rate);
    attack.burst = request.burst.unwrap_or(attack.burst);
    vec![
        class("device", DEVICE, ROOT, total, total),
        attack,
        class("rest", REST, DEVICE, total.less(request.rate), total),
    ]
}

/// What passes in the 4 ms between two looks of a slow timer, and one packet.
fn burst(rate: Rate, mtu: u32) -> Size {
    let more = u32::try_from(rate.bytes() / 250).unwrap_or(u32::MAX);
    Size::from_bytes(more.saturating_add(mtu.saturating_add(14).max(1_600)).min(1 << 30))
}

/// The kernel's own choice is a tenth of the rate, and it complains when that is not in this range.
fn quantum(rate: Rate, mtu: u32) -> u32 {
    let least = u64::from(mtu.saturating_add(14).clamp(1_000, 200_000));
    u32::try_from((rate.bytes() / 10).clamp(least, 200_000)).unwrap_or(200_000)
}

/// The fairest queue that the kernel has.
fn leaf(class: Handle, abilities: &Abilities) -> Discipline {
    if abilities.has(Part::Sfq) {
        Discipline::Sfq { perturb: 10 }
    } else if abilities.has(Part::FqCodel) {
        Discipline::FqCodel
    } else {
        Discipline::Pfifo { limit: if class == ATTACK { 100 } else { 1_000 } }
    }
}

fn note_leaves(plan: &mut Plan) {
    let kind = plan.qdiscs.last().map_or("", |qdisc| qdisc.discipline.kind());
    let note = match kind {
        "fq_codel" => "this kernel has no sfq loaded: fq_codel takes its place",
        "pfifo" => {
            "this kernel has neither sfq nor fq_codel loaded: pfifo takes their place, so \
                    flows of one class are not kept fair to each other"
        }
        _ => return,
    };
    plan.notes.push(note.to_owned());
}

/// TBF: one rate for everything, for kernels without HTB.
fn whole_device(request: &Request, facts: &Facts) -> Result<Plan, NoPlan> {
    const WITHOUT: &str = "tbf would hold the whole device, ssh too: give --total for that";
    need(&facts.abilities, Part::Tbf, "sch_htb and no sch_tbf", "nothing else can hold a rate")?;
    let Some(rate) = request.total else { return Err(NoPlan::Lacks("sch_htb", WITHOUT)) };
    let mut plan = empty(request);
    let burst = burst(rate, facts.mtu);
    // What waits longer than 50 ms is dropped.
    let waiting = u32::try_from(rate.bytes() / 20).unwrap_or(1 << 30);
    let limit = Size::from_bytes(waiting.saturating_add(burst.bytes()).min(1 << 30));
    let discipline = Discipline::Tbf { rate, burst, limit };
    plan.qdiscs.push(Qdisc { handle: ROOT, parent: Handle::ROOT, discipline });
    plan.notes.push(
        "this kernel has no htb loaded: tbf holds the whole device to --total, and \
                     neither --rate nor exemptions have any effect"
            .to_owned(),
    );
    Ok(plan)
}

/// Dropping on receipt.
fn policing(request: &Request, facts: &Facts) -> Result<Plan, NoPlan> {
    const NOTHING: &str = "nothing else sees what comes in";
    need(&facts.abilities, Part::Ingress, "sch_ingress", NOTHING)?;
    need(&facts.abilities, Part::U32, "cls_u32", "without filters no packet can be told apart")?;
    need(&facts.abilities, Part::Police, "act_police", "nothing else can drop above a rate")?;
    let mut plan = empty(request);
    let discipline = Discipline::Ingress;
    plan.qdiscs.push(Qdisc { handle: INCOMING, parent: Handle::INGRESS, discipline });
    let burst = request.burst.unwrap_or_else(|| burst(request.rate, LONGEST_FRAME));
    let index = POLICER | u32::try_from(facts.index & 0x00ff_ffff).unwrap_or(0);
    let police = Then::Police { rate: request.rate, burst, index };
    let verdicts = filters::Verdicts { exempt: Then::Class(PASSED), attack: police };
    filters::add(&mut plan, request, facts, INCOMING, &verdicts)?;
    Ok(plan)
}

fn need(
    abilities: &Abilities,
    part: Part,
    name: &'static str,
    why: &'static str,
) -> Result<(), NoPlan> {
    if abilities.has(part) { Ok(()) } else { Err(NoPlan::Lacks(name, why)) }
}

/// Names the modules that the kernel would load.
fn note_modules(plan: &mut Plan, abilities: &Abilities) {
    let mut parts: Vec<Part> = Vec::new();
    for qdisc in &plan.qdiscs {
        parts.extend(match qdisc.discipline {
            Discipline::Htb { .. } => Some(Part::Htb),
            Discipline::Sfq { .. } => Some(Part::Sfq),
            Discipline::FqCodel => Some(Part::FqCodel),
            Discipline::Tbf { .. } => Some(Part::Tbf),
            Discipline::Ingress => Some(Part::Ingress),
            Discipline::Pfifo { .. } => None,
        });
    }
    if !plan.filters.is_empty() {
        parts.push(Part::U32);
    }
    if plan.direction == Direction::Ingress {
        parts.push(Part::Police);
    }
    parts.dedup();
    for part in parts.into_iter().filter(|&part| abilities.would_load(part)) {
        plan.notes.push(format!("the kernel will load {}, by the host's modprobe", part.module()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Frames};
    use crate::{Exempt, Matching, Ports};
    use Part::{FqCodel, Htb, Ingress, Police, Sfq, Tbf, U32};

    fn request() -> Request {
        let dports = vec![Ports::one(80), Ports::one(443)];
        Request {
            device: "eth0".to_owned(),
            rate: "1mbit".parse().unwrap(),
            total: "1gbit".parse().ok(),
            burst: None,
            matching: Matching { dports, ..Matching::default() },
            exempt: Vec::new(),
            direction: Direction::Egress,
            vlan: false,
        }
    }

    fn facts(parts: &[Part]) -> Facts {
        let abilities = Abilities::only(parts);
        Facts { index: 2, mtu: 1_500, speed: None, has_vlans: false, abilities }
    }

    fn kinds(plan: &Plan) -> Vec<&'static str> {
        plan.qdiscs.iter().map(|qdisc| qdisc.discipline.kind()).collect()
    }

    #[test]
    fn the_incident_gets_its_tree() {
        let plan = plan(&request(), &facts(&[Htb, Sfq, U32])).unwrap();
        assert_eq!(kinds(&plan), ["htb", "sfq", "sfq"]);
        let shape: Vec<_> = plan.classes.iter().map(|c| (c.name, c.rate.to_string())).collect();
        let expected = [("device", "1gbit"), ("attack", "1mbit"), ("rest", "999mbit")];
        assert_eq!(shape, expected.map(|(name, rate)| (name, rate.to_owned())));
        assert!(plan.classes.iter().all(|c| (1_514..=200_000).contains(&c.quantum)));
        assert!(plan.notes.is_empty(), "{:?}", plan.notes);
    }

    #[test]
    fn a_kernel_without_sfq_gets_the_next_best_and_that_is_said() {
        let codel = plan(&request(), &facts(&[Htb, U32, FqCodel])).unwrap();
        assert_eq!(kinds(&codel), ["htb", "fq_codel", "fq_codel"]);
        let plain = plan(&request(), &facts(&[Htb, U32])).unwrap();
        assert_eq!(kinds(&plain), ["htb", "pfifo", "pfifo"]);
        assert!(plain.notes.iter().any(|note| note.contains("pfifo takes their place")));
    }

    #[test]
    fn a_kernel_without_htb_holds_the_whole_device_and_only_when_asked_to() {
        let plan_of = |asked: &Request, parts: &[Part]| plan(asked, &facts(parts));
        assert_eq!(kinds(&plan_of(&request(), &[Tbf]).unwrap()), ["tbf"]);
        let partly = Request { total: None, ..request() };
        assert!(plan_of(&partly, &[Tbf, U32]).unwrap_err().to_string().contains("--total"));
        assert!(plan_of(&request(), &[]).unwrap_err().to_string().contains("sch_tbf"));
        assert!(plan_of(&request(), &[Htb]).unwrap_err().to_string().contains("cls_u32"));
    }

    #[test]
    fn policing_shares_one_bucket_among_its_filters() {
        let asked = Request { direction: Direction::Ingress, total: None, ..request() };
        assert!(plan(&asked, &facts(&[Ingress, U32])).is_err());
        let plan = plan(&asked, &facts(&[Ingress, U32, Police])).unwrap();
        assert_eq!(kinds(&plan), ["ingress"]);
        let indices: Vec<u32> = plan.filters.iter().filter_map(policer).collect();
        assert!(indices.len() >= 4 && indices.iter().all(|&index| index == POLICER | 2));
    }

    fn policer(filter: &crate::model::Filter) -> Option<u32> {
        match &filter.body {
            Body::Entry { then: Then::Police { index, .. }, .. } => Some(*index),
            _ => None,
        }
    }

    #[test]
    fn rates_above_the_link_are_refused() {
        let slow = Facts { speed: Some(Rate::from_megabits(100)), ..facts(&[Htb, U32]) };
        assert!(plan(&request(), &slow).unwrap_err().to_string().contains("--total 1gbit"));
        let fast = Request { total: None, rate: Rate::from_megabits(100), ..request() };
        assert!(plan(&fast, &slow).unwrap_err().to_string().contains("--rate 100mbit"));
    }

    #[test]
    fn vlans_on_a_device_are_looked_into() {
        let tagged = |has_vlans| {
            let facts = Facts { has_vlans, ..facts(&[Htb, U32]) };
            let plan = plan(&request(), &facts).unwrap();
            plan.filters.iter().filter(|filter| filter.frames == Frames::Vlan).count()
        };
        assert_eq!(tagged(false), 0);
        assert!(tagged(true) > 0);
    }

    #[test]
    fn exemptions_are_asked_first() {
        let asked = Request { exempt: vec![Exempt::Ports(Ports::one(22))], ..request() };
        let plan = plan(&asked, &facts(&[Htb, U32])).unwrap();
        let last = |exempt: bool| {
            let of = plan.filters.iter().filter(|f| f.name.starts_with("exempt") == exempt);
            (of.clone().map(|f| f.priority).min(), of.map(|f| f.priority).max())
        };
        assert!(last(true).1 < last(false).0);
    }

    #[test]
    fn too_many_filters_are_refused() {
        let block = |n: u32| format!("203.0.{}.{}", n / 256, n % 256).parse().unwrap();
        let mut asked = request();
        asked.matching.destinations = (0..3_000).map(block).collect();
        assert!(matches!(
            plan(&asked, &facts(&[Htb, U32])),
            Err(NoPlan::Wrong(WrongRequest::TooMany(..)))
        ));
    }
}
