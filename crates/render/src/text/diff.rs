//! What changed, for a person: findings that need one first, then items, then what was not seen.

use std::io::{self, Write};

use coroner_compare::{Diff, FieldChange, ItemChanges, LeftOut, Side};
use coroner_core::{Finding, Gap, Mode};

use super::layout::{Page, Paint};
use super::{TextStyle, findings, item, seen};

/// Writes what changed on a host as text.
///
/// # Errors
/// The writer's.
pub fn diff_text(diff: &Diff, style: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    head(diff, &mut page)?;
    fields("The host", &diff.host, &mut page)?;
    items("What stands on the host", &diff.items, &mut page)?;
    found(diff, &mut page)?;
    items("What comes and goes: logins, logs, processes", &diff.passing, &mut page)?;
    gaps("Not seen now, and seen before", &diff.gaps.new, &mut page)?;
    gaps("Seen now, and not before", &diff.gaps.gone, &mut page)?;
    fields("Plugins that fared otherwise", &diff.gaps.coverage, &mut page)?;
    fields("How the two audits differ", &diff.audits, &mut page)?;
    left_out(&diff.left_out, &mut page)
}

fn head(diff: &Diff, page: &mut Page<'_>) -> io::Result<()> {
    let alarming = diff.findings.alarming().count();
    let (paint, word) = match (diff.exit_status(), alarming) {
        (0, _) => (Paint::Good, "UNCHANGED"),
        (1, _) => (Paint::Doubt, "CHANGED"),
        _ => (Paint::Alarm, "NEW FINDINGS"),
    };
    let word = page.paint(paint, page.lang().word(word));
    page.line(&format!("{word}  {}", diff.new.name))?;
    side("from", &diff.old, page)?;
    side("to", &diff.new, page)?;
    let items = &diff.items;
    page.paragraph(
        0,
        &page.fill(
            "{0} new, {1} gone, {2} changed, {3} as they were ({4} on another line). {5} new findings, \
             {6} of them for a person to look at.",
            &[
                &items.new.len(),
                &items.gone.len(),
                &items.changed.len(),
                &(items.same + items.moved),
                &items.moved,
                &diff.findings.new.len(),
                &alarming,
            ],
        ),
    )?;
    page.blank()
}

pub(super) fn side(label: &str, side: &Side, page: &mut Page<'_>) -> io::Result<()> {
    let lang = page.lang();
    let mode = if side.mode == Mode::Live { "live" } else { "offline" };
    let verdict = lang.word(super::level_word(side.verdict)).to_lowercase();
    let words = lang.fill(
        "{0} audit, {1}, verdict {2}, coroner {3}",
        &[&lang.word(mode), &side.finished, &verdict, &item::escaped(&side.version)],
    );
    page.labelled(2, label, &words)
}

fn fields(heading: &str, changes: &[FieldChange], page: &mut Page<'_>) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    changes.iter().try_for_each(|change| item::field(change, page))?;
    page.blank()
}

fn items(heading: &str, changes: &ItemChanges, page: &mut Page<'_>) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    for new in changes.new.iter().take(item::MOST) {
        item::line("+", Paint::Warn, new, page)?;
    }
    more(changes.new.len(), "new", page)?;
    for gone in changes.gone.iter().take(item::MOST) {
        item::line("-", Paint::Doubt, gone, page)?;
    }
    more(changes.gone.len(), "gone (or no longer named by anything)", page)?;
    for change in changes.changed.iter().take(item::MOST) {
        let mark = page.paint(Paint::Warn, "~");
        page.line(&format!("  {mark} {} {}", item::escaped(&change.kind), change.key))?;
        change.fields.iter().take(item::MOST).try_for_each(|field| item::field(field, page))?;
    }
    more(changes.changed.len(), "changed", page)?;
    page.blank()
}

pub(super) fn more(count: usize, what: &str, page: &mut Page<'_>) -> io::Result<()> {
    match count.saturating_sub(item::MOST) {
        0 => Ok(()),
        rest => page.paragraph(
            4,
            &page.fill("{0} more {1}: see --format json", &[&rest, &page.lang().word(what)]),
        ),
    }
}

fn found(diff: &Diff, page: &mut Page<'_>) -> io::Result<()> {
    let changes = &diff.findings;
    listed("New findings", "+", &changes.new, page)?;
    listed("Findings that are gone", "-", &changes.gone, page)?;
    if !changes.graded.is_empty() {
        page.heading("Findings that are graded otherwise")?;
        for graded in &changes.graded {
            page.line(&format!("  ~ {} {}", item::escaped(&graded.rule), graded.id))?;
            graded.fields.iter().try_for_each(|change| item::field(change, page))?;
        }
        page.blank()?;
    }
    listed("Findings that are still there", " ", &changes.still, page)
}

pub(super) fn listed(
    heading: &str,
    mark: &str,
    list: &[Finding],
    page: &mut Page<'_>,
) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    for finding in list.iter().take(item::MOST) {
        let lang = page.lang();
        let accepted = match finding.accepted {
            Some(_) => lang.word(" (accepted by policy)"),
            None => "",
        };
        let severity = lang.word(findings::severity_word(finding.severity));
        let (title, rule) =
            (item::escaped(lang.word(&finding.title)), item::escaped(&finding.rule));
        let place = findings::place(finding);
        page.labelled(2, mark, &format!("{severity} {title} [{rule}] {place}{accepted}"))?;
    }
    more(list.len(), "of these", page)?;
    page.blank()
}

fn gaps(heading: &str, list: &[Gap], page: &mut Page<'_>) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    for gap in list.iter().take(item::MOST) {
        let detail = gap.detail.as_deref().map(seen::escape).unwrap_or_default();
        let reason = gap.reason.to_string();
        let reason = page.lang().word(&reason);
        let line = format!("{}: {}: {reason}  {detail}", item::escaped(&gap.plugin), gap.path);
        page.paragraph(2, line.trim_end())?;
    }
    more(list.len(), "of these", page)?;
    page.blank()
}

pub(super) fn left_out(list: &[LeftOut], page: &mut Page<'_>) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading("Not compared")?;
    for left in list {
        let (kind, why) = (item::escaped(&left.kind), item::escaped(&left.why));
        page.paragraph(2, &format!("{} {kind}: {why}", left.items))?;
    }
    page.blank()
}
