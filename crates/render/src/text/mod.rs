//! The report for a tired person, read top down: verdict, reasons, what to do, gaps, coverage.

mod cross;
mod diff;
mod findings;
mod item;
mod layout;
mod seen;

use std::io::{self, Write};

use coroner_core::{Level, Mode, Report, Severity};

use crate::Lang;
pub use cross::cross_view_text;
pub use diff::diff_text;
pub(crate) use findings::{confidence_word, place, severity_word};
pub(crate) use item::told;
use layout::{Page, Paint};
pub use seen::grouped;
pub(crate) use seen::{atime_word, enforced_word, escape, status_word, verified_files};

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Colours, for a terminal that wants them.
    pub color: bool,
    /// Columns, at least 60.
    pub width: usize,
    /// The language of the fixed words.
    pub lang: Lang,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { color: false, width: 100, lang: Lang::En }
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
    let lang = page.lang();
    let word = page.paint(paint(level), lang.word(level_word(level)));
    let host = &report.host;
    let os = format!("{} {}", host.os.id, host.os.version);
    let kernel = host.kernel.as_ref().map(|k| lang.fill(", kernel {0}", &[k])).unwrap_or_default();
    page.line(&format!("{word}  {} ({}{kernel})", host.name, os.trim()))?;
    page.line(&audit_line(report, lang))?;
    page.paragraph(0, &meaning(report, lang))?;
    page.blank()
}

/// The verdict in capitals.
pub(crate) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Clean => "CLEAN",
        Level::Inconclusive => "INCONCLUSIVE",
        Level::Suspicious => "SUSPICIOUS",
        Level::Compromised => "COMPROMISED",
    }
}

/// How and when the host was looked at.
pub(crate) fn audit_line(report: &Report, lang: Lang) -> String {
    let parts: [&dyn std::fmt::Display; 2] = [&report.run.root, &report.run.finished];
    match report.run.mode {
        Mode::Live => lang.fill("live audit of {0}, {1}", &parts),
        Mode::Offline => lang.fill("offline audit of {0}, {1}", &parts),
    }
}

fn paint(level: Level) -> Paint {
    match level {
        Level::Clean => Paint::Good,
        Level::Inconclusive => Paint::Doubt,
        Level::Suspicious => Paint::Warn,
        Level::Compromised => Paint::Alarm,
    }
}

/// What the verdict means, in a sentence or two.
pub(crate) fn meaning(report: &Report, lang: Lang) -> String {
    let open = report.findings.iter().filter(|finding| finding.accepted.is_none());
    let look =
        findings::count(open.filter(|finding| finding.severity >= Severity::Medium).count(), lang);
    let gaps = report.gaps.iter().filter(|gap| gap.matters).count();
    let unseen = match gaps {
        0 => String::new(),
        1 => lang.word(" One thing that matters could not be seen.").to_owned(),
        many => lang.fill(" {0} things that matter could not be seen.", &[&many]),
    };
    let judged = match report.verdict.level {
        Level::Clean => {
            lang.word("Nothing found, and all that the verdict needs was seen.").to_owned()
        }
        Level::Inconclusive => {
            lang.word("Nothing found, but this host is not known to be clean.").to_owned()
        }
        Level::Suspicious => lang.fill("{0} for a person to look at.", &[&look]),
        Level::Compromised => lang.fill(
            "{0}, {1} of them the reason for this verdict. Treat the host as the intruder's.",
            &[&look, &report.verdict.reasons.len()],
        ),
    };
    judged + &unseen
}

#[cfg(test)]
mod tests;
