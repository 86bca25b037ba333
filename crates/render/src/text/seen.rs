//! What could not be seen, and what was.

use std::collections::BTreeMap;
use std::io;

use coroner_core::{Gap, Report, Status};

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
    if let Some(verified) = report.run.verified {
        page.line(&format!(
            "  packaged files: {} digested, {} agree with the host's own package database",
            verified.checked, verified.agreed
        ))?;
    }
    let read_only = format!("{:?}", report.run.read_only).to_lowercase();
    page.line(&format!(
        "  coroner {}, {} items, kept to reading by the kernel: {read_only}, access times kept: {}",
        report.tool.version,
        report.items.len(),
        if report.run.keeps_atime { "yes" } else { "as far as O_NOATIME goes" }
    ))
}
