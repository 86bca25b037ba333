//! `Defaults` lines that take sudo's guards away.

use coroner_core::{Confidence, Findings, Items, Severity};

use crate::items::SudoDefault;
use crate::{names, rules};

/// Variables that make a program load or run what their value says.
const DANGEROUS: &[&str] = &[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "LD_*",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PERL5LIB",
    "PERL5OPT",
    "PERLLIB",
    "RUBYLIB",
    "RUBYOPT",
    "NODE_OPTIONS",
    "BASH_ENV",
    "ENV",
    "SHELLOPTS",
    "PROMPT_COMMAND",
    "*",
];

pub(super) fn judge(items: &Items, out: &mut Findings) {
    for default in items.all::<SudoDefault>() {
        let said = match default.name.as_bytes() {
            b"authenticate" if default.negated => &rules::SUDOERS_NO_AUTHENTICATION,
            b"syslog" | b"log_allowed" if default.negated && default.global => {
                &rules::SUDOERS_LOGGING_OFF
            }
            b"env_keep" | b"env_check" if !default.negated && keeps_danger(&default) => {
                &rules::SUDOERS_ENVIRONMENT
            }
            b"env_reset" if default.negated => &rules::SUDOERS_ENVIRONMENT,
            b"secure_path" if has_odd_directory(&default) => &rules::SUDOERS_ENVIRONMENT,
            _ => continue,
        };
        let draft = out.raise(said, &default).at(&default.file, default.line);
        draft.evidence("setting", default.name.clone());
        if let Some(value) = &default.value {
            draft.evidence("value", value.clone());
        }
        if default.name == "env_reset" {
            draft.graded(Severity::Medium, Confidence::Likely);
        }
    }
}

fn keeps_danger(default: &SudoDefault) -> bool {
    let Some(value) = &default.value else { return false };
    let mut names = value.as_bytes().split(u8::is_ascii_whitespace);
    names.any(|name| DANGEROUS.iter().any(|known| known.as_bytes() == name))
}

fn has_odd_directory(default: &SudoDefault) -> bool {
    let Some(value) = &default.value else { return false };
    let mut dirs = value.as_bytes().split(|&b| b == b':');
    dirs.any(|dir| {
        let dir = [dir, b"/"].concat();
        names::is_temporary(&dir) || names::is_hidden(&dir) || !dir.starts_with(b"/")
    })
}
