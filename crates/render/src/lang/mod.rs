//! The languages of what people read. What programs read is English always.
//!
//! A catalogue goes from the English text itself to the other language, so a rule whose words were changed is
//! shown in English until it is translated anew, and never by words that mean something else.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::sync::OnceLock;

/// The language of text and pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese in simplified characters.
    Zh,
}

/// Sections of pairs: English, Chinese.
type Sections = BTreeMap<String, BTreeMap<String, String>>;

const WORDS: &str = include_str!("../../lang/zh.words.toml");
const RULES: &str = include_str!("../../lang/zh.rules.toml");

impl Lang {
    /// The text in this language; English where there is none.
    pub fn word(self, english: &str) -> &str {
        match self {
            Self::En => english,
            Self::Zh => chinese().get(english).map_or(english, String::as_str),
        }
    }

    /// The same with `{0}`, `{1}`, ... filled in.
    pub fn fill(self, english: &str, parts: &[&dyn Display]) -> String {
        let mut out = String::new();
        let mut rest = self.word(english);
        while let Some((before, hole)) = rest.split_once('{') {
            let (number, after) = hole.split_once('}').unwrap_or((hole, ""));
            out.push_str(before);
            if let Some(part) = number.parse().ok().and_then(|at: usize| parts.get(at)) {
                out.push_str(&part.to_string());
            }
            rest = after;
        }
        out + rest
    }

    /// As BCP 47 has it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The locale's, in the order of POSIX. The kernel's own console shows no Chinese.
    pub fn of_environment(get: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        if set("TERM").as_deref() == Some("linux") {
            return Self::En;
        }
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        Self::of_locale(&locale.unwrap_or_default())
    }

    /// By what a locale's name says (`zh_CN.UTF-8`). Only UTF-8 is written, so other encodings get English.
    pub fn of_locale(locale: &str) -> Self {
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        if utf8 && locale.starts_with("zh") { Self::Zh } else { Self::En }
    }
}

fn chinese() -> &'static HashMap<String, String> {
    static READ: OnceLock<HashMap<String, String>> = OnceLock::new();
    READ.get_or_init(|| {
        let sections = [WORDS, RULES].into_iter().filter_map(|file| read(file).ok());
        sections.flat_map(BTreeMap::into_values).flatten().collect()
    })
}

fn read(file: &str) -> Result<Sections, toml::de::Error> {
    toml::from_str(file)
}

#[cfg(test)]
mod tests;
