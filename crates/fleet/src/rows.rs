//! A report as rows. Dropped after it; rows share their text.

use coroner_compare::did_its_work;
use coroner_core::{ReportError, Severity, Time, UnreadItems};
use serde::Serialize;
use serde_json::Value;

use crate::identity::{bounded, short_hash};
use crate::items::{Held, MarkRow, folded};
use crate::known::{Known, New};
use crate::layout::Key;

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
    /// Stands for `report`, and `hostno` for `host`, where millions of rows are joined.
    pub(crate) reportno: i64,
    pub(crate) hostno: i64,
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
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) report: ReportRow,
    pub(crate) items: Vec<Held>,
    pub(crate) marks: Vec<MarkRow>,
    pub(crate) findings: Vec<FindingRow>,
    pub(crate) baselines: Vec<BaselineRow>,
    /// Items that were not known before.
    pub(crate) new: Vec<New>,
}

impl Rows {
    /// Of a report that was read from `source` at `now`.
    ///
    /// # Errors
    /// One of its items is none.
    pub(crate) fn of(
        report: &UnreadItems<'_>,
        source: &str,
        now: Time,
        known: &Known<'_>,
    ) -> Result<Self, ReportError> {
        let (mut read, mut new) = (Vec::with_capacity(report.items.len()), Vec::new());
        for json in &report.items {
            let (item, unknown) = known.read(json)?;
            read.push(item);
            new.extend(unknown);
        }
        let (items, marks) = folded(read);
        Ok(Self {
            new,
            report: report_row(report, source, now, known.key),
            items,
            marks,
            findings: finding_rows(report),
            baselines: baseline_rows(report),
        })
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

fn report_row(report: &UnreadItems<'_>, source: &str, now: Time, key: Key) -> ReportRow {
    let (host, run) = (&report.host, &report.run);
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    let plugins = report.coverage.iter().filter(|row| did_its_work(row));
    let plugins = plugins.fold(String::new(), |text, row| text + &row.plugin + ",");
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (id, host_id) = (run_id(report), bounded(&host.id));
    ReportRow {
        reportno: key.number("report", &id),
        hostno: key.number("host", &host_id),
        report: id,
        host: host_id,
        name: bounded(host.name.to_stored()),
        label: host.labels.get("role").map(bounded).unwrap_or_default(),
        os: bounded(format!("{} {}", host.os.id.to_stored(), host.os.version.to_stored())),
        kernel: host.kernel.as_ref().map(|kernel| bounded(kernel.to_stored())).unwrap_or_default(),
        mode: word(run.mode),
        scope: word(run.scope),
        started: moment(run.started),
        seen: moment(run.started.min(now)),
        version: bounded(&report.tool.version),
        verdict: word(report.verdict.level),
        plugins: format!(",{plugins}"),
        findings: count(report.findings.len()),
        alarming: count(open.filter(|finding| finding.severity >= Severity::Medium).count()),
        gaps: count(report.gaps.len()),
        mattering_gaps: count(report.gaps.iter().filter(|gap| gap.matters).count()),
        source: bounded(source),
    }
}

/// The same run has the same id, packed or not, and judged again or not.
fn run_id(report: &UnreadItems<'_>) -> String {
    let (host, run) = (&report.host, &report.run);
    short_hash(&word((&host.id, &host.name, run.mode, &run.root, run.started, run.finished)))
}

fn finding_rows(report: &UnreadItems<'_>) -> Vec<FindingRow> {
    let stored = |finding: &coroner_core::Finding| {
        let path = finding.path.as_ref().map(|path| path.text().to_stored().into_owned());
        FindingRow {
            finding: bounded(&finding.id),
            rule: bounded(&finding.rule),
            severity: word(finding.severity),
            confidence: word(finding.confidence),
            title: bounded(&finding.title),
            kind: bounded(&finding.subject.kind),
            item: bounded(finding.subject.key.to_stored()),
            path: path.map(bounded).unwrap_or_default(),
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
        bounded(format!("{}: {}", piece.name, piece.value.to_stored()).replace('\n', "\\n"))
    });
    pieces.collect::<Vec<_>>().join("\n")
}

fn baseline_rows(report: &UnreadItems<'_>) -> Vec<BaselineRow> {
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
