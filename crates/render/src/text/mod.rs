//! The report for a tired person, read top down: verdict, reasons, what to do, gaps, coverage.

mod cross;
mod diff;
mod findings;
mod item;
mod layout;
mod seen;

use std::io::{self, Write};

use coroner_core::{Level, Mode, Report, Severity};

pub use cross::cross_view_text;
pub use diff::diff_text;
use layout::{Page, Paint};

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Colours, for a terminal that wants them.
    pub color: bool,
    /// Columns, at least 60.
    pub width: usize,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}

/// Writes the report as text.
///
/// # Errors
/// The writer's.
pub fn text(report: &Report, style: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    verdict(report, &mut page)?;
    findings::reasons(report, &mut page)?;
    findings::minor(report, &mut page)?;
    findings::accepted(report, &mut page)?;
    seen::gaps(report, &mut page)?;
    seen::coverage(report, &mut page)
}

fn verdict(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let level = report.verdict.level;
    let word = page.paint(paint(level), &format!("{level:?}").to_uppercase());
    let host = &report.host;
    let os = format!("{} {}", host.os.id, host.os.version);
    let kernel = host.kernel.as_ref().map(|k| format!(", kernel {k}")).unwrap_or_default();
    let mode = if report.run.mode == Mode::Live { "live" } else { "offline" };
    page.line(&format!("{word}  {} ({}{kernel})", host.name, os.trim()))?;
    page.line(&format!("{mode} audit of {}, {}", report.run.root, report.run.finished))?;
    page.paragraph(0, &meaning(report))?;
    page.blank()
}

fn paint(level: Level) -> Paint {
    match level {
        Level::Clean => Paint::Good,
        Level::Inconclusive => Paint::Doubt,
        Level::Suspicious => Paint::Warn,
        Level::Compromised => Paint::Alarm,
    }
}

fn meaning(report: &Report) -> String {
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    let look = open.filter(|finding| finding.severity >= Severity::Medium).count();
    let gaps = report.gaps.iter().filter(|gap| gap.matters).count();
    let unseen = match gaps {
        0 => String::new(),
        1 => " One thing that matters could not be seen.".to_owned(),
        many => format!(" {many} things that matter could not be seen."),
    };
    let judged = match report.verdict.level {
        Level::Clean => "Nothing found, and all that the verdict needs was seen.".to_owned(),
        Level::Inconclusive => "Nothing found, but this host is not known to be clean.".to_owned(),
        Level::Suspicious => format!("{} for a person to look at.", findings::count(look)),
        Level::Compromised => format!(
            "{}, {} of them the reason for this verdict. Treat the host as the intruder's.",
            findings::count(look),
            report.verdict.reasons.len()
        ),
    };
    judged + &unseen
}

#[cfg(test)]
mod tests;
