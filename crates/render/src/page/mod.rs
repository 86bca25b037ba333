//! What every page is made of: the shell around it, style, scripts, and text of hosts as markup.
//!
//! Nothing here knows of reports. A page's own content is markup; long lists go out as data, already
//! escaped, and the scripts only ever set plain text.

mod shell;

use std::fmt::Display;

use coroner_core::Text;
use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::Lang;
pub use crate::text::grouped;
pub use shell::{Data, Shell};

/// The style that pages share.
pub const STYLE: &str = include_str!("../../page/style.css");
/// The scripts that pages share, in their order: light and dark, tables of any length, lists that are searched.
pub const SCRIPT: [&str; 3] = [
    include_str!("../../page/theme.js"),
    include_str!("../../page/table.js"),
    include_str!("../../page/list.js"),
];

/// Text of the host: escaped, and shown in the order of its characters.
pub fn host_text(text: &dyn Display) -> Markup {
    html! { span.host dir="ltr" { (text.to_string()) } }
}

/// Text as a report stores it, escaped for people.
pub fn shown(stored: &str) -> String {
    Text::from_stored(stored).to_string()
}

/// What a script says, by the English text.
pub fn script_words(english: &[&str], lang: Lang) -> Map<String, Value> {
    let pair = |word: &&str| ((*word).to_owned(), Value::from(lang.word(word)));
    english.iter().map(pair).collect()
}

/// One of the figures at the top of a page.
pub fn figure(class: &str, number: u64, words: &str) -> Markup {
    let none = if number == 0 { "none" } else { "" };
    html! {
        li.(class).(none) { strong { (grouped(number)) } " " span { (words) } }
    }
}
