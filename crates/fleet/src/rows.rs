//! A report as rows. Dropped after it; rows share their text.

use std::collections::{BTreeMap, HashMap};

use coroner_compare::{Kinds, did_its_work};
use coroner_core::{Course, Item, Report, Severity, Time};
use serde::Serialize;
use serde_json::Value;

use crate::identity::{Identity, bounded, short_hash};
use crate::marks::marks;

/// One audit of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportRow {
    /// Names the run: the same however the file is written or judged again.
    pub(crate) report: String,
    pub(crate) host: String,
    pub(crate) name: String,
    /// The label `role`; empty without.
    pub(crate) label: String,
    pub(crate) os: String,
    pub(crate) kernel: String,
    pub(crate) mode: String,
    pub(crate) scope: String,
    pub(crate) started: String,
    /// `started`, or when it was taken in if the host's clock is ahead of that.
    pub(crate) seen: String,
    pub(crate) version: String,
    pub(crate) verdict: String,
    /// Plugins that looked, as `,cron,launch,`.
    pub(crate) plugins: String,
    pub(crate) findings: i64,
    /// Findings of medium or above that no policy accepts.
    pub(crate) alarming: i64,
    pub(crate) gaps: i64,
    /// Gaps that the verdict needed.
    pub(crate) mattering_gaps: i64,
    /// The file it came from.
    pub(crate) source: String,
}

/// One item of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemRow {
    pub(crate) kind: String,
    pub(crate) plugin: &'static str,
    /// `standing`, or `passing` for what comes and goes in ordinary life.
    pub(crate) course: &'static str,
    pub(crate) identity: Identity,
    pub(crate) key: String,
    /// The package and the version of it that own a file.
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) state: String,
    pub(crate) sha256: String,
    /// Items of the report that this row stands for.
    pub(crate) copies: i64,
}

/// Something that an item names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MarkRow {
    pub(crate) what: &'static str,
    pub(crate) value: String,
    pub(crate) kind: String,
    pub(crate) item: String,
    pub(crate) path: String,
}

/// One judgement of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FindingRow {
    pub(crate) finding: String,
    pub(crate) rule: String,
    pub(crate) severity: String,
    pub(crate) confidence: String,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) item: String,
    pub(crate) path: String,
    pub(crate) accepted: String,
    pub(crate) evidence: String,
}

/// A baseline that one report rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaselineRow {
    pub(crate) baseline: String,
    pub(crate) sha256: String,
    pub(crate) trusted: String,
}

/// All rows of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) report: ReportRow,
    pub(crate) items: Vec<ItemRow>,
    pub(crate) marks: Vec<MarkRow>,
    pub(crate) findings: Vec<FindingRow>,
    pub(crate) baselines: Vec<BaselineRow>,
}

impl Rows {
    /// Of a report that was read from `source` at `now`.
    pub(crate) fn of(report: &Report, source: &str, now: Time, kinds: &Kinds) -> Self {
        let versions = versions(report);
        let mut items: BTreeMap<(String, String), ItemRow> = BTreeMap::new();
        let mut named = Vec::new();
        for item in &report.items {
            let row = item_row(item, kinds, &versions);
            let name = (row.kind.clone(), row.identity.item.clone());
            named.extend(mark_rows(item, &row, items.contains_key(&name)));
            items.entry(name).and_modify(|first| first.fold(&row)).or_insert(row);
        }
        named.sort();
        named.dedup();
        Self {
            report: report_row(report, source, now),
            items: items.into_values().collect(),
            marks: named,
            findings: finding_rows(report),
            baselines: baseline_rows(report),
        }
    }
}

impl ItemRow {
    /// Takes in another item of the same name, whatever the order.
    fn fold(&mut self, other: &Self) {
        self.copies += other.copies;
        if other.identity.vhash != self.identity.vhash {
            let mut both = [self.identity.vhash.as_str(), other.identity.vhash.as_str()];
            both.sort_unstable();
            self.identity.vhash = short_hash(&both.concat());
        }
    }
}

fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// RFC 3339 to the millisecond: all of one length, so that text sorts as time does.
pub(crate) fn moment(time: Time) -> String {
    let whole = Time::from_seconds(time.seconds()).to_string();
    let millis = time.nanoseconds().max(0) / 1_000_000;
    format!("{}.{millis:03}Z", whole.trim_end_matches('Z'))
}

fn report_row(report: &Report, source: &str, now: Time) -> ReportRow {
    let (host, run) = (&report.host, &report.run);
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    let plugins = report.coverage.iter().filter(|row| did_its_work(row));
    let plugins = plugins.fold(String::new(), |text, row| text + &row.plugin + ",");
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    ReportRow {
        report: run_id(report),
        host: bounded(&host.id),
        name: bounded(&host.name.to_stored()),
        label: host.labels.get("role").map(|role| bounded(role)).unwrap_or_default(),
        os: bounded(&format!("{} {}", host.os.id.to_stored(), host.os.version.to_stored())),
        kernel: host.kernel.as_ref().map(|kernel| bounded(&kernel.to_stored())).unwrap_or_default(),
        mode: word(run.mode),
        scope: word(run.scope),
        started: moment(run.started),
        seen: moment(run.started.min(now)),
        version: bounded(&report.tool.version),
        verdict: word(report.verdict.level),
        plugins: format!(",{plugins}"),
        findings: number(report.findings.len()),
        alarming: number(open.filter(|finding| finding.severity >= Severity::Medium).count()),
        gaps: number(report.gaps.len()),
        mattering_gaps: number(report.gaps.iter().filter(|gap| gap.matters).count()),
        source: bounded(source),
    }
}

/// The same run has the same id, packed or not, and judged again or not.
fn run_id(report: &Report) -> String {
    let (host, run) = (&report.host, &report.run);
    short_hash(&word((&host.id, &host.name, run.mode, &run.root, run.started, run.finished)))
}

/// The version and architecture of each package of the report.
fn versions(report: &Report) -> HashMap<&str, String> {
    let packages = report.items.iter().filter(|item| item.kind == "package");
    let version = |item: &'_ Item| {
        let [version, arch] = ["version", "architecture"].map(|name| field(item, name));
        bounded(format!("{version} {arch}").trim_end())
    };
    packages.filter_map(|item| Some((item.key.as_str()?, version(item)))).collect()
}

fn field<'i>(item: &'i Item, name: &str) -> &'i str {
    item.fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn item_row(item: &Item, kinds: &Kinds, versions: &HashMap<&str, String>) -> ItemRow {
    let known = kinds.get(&item.kind);
    let course = match known.nature.course {
        Course::Standing => "standing",
        Course::Passing => "passing",
    };
    let package = field(item, "package");
    ItemRow {
        kind: bounded(&item.kind),
        plugin: known.plugin,
        course,
        identity: Identity::of(item, kinds),
        key: bounded(&item.key.to_stored()),
        package: bounded(package),
        version: versions.get(package).cloned().unwrap_or_default(),
        state: bounded(field(item, "state")),
        sha256: bounded(field(item, "sha256")),
        copies: 1,
    }
}

/// What the row itself holds is no mark; of an item that is folded into another row, all is.
fn mark_rows(item: &Item, row: &ItemRow, folded: bool) -> Vec<MarkRow> {
    let own = [&row.key, &row.identity.item, &row.identity.path, &row.sha256];
    let held = |value: &String| !folded && own.contains(&value);
    let named = marks(item).into_iter().filter(|mark| !held(&mark.value));
    let to_row = |mark: crate::marks::Mark| MarkRow {
        what: mark.what,
        value: mark.value,
        kind: row.kind.clone(),
        item: row.identity.item.clone(),
        path: row.identity.path.clone(),
    };
    named.map(to_row).collect()
}

fn finding_rows(report: &Report) -> Vec<FindingRow> {
    let stored = |finding: &coroner_core::Finding| {
        let path = finding.path.as_ref().map(|path| path.text().to_stored().into_owned());
        FindingRow {
            finding: bounded(&finding.id),
            rule: bounded(&finding.rule),
            severity: word(finding.severity),
            confidence: word(finding.confidence),
            title: bounded(&finding.title),
            kind: bounded(&finding.subject.kind),
            item: bounded(&finding.subject.key.to_stored()),
            path: path.map(|path| bounded(&path)).unwrap_or_default(),
            accepted: finding.accepted.as_ref().map(|_| "yes").unwrap_or_default().to_owned(),
            evidence: evidence(finding),
        }
    };
    report.findings.iter().map(stored).collect()
}

/// `name: value` of each piece, for drilling down; the report has it in full. A line break within a
/// piece would pass for another piece.
fn evidence(finding: &coroner_core::Finding) -> String {
    let pieces = finding.evidence.iter().take(16);
    let pieces = pieces.map(|piece| {
        bounded(&format!("{}: {}", piece.name, piece.value.to_stored()).replace('\n', "\\n"))
    });
    pieces.collect::<Vec<_>>().join("\n")
}

fn baseline_rows(report: &Report) -> Vec<BaselineRow> {
    let row = |used: &coroner_core::BaselineUse| BaselineRow {
        baseline: bounded(&used.name),
        sha256: bounded(&used.sha256),
        trusted: if used.trusted { "yes" } else { "no" }.to_owned(),
    };
    report.tool.baselines.iter().map(row).collect()
}

/// The day of a moment, which names the folder of its rows.
pub(crate) fn day(moment: &str) -> &str {
    moment.split_once('T').map_or("unknown", |(day, _)| day)
}
