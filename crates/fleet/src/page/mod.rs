//! The fleet as one page: no network, no foreign script. The head is markup; the matrix and the lists go
//! out as data, already escaped, and a small script of ours shows them and leads from one to the other.

mod data;
mod head;
mod sections;
mod told;

use std::io::{self, Write};

use coroner_render::page::{SCRIPT, STYLE, Shell};
use maud::{Markup, html};

pub use told::{Ask, Overview, Page};

const FLEET_STYLE: &str = include_str!("../../page/fleet.css");
const FLEET_SCRIPT: [&str; 4] = [
    include_str!("../../page/matrix.js"),
    include_str!("../../page/facts.js"),
    include_str!("../../page/drawer.js"),
    include_str!("../../page/fleet.js"),
];

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
