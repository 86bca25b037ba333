//! A textfile for Prometheus' node exporter: the verdict, findings by severity, gaps, when the audit
//! ran, and how each plugin fared. `time() - coroner_audit_timestamp_seconds` is its age.

use std::io::{self, Write};

use coroner_core::{Level, Report, Severity, Status, Text, Time};

const LEVELS: [Level; 4] =
    [Level::Clean, Level::Inconclusive, Level::Suspicious, Level::Compromised];
const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
const STATUSES: [Status; 4] = [Status::Ran, Status::Partial, Status::Skipped, Status::Failed];

/// Writes the report in the text exposition format 0.0.4.
///
/// # Errors
/// The writer's.
pub fn prometheus(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    info(report, out)?;
    verdict(report, out)?;
    findings(report, out)?;
    gaps(report, out)?;
    times(report, out)?;
    plugins(report, out)
}

fn head(name: &str, help: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# HELP coroner_{name} {help}\n# TYPE coroner_{name} gauge")
}

fn sample(
    name: &str,
    labels: &[(&str, &str)],
    value: impl std::fmt::Display,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    writeln!(out, "coroner_{name}{labels} {value}")
}

/// What acts on a terminal is escaped as everywhere, then what the format itself needs.
fn escape(value: &str) -> String {
    Text::from(value).to_string().replace('\\', "\\\\").replace('"', "\\\"")
}

fn word(debug: impl std::fmt::Debug) -> String {
    format!("{debug:?}").to_lowercase()
}

fn info(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head("audit_info", "Of what host, by what version, how. Always 1.", out)?;
    let (mode, scope) = (word(report.run.mode), word(report.run.scope));
    let name = report.host.name.to_stored();
    let labels = [
        ("host_id", report.host.id.as_str()),
        ("host_name", &name),
        ("version", &report.tool.version),
        ("mode", &mode),
        ("scope", &scope),
    ];
    sample("audit_info", &labels, 1, out)
}

fn verdict(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head("verdict", "1 for the level of the last audit's verdict, 0 for the others.", out)?;
    LEVELS.iter().try_for_each(|level| {
        let is = u8::from(report.verdict.level == *level);
        sample("verdict", &[("level", &word(level))], is, out)
    })
}

fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head(
        "findings",
        "Findings of the last audit, by severity and by whether a policy accepts them.",
        out,
    )?;
    for severity in SEVERITIES {
        for accepted in [false, true] {
            let of_it = report.findings.iter().filter(|finding| finding.severity == severity);
            let count = of_it.filter(|finding| finding.accepted.is_some() == accepted).count();
            let labels = [("severity", &*word(severity)), ("accepted", &accepted.to_string())];
            sample("findings", &labels, count, out)?;
        }
    }
    Ok(())
}

fn gaps(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head("gaps", "What the last audit could not see, by whether the verdict needs it.", out)?;
    [true, false].iter().try_for_each(|matters| {
        let count = report.gaps.iter().filter(|gap| gap.matters == *matters).count();
        sample("gaps", &[("matters", &matters.to_string())], count, out)
    })
}

fn times(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head("audit_timestamp_seconds", "When the last audit ended, in seconds since 1970.", out)?;
    sample("audit_timestamp_seconds", &[], report.run.finished.seconds(), out)?;
    head("audit_duration_seconds", "How long the last audit took.", out)?;
    let milliseconds = |time: Time| {
        let part = i64::from(time.nanoseconds()) / 1_000_000;
        time.seconds().saturating_mul(1000).saturating_add(part)
    };
    let took = milliseconds(report.run.finished).saturating_sub(milliseconds(report.run.started));
    let took = took.max(0);
    sample("audit_duration_seconds", &[], format!("{}.{:03}", took / 1000, took % 1000), out)
}

fn plugins(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head(
        "plugin_status",
        "1 for how a plugin fared in the last audit, 0 for the other ways.",
        out,
    )?;
    for row in &report.coverage {
        for status in STATUSES {
            let labels = [("plugin", row.plugin.as_str()), ("status", &word(status))];
            sample("plugin_status", &labels, u8::from(row.status == status), out)?;
        }
    }
    Ok(())
}
