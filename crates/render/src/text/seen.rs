//! What could not be seen, and what was.

use std::collections::BTreeMap;
use std::io;

use coroner_core::{Gap, PackUse, Report, Status, Verified};

use super::layout::Page;

/// Gaps of one plugin and reason that are named one by one.
const NAMED_OF_ONE_KIND: usize = 4;

pub(super) fn gaps(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let (matter, rest): (Vec<_>, Vec<_>) = report.gaps.iter().partition(|gap| gap.matters);
    if !matter.is_empty() {
        page.heading("Not seen, and the verdict needs it")?;
        list(&matter, page)?;
        page.blank()?;
    }
    if !rest.is_empty() {
        page.heading("Not seen or not understood; the verdict does not need it")?;
        list(&rest, page)?;
        page.blank()?;
    }
    Ok(())
}

fn list(gaps: &[&Gap], page: &mut Page<'_>) -> io::Result<()> {
    let mut kinds: BTreeMap<(&str, String), Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        kinds.entry((&gap.plugin, gap.reason.to_string())).or_default().push(gap);
    }
    for ((plugin, reason), same) in kinds {
        for gap in same.iter().take(NAMED_OF_ONE_KIND) {
            let detail = gap.detail.as_deref().map(escape).unwrap_or_default();
            let line = gap.line.map(|line| format!(":{line}")).unwrap_or_default();
            page.paragraph(
                2,
                format!("{plugin}: {}{line}: {reason}  {detail}", gap.path).trim_end(),
            )?;
        }
        if same.len() > NAMED_OF_ONE_KIND {
            let more = same.len() - NAMED_OF_ONE_KIND;
            page.paragraph(2, &format!("{plugin}: {more} more of these: {reason}"))?;
        }
    }
    Ok(())
}

fn verified_files(verified: &Verified, page: &mut Page<'_>) -> io::Result<()> {
    let local = grouped(verified.local);
    if verified.proved == 0 {
        let checked = grouped(verified.checked);
        page.line(&format!(
            "  packaged files: {checked} digested, {local} agree with the host's own lists alone"
        ))?;
    } else {
        let by: Vec<_> =
            verified.packs.iter().filter(|pack| pack.files > 0).map(proved_by).collect();
        let by = by.join(", ");
        page.paragraph(2, &format!("packaged files: {by}, {local} only by the host's own lists"))?;
    }
    let unknown = verified.packages_of_unknown_version;
    if unknown > 0 {
        let unknown = grouped(unknown);
        page.paragraph(
            2,
            &format!("{unknown} packages are known to the packs in other versions only"),
        )?;
    }
    Ok(())
}

/// `4,812 files proved by debian-12`.
fn proved_by(pack: &PackUse) -> String {
    format!("{} files proved by {}", grouped(pack.files), escape(&pack.name))
}

/// Digits by threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Details may quote the host.
pub(super) fn escape(detail: &str) -> String {
    coroner_parse::Text::from(detail).to_string()
}

pub(super) fn coverage(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Looked at")?;
    for row in &report.coverage {
        let status = match row.status {
            Status::Ran => "saw all it wanted",
            Status::Partial => "saw part",
            Status::Skipped => "skipped",
            Status::Failed => "FAILED",
        };
        let why = row.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        page.line(&format!(
            "  {:<10} {:>6} items {:>4} findings {:>4} gaps {:>6} ms  {status}{why}",
            row.plugin, row.items, row.findings, row.gaps, row.ms
        ))?;
    }
    if let Some(verified) = &report.run.verified {
        verified_files(verified, page)?;
    }
    let read_only = format!("{:?}", report.run.read_only).to_lowercase();
    page.line(&format!(
        "  coroner {}, {} items, kept to reading by the kernel: {read_only}, access times kept: {}",
        report.tool.version,
        report.items.len(),
        if report.run.keeps_atime { "yes" } else { "as far as O_NOATIME goes" }
    ))
}
