//! What every page has: head, policy, skip link, the switch between light and dark, data and script.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coroner_core::sha256_of;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::Lang;

/// A page without its content.
#[derive(Debug)]
pub struct Shell<'a> {
    /// What its own words are in.
    pub lang: Lang,
    /// As a browser's tab has it; escaped by whoever made it.
    pub title: String,
    /// All of its style.
    pub style: &'a str,
    /// All of its script.
    pub script: &'a str,
}

/// Writes the page's data as JSON.
pub type Data<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

impl Shell<'_> {
    /// Writes the page around its content.
    ///
    /// # Errors
    /// The writer's, and those of whoever writes the data.
    pub fn write(&self, body: &Markup, data: &mut Data<'_>, out: &mut dyn Write) -> io::Result<()> {
        let head = html! {
            (DOCTYPE)
            (PreEscaped(format!("<html lang=\"{}\">", self.lang.tag())))
            (self.head())
            (PreEscaped("<body>"))
            a.skip href="#main" { (self.lang.word("Skip to the report")) }
            button #theme type="button" hidden { (self.lang.word("Light or dark")) }
            main #main tabindex="-1" { (body) }
            (PreEscaped("<script type=\"application/json\" id=\"data\">"))
        };
        out.write_all(head.0.as_bytes())?;
        data(&mut Harmless(out))?;
        let tail = html! {
            (PreEscaped("</script>"))
            script { (PreEscaped(self.script)) }
            (PreEscaped("</body></html>\n"))
        };
        out.write_all(tail.0.as_bytes())
    }

    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(self.policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { (self.title) }
                style { (PreEscaped(self.style)) }
            }
        }
    }

    /// Nothing is loaded, and nothing runs but the one script whose hash is named.
    fn policy(&self) -> String {
        format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            source(self.style),
            source(self.script)
        )
    }
}

fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(sha256_of(text.as_bytes()).as_bytes()))
}

/// Writes JSON so that no reader of HTML sees markup in it: these characters stand in JSON's strings alone.
struct Harmless<'a>(&'a mut dyn Write);

impl Write for Harmless<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut rest = buffer;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'<' | b'>' | b'&')) {
            let (plain, from) = rest.split_at(at);
            self.0.write_all(plain)?;
            if let Some((byte, after)) = from.split_first() {
                write!(self.0, "\\u{byte:04x}")?;
                rest = after;
            }
        }
        self.0.write_all(rest)?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
