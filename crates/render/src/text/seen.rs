//! What could not be seen, and what was.

use std::collections::BTreeMap;
use std::io;

use coroner_core::{Gap, PackUse, Report, Status, Verified};
use coroner_host::sandbox::Enforced;

use super::layout::Page;
use crate::Lang;

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
            let why = page.lang().word(&reason);
            page.paragraph(2, format!("{plugin}: {}{line}: {why}  {detail}", gap.path).trim_end())?;
        }
        if same.len() > NAMED_OF_ONE_KIND {
            let more = same.len() - NAMED_OF_ONE_KIND;
            let why = page.lang().word(&reason).to_owned();
            page.paragraph(2, &page.fill("{0}: {1} more of these: {2}", &[&plugin, &more, &why]))?;
        }
    }
    Ok(())
}

/// What checking packaged files came to, a sentence each.
pub(crate) fn verified_files(verified: &Verified, lang: Lang) -> Vec<String> {
    let local = grouped(verified.local);
    let mut said = vec![if verified.proved == 0 {
        lang.fill(
            "packaged files: {0} digested, {1} agree with the host's own lists alone",
            &[&grouped(verified.checked), &local],
        )
    } else {
        let packs = verified.packs.iter().filter(|pack| pack.files > 0);
        let by: Vec<_> = packs.map(|pack| proved_by(pack, lang)).collect();
        let by = by.join(", ");
        lang.fill("packaged files: {0}, {1} only by the host's own lists", &[&by, &local])
    }];
    let unknown = verified.packages_of_unknown_version;
    if unknown > 0 {
        said.push(lang.fill(
            "{0} packages are known to the packs in other versions only",
            &[&grouped(unknown)],
        ));
    }
    said
}

/// `4,812 files proved by debian-12`.
fn proved_by(pack: &PackUse, lang: Lang) -> String {
    lang.fill("{0} files proved by {1}", &[&grouped(pack.files), &escape(&pack.name)])
}

/// Digits by threes.
pub fn grouped(number: u64) -> String {
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
pub(crate) fn escape(detail: &str) -> String {
    coroner_parse::Text::from(detail).to_string()
}

/// What became of a plugin.
pub(crate) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Ran => "saw all it wanted",
        Status::Partial => "saw part",
        Status::Skipped => "skipped",
        Status::Failed => "FAILED",
    }
}

/// How far the kernel kept the auditor to reading.
pub(crate) fn enforced_word(enforced: Enforced) -> &'static str {
    match enforced {
        Enforced::Full => "full",
        Enforced::Partial => "partial",
        Enforced::None => "none",
    }
}

/// Whether access times stayed.
pub(crate) fn atime_word(keeps: bool) -> &'static str {
    if keeps { "yes" } else { "as far as O_NOATIME goes" }
}

pub(super) fn coverage(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let lang = page.lang();
    page.heading("Looked at")?;
    for row in &report.coverage {
        let why = row.why.as_ref().map(|why| format!(" ({})", escape(why))).unwrap_or_default();
        let plugin = format!("{:<10}", escape(&row.plugin));
        let [items, findings, gaps] =
            [(row.items, 6), (row.findings, 4), (row.gaps, 4)].map(|(n, w)| format!("{n:>w$}"));
        let ms = format!("{:>6}", row.ms);
        let words = lang.fill(
            "  {0} {1} items {2} findings {3} gaps {4} ms  {5}{6}",
            &[&plugin, &items, &findings, &gaps, &ms, &lang.word(status_word(row.status)), &why],
        );
        page.line(&words)?;
    }
    if let Some(verified) = &report.run.verified {
        verified_files(verified, lang).iter().try_for_each(|said| page.paragraph(2, said))?;
    }
    let words = lang.fill(
        "  coroner {0}, {1} items, kept to reading by the kernel: {2}, access times kept: {3}",
        &[
            &escape(&report.tool.version),
            &report.items.len(),
            &lang.word(enforced_word(report.run.read_only)),
            &lang.word(atime_word(report.run.keeps_atime)),
        ],
    );
    page.line(&words)?;
    let medium = report.tool.medium.as_ref();
    medium.map_or(Ok(()), |manifest| {
        page.line(&lang.fill("  from the medium with the manifest {0}", &[&escape(manifest)]))
    })
}
