//! The report as one page: no network, no foreign script, readable without scripts too.
//!
//! Everything but the list of items is markup made here. The items go out as data, already escaped, and a
//! small script of ours shows them. [`crate::page`] has what other pages share.

mod findings;
mod items;
mod seen;
mod timeline;
mod verdict;

use std::io::{self, Write};

use coroner_core::Report;
use maud::{Markup, html as markup};

use crate::Lang;
use crate::page::{SCRIPT, STYLE, Shell};

const ITEMS: &str = include_str!("../../page/items.js");

/// Writes the report as a page.
///
/// # Errors
/// The writer's.
pub fn html(report: &Report, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
    let script = SCRIPT.concat() + ITEMS;
    let shell = Shell {
        lang,
        title: format!(
            "{}: {}",
            report.host.name,
            lang.word(crate::text::level_word(report.verdict.level))
        ),
        style: STYLE,
        script: &script,
    };
    shell.write(&body(report, lang), &mut |out| items::data(report, lang, out), out)
}

fn body(report: &Report, lang: Lang) -> Markup {
    markup! {
        (verdict::banner(report, lang))
        (contents(lang))
        (verdict::reasons(report, lang))
        (timeline::section(report, lang))
        (findings::section(report, lang))
        (seen::gaps(report, lang))
        (items::section(report, lang))
        (seen::coverage(report, lang))
        (seen::standing(report, lang))
    }
}

fn contents(lang: Lang) -> Markup {
    markup! {
        nav.contents aria-label=(lang.word("Contents")) {
            a href="#reasons" { (lang.word("Why")) }
            a href="#timeline" { (lang.word("Timeline")) }
            a href="#findings" { (lang.word("Findings")) }
            a href="#gaps" { (lang.word("Not seen")) }
            a href="#items" { (lang.word("Items")) }
            a href="#coverage" { (lang.word("Looked at")) }
            a href="#standing" { (lang.word("What it stands on")) }
        }
    }
}
