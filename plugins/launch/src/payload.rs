//! What launched commands and the scripts behind them do.

use std::collections::BTreeMap;

use coroner_core::{
    Confidence, Draft, Findings, HostPath, Items, Launch, PackageState, Rule, Script, Severity,
};
use coroner_parse::command::{Analysis, Indicator, Kind, Language, Strength, analyze, analyze_as};

use crate::rules;

/// Indicators of one kind that a finding shows.
const MOST_SHOWN: usize = 3;

pub(crate) fn judge(items: &Items, launches: &[Launch], out: &mut Findings) {
    let mut scripts: BTreeMap<&HostPath, &Launch> = BTreeMap::new();
    for launch in launches {
        let surest_only = is_vouched(items, &launch.file);
        let analysis = analyze(launch.command.as_bytes());
        for (rule, shown) in graded(&analysis, surest_only, false) {
            let draft = out.raise(rule.rule, launch);
            draft.at(&launch.file, launch.line).evidence("command", launch.command.clone());
            describe(draft, &rule, &shown, launch);
        }
        let own = launch.command.is_empty().then_some(&launch.file);
        for path in launch.programs.iter().chain(own) {
            scripts.entry(path).or_insert(launch);
        }
    }
    for (path, launch) in scripts {
        if let Some(script) = items.script(path) {
            judge_script(&script, launch, out);
        }
    }
}

fn judge_script(script: &Script, launch: &Launch, out: &mut Findings) {
    let text = script.text.as_bytes();
    let analysis = analyze_as(text, Language::of_file(script.path.name(), text));
    for (grade, shown) in graded(&analysis, false, true) {
        let line = shown.first().map_or(0, |indicator| indicator.line);
        let draft = out.raise(grade.rule, script);
        draft.at(&script.path, line);
        describe(draft, &grade, &shown, launch);
    }
}

/// What a package brought says what it says; only what has no ordinary explanation counts there.
fn is_vouched(items: &Items, file: &HostPath) -> bool {
    let state = items.file(file).map(|facts| facts.state);
    matches!(state, Some(PackageState::Vendor | PackageState::Local))
}

fn describe(draft: &mut Draft, grade: &Grade, shown: &[&Indicator], launch: &Launch) {
    draft.graded(grade.severity, grade.confidence);
    for indicator in shown.iter().take(MOST_SHOWN) {
        draft.evidence("does", indicator.technique);
        let name = if indicator.decoded { "decoded" } else { "part" };
        draft.evidence(name, indicator.evidence.clone());
    }
    draft.evidence("started by", launch.file.text().clone());
    if let Some(user) = &launch.user {
        draft.evidence("as", user.clone());
    }
    if !launch.enabled {
        draft.evidence("enabled", "no");
    }
}

/// A rule and how bad and how sure it is in this case.
#[derive(Debug, Clone, Copy)]
struct Grade {
    rule: &'static Rule,
    severity: Severity,
    confidence: Confidence,
}

/// The rules that an analysis calls for, each with its indicators, surest first.
fn graded(
    analysis: &Analysis,
    surest_only: bool,
    in_script: bool,
) -> Vec<(Grade, Vec<&Indicator>)> {
    let mut found: Vec<(Grade, Vec<&Indicator>)> = Vec::new();
    for indicator in &analysis.indicators {
        if indicator.strength == Strength::Weak
            || (surest_only && indicator.strength != Strength::Certain)
        {
            continue;
        }
        let grade = grade(indicator, in_script);
        match found.iter_mut().find(|(other, _)| other.rule.id == grade.rule.id) {
            Some((_, shown)) => shown.push(indicator),
            None => found.push((grade, vec![indicator])),
        }
    }
    found
}

fn rule_of(kind: Kind) -> &'static Rule {
    match kind {
        Kind::ReverseShell => &rules::REVERSE_SHELL,
        Kind::BindShell => &rules::BIND_SHELL,
        Kind::WebShell => &rules::WEB_SHELL,
        Kind::FetchAndRun => &rules::FETCH_AND_RUN,
        Kind::DecodeAndRun => &rules::DECODE_AND_RUN,
        Kind::HiddenPlace => &rules::HIDDEN_PLACE,
        Kind::TemporaryPlace => &rules::TEMPORARY_PLACE,
        Kind::OddPlace => &rules::ODD_PLACE,
        Kind::Preload => &rules::PRELOAD,
        Kind::LogRemoval => &rules::LOG_REMOVAL,
        Kind::HistoryOff => &rules::HISTORY_OFF,
        Kind::AccountChange => &rules::ACCOUNT_CHANGE,
        Kind::KeyChange => &rules::KEY_CHANGE,
        Kind::FirewallOff => &rules::FIREWALL_OFF,
        Kind::SecurityOff => &rules::SECURITY_OFF,
        Kind::Immutable => &rules::IMMUTABLE,
        Kind::Privilege => &rules::PRIVILEGE,
        Kind::KernelModule => &rules::KERNEL_MODULE,
        Kind::ScheduleChange => &rules::SCHEDULE_CHANGE,
        Kind::Miner => &rules::MINER,
        Kind::Flood => &rules::FLOOD,
        Kind::KillRivals => &rules::KILL_RIVALS,
        Kind::ContainerEscape => &rules::CONTAINER_ESCAPE,
    }
}

/// The rule's own grade is for what is likely; what is certain is graded up. Where something is
/// run from says less inside a script, which may have made the file itself a line above.
fn grade(indicator: &Indicator, in_script: bool) -> Grade {
    let rule = rule_of(indicator.kind);
    let is_place =
        matches!(indicator.kind, Kind::HiddenPlace | Kind::TemporaryPlace | Kind::OddPlace);
    let (severity, confidence) = match indicator.strength {
        Strength::Certain => (Severity::Critical, Confidence::Certain),
        _ if rule.confidence == Confidence::Certain => (Severity::High, Confidence::Likely),
        _ if is_place && in_script => (Severity::Low, Confidence::Possible),
        _ => (rule.severity, rule.confidence),
    };
    Grade { rule, severity, confidence }
}
