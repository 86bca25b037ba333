//! The fleet as one page: no network, no foreign script. The head is markup; the matrix and the lists go
//! out as data, already escaped, and a small script of ours shows them and leads from one to the other.

mod data;
mod head;
mod sections;

use std::io::{self, Write};

use coroner_core::Rule;
use coroner_render::Lang;
use coroner_render::page::{SCRIPT, STYLE, Shell};
use maud::{Markup, html};
use serde::Deserialize;

use crate::sheet::Sheet;

const FLEET_STYLE: &str = include_str!("../../page/fleet.css");
const FLEET_SCRIPT: [&str; 4] = [
    include_str!("../../page/matrix.js"),
    include_str!("../../page/facts.js"),
    include_str!("../../page/drawer.js"),
    include_str!("../../page/fleet.js"),
];

/// The answer to the query `overview`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Overview {
    hosts: u64,
    reports: u64,
    first_seen: String,
    last_seen: String,
    compromised: u64,
    suspicious: u64,
    inconclusive: u64,
    clean: u64,
}

/// A fleet's page.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its language.
    pub lang: Lang,
    /// The fleet in one line.
    pub overview: &'a Overview,
    /// Hosts that were not heard of for long.
    pub stale: u64,
    /// Hosts that should be there and have no report.
    pub missing: u64,
    /// Rules that hold, as this version explains them.
    pub rules: &'a [&'static Rule],
}

/// Fills a sheet with the answer to a query.
pub type Ask<'a> = dyn FnMut(&str, &mut dyn Sheet) -> io::Result<()> + 'a;

impl Page<'_> {
    /// Writes the page; `ask` is called once for each of its tables.
    ///
    /// # Errors
    /// Those of the writer and of `ask`.
    pub fn write(&self, ask: &mut Ask<'_>, out: &mut dyn Write) -> io::Result<()> {
        let style = [STYLE, FLEET_STYLE].concat();
        let script = SCRIPT.concat() + &FLEET_SCRIPT.concat();
        let title = format!("coroner-fleet: {}", head::meaning(self));
        let shell = Shell { lang: self.lang, title, style: &style, script: &script };
        shell.write(&self.body(), &mut |out| data::write(self, ask, out), out)
    }

    fn body(&self) -> Markup {
        html! {
            (head::banner(self))
            (head::figures(self))
            (sections::contents(self.lang))
            noscript { p { (self.lang.word("The lists need scripts; coroner-fleet compare --format json has all.")) } }
            (sections::matrix(self.lang))
            @for section in &sections::LISTS { (section.markup(self.lang)) }
            (sections::drawer(self.lang))
        }
    }
}
