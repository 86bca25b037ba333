//! Syslog lines (RFC 5424): one for the verdict, then one for each finding. Each ends with a line
//! feed and is at most 2048 bytes long, which every receiver takes (RFC 5424, section 6.1).

use std::fmt::Write as _;
use std::io::{self, Write};

use coroner_core::{Finding, Level, Report, Severity, Text, Time};

/// Facility `authpriv`, RFC 5424 table 1.
const FACILITY: u8 = 10;
/// The structured data's name. 32473 is the enterprise number that is kept for examples (RFC 5612):
/// coroner has none of its own.
const ELEMENT: &str = "coroner@32473";
/// Longest value of a parameter in bytes, escapes counted.
const VALUE: usize = 240;
/// Longest message in bytes.
const MESSAGE: usize = 480;

/// Writes the report as syslog lines.
///
/// # Errors
/// The writer's.
pub fn syslog(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(verdict(report).as_bytes())?;
    report.findings.iter().try_for_each(|one| out.write_all(finding(report, one).as_bytes()))
}

fn verdict(report: &Report) -> String {
    let level = report.verdict.level;
    let severity = match level {
        Level::Compromised => 2,
        Level::Suspicious => 4,
        Level::Inconclusive => 5,
        Level::Clean => 6,
    };
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none()).count();
    let gaps = report.gaps.iter().filter(|gap| gap.matters).count();
    let word = format!("{level:?}").to_lowercase();
    let mut line = Line::new(report, severity, "verdict");
    line.parameter("level", &word);
    line.parameter("host", &report.host.id);
    line.parameter("findings", &open.to_string());
    line.parameter("gaps", &gaps.to_string());
    line.parameter("mode", &format!("{:?}", report.run.mode).to_lowercase());
    line.parameter("scope", &format!("{:?}", report.run.scope).to_lowercase());
    line.parameter("version", &report.tool.version);
    line.end(&format!("{word}: {open} findings, {gaps} gaps that matter"))
}

fn finding(report: &Report, finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    };
    let mut line = Line::new(report, severity, "finding");
    line.parameter("id", &finding.id);
    line.parameter("rule", &finding.rule);
    line.parameter("severity", &format!("{:?}", finding.severity).to_lowercase());
    line.parameter("confidence", &format!("{:?}", finding.confidence).to_lowercase());
    let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
    line.parameter("path", &path);
    line.parameter("line", &finding.line.map(|line| line.to_string()).unwrap_or_default());
    line.parameter("attack", &finding.attack.join(" "));
    let subject = format!("{} {}", finding.subject.kind, finding.subject.key);
    line.parameter("subject", &subject);
    if let Some(evidence) = finding.evidence.first() {
        line.parameter("evidence", &format!("{}: {}", evidence.name, evidence.value));
    }
    let accepted = finding.accepted.as_ref().map(|accepted| accepted.reason.clone());
    line.parameter("accepted", &accepted.unwrap_or_default());
    line.end(&format!("{}: {path}", finding.title))
}

/// A line while it is written.
struct Line(String);

impl Line {
    fn new(report: &Report, severity: u8, id: &str) -> Self {
        let priority = FACILITY * 8 + severity;
        let (time, host) = (timestamp(report.run.finished), hostname(&report.host.name));
        Self(format!("<{priority}>1 {time} {host} coroner - {id} [{ELEMENT}"))
    }

    /// A parameter; one that says nothing is left out.
    fn parameter(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let value = bounded(value, VALUE, |c| matches!(c, '"' | '\\' | ']'));
            let _ = write!(self.0, " {name}=\"{value}\"");
        }
    }

    /// The message, marked as UTF-8 by its byte order mark (RFC 5424, section 6.4).
    fn end(self, message: &str) -> String {
        format!("{}] \u{feff}{}\n", self.0, bounded(message, MESSAGE, |_| false))
    }
}

/// Escapes what `special` names with a backslash and what acts on a terminal as text; cuts at
/// `most` bytes.
fn bounded(text: &str, most: usize, special: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    for character in Text::from(text).to_string().chars() {
        let length = character.len_utf8() + usize::from(special(character));
        if out.len() + length + 3 > most {
            return out + "...";
        }
        if special(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// RFC 3339 with at most microseconds (RFC 5424, section 6.2.3).
fn timestamp(time: Time) -> String {
    let whole = Time::from_seconds(time.seconds()).to_string();
    let micros = time.nanoseconds() / 1000;
    format!("{}.{micros:06}Z", whole.trim_end_matches('Z'))
}

/// Printable ASCII without blanks, at most 255 (RFC 5424, section 6.2.4); `-` when there is none.
fn hostname(name: &Text) -> String {
    let printable = |&byte: &u8| if byte.is_ascii_graphic() { char::from(byte) } else { '_' };
    let name: String = name.as_bytes().iter().take(255).map(printable).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}
