//! What a match or a target is decoded to.

use super::super::model::{Condition, Match};
use crate::Text;

/// Conditions, and how iptables writes them (each with a blank in front).
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Decoded {
    pub(in super::super) matches: Vec<Match>,
    pub(in super::super) text: String,
}

impl Decoded {
    /// Adds a condition that one option writes.
    pub(in super::super) fn option(&mut self, negated: bool, text: &str, condition: Condition) {
        self.text.push_str(if negated { " ! " } else { " " });
        self.text.push_str(text);
        self.matches.push(condition.negated_if(negated));
    }
}

/// Quoted where iptables-save quotes: a word that is not plain.
pub(super) fn quoted(text: &Text) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=".contains(byte);
    let shown = text.lossy();
    if !text.is_empty() && text.as_bytes().iter().all(plain) {
        return shown.into_owned();
    }
    let escaped = shown.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
