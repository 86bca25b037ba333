//! What the running kernel did not show, for a person.

use std::io::{self, Write};

use coroner_compare::{CrossView, TwoFaced, Unseen};
use coroner_core::Item;

use super::layout::{Page, Paint};
use super::{TextStyle, diff, item};

/// Writes the running host beside its disk as text.
///
/// # Errors
/// The writer's.
pub fn cross_view_text(view: &CrossView, style: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    head(view, &mut page)?;
    unseen("On the disk, and hidden from the live audit", &view.hidden, Paint::Alarm, &mut page)?;
    let (later, hidden): (Vec<_>, Vec<_>) = view.differs.iter().partition(|two| two.later);
    differs("Not the same through the running kernel and on the disk", &hidden, &mut page)?;
    unseen("Written after the live audit", &view.later, Paint::Doubt, &mut page)?;
    differs("Changed after the live audit", &later, &mut page)?;
    unseen(
        "On the disk; the live audit knew that it could not see it",
        &view.blocked,
        Paint::Doubt,
        &mut page,
    )?;
    unseen(
        "Named only by what was hidden; nobody looked for it in the live audit",
        &view.only_named,
        Paint::Doubt,
        &mut page,
    )?;
    covering(&view.not_on_disk, &mut page)?;
    diff::listed("Findings that only the disk has", "+", &view.findings, &mut page)?;
    diff::left_out(&view.left_out, &mut page)
}

fn head(view: &CrossView, page: &mut Page<'_>) -> io::Result<()> {
    let lying = view.differs.iter().filter(|two| !two.later).count();
    let (paint, word) = match view.exit_status() {
        0 => (Paint::Good, "SAME"),
        1 => (Paint::Doubt, "DIFFERENT"),
        _ => (Paint::Alarm, "HIDDEN"),
    };
    let word = page.paint(paint, page.lang().word(word));
    page.line(&format!("{word}  {}", view.disk.name))?;
    diff::side("kernel", &view.live, page)?;
    diff::side("disk", &view.disk, page)?;
    let mut words = page.fill(
        "The running kernel did not show {0} things that are on the disk, and showed {1} \
         otherwise than they are there; {2} are the same.",
        &[&view.hidden.len(), &lying, &view.same],
    );
    if view.exit_status() == 2 {
        words += page.lang().word(
            " Whatever hides them lay in the kernel, in a mount over these files, or between \
             coroner and the disk.",
        );
    }
    page.paragraph(0, &words)?;
    page.blank()
}

fn unseen(heading: &str, list: &[Unseen], paint: Paint, page: &mut Page<'_>) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    for unseen in list.iter().take(item::MOST) {
        item::line("!", paint, &unseen.item, page)?;
        if let Some(time) = unseen.file_changed {
            page.paragraph(6, &page.fill("its file last changed {0}", &[&time]))?;
        }
    }
    diff::more(list.len(), "of these", page)?;
    page.blank()
}

fn differs(heading: &str, list: &[&TwoFaced], page: &mut Page<'_>) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading(heading)?;
    for two in list.iter().take(item::MOST) {
        page.line(&format!("  ~ {} {}", item::escaped(&two.change.kind), two.change.key))?;
        two.change.fields.iter().take(item::MOST).try_for_each(|field| item::field(field, page))?;
    }
    diff::more(list.len(), "of these", page)?;
    page.blank()
}

fn covering(list: &[Item], page: &mut Page<'_>) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    page.heading("Shown by the running kernel, and not on the disk")?;
    let words = page.lang().word(
        "Another file system lay there (mount it below the offline root to compare it), a mount \
         covered the disk's own files, or it was removed since.",
    );
    page.paragraph(2, words)?;
    list.iter().take(item::MOST).try_for_each(|item| item::line("?", Paint::Warn, item, page))?;
    diff::more(list.len(), "of these", page)?;
    page.blank()
}
