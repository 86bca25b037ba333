//! A unit as systemd sees it: its file and its drop-ins, in order.
//!
//! systemd.unit(5): of drop-ins with one file name the first directory wins, a link to
//! `/dev/null` or an empty file masks, and what remains is read after the unit in the order of
//! file names. An empty assignment resets a list.

use std::collections::BTreeMap;

use crate::Text;

use super::unit::{Setting, UnitFile};

/// A setting and the file it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<F> {
    /// Whatever the caller names files by.
    pub file: F,
    /// The setting.
    pub setting: Setting,
}

/// All settings of a unit in the order they take effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged<F> {
    settings: Vec<Sourced<F>>,
}

impl<F: Clone> Merged<F> {
    /// Puts the unit's own file first and the drop-ins after it.
    pub fn new(parts: impl IntoIterator<Item = (F, UnitFile)>) -> Self {
        let mut settings = Vec::new();
        for (file, unit) in parts {
            let own = unit.settings.into_iter();
            settings.extend(own.map(|setting| Sourced { file: file.clone(), setting }));
        }
        Self { settings }
    }

    /// The values of a list setting that are in effect: an empty one discards those before it.
    pub fn list<'a>(&'a self, section: &str, key: &str) -> Vec<&'a Sourced<F>> {
        let mut kept = Vec::new();
        for entry in self.settings.iter().filter(|entry| entry.setting.is(section, key)) {
            if entry.setting.value.is_empty() {
                kept.clear();
            } else {
                kept.push(entry);
            }
        }
        kept
    }

    /// The value of a plain setting that is in effect: the last one.
    pub fn last<'a>(&'a self, section: &str, key: &str) -> Option<&'a Sourced<F>> {
        let last = self.settings.iter().rev().find(|entry| entry.setting.is(section, key))?;
        (!last.setting.value.is_empty()).then_some(last)
    }

    /// Whether a plain setting says yes (`1`, `yes`, `y`, `true`, `t`, `on`).
    pub fn is_on(&self, section: &str, key: &str) -> bool {
        self.last(section, key).is_some_and(|entry| is_true(entry.setting.value.as_bytes()))
    }

    /// Every setting, resets and all.
    pub fn settings(&self) -> &[Sourced<F>] {
        &self.settings
    }

    /// Whether any file has a setting in this section.
    pub fn has_section(&self, section: &str) -> bool {
        self.settings.iter().any(|entry| entry.setting.section == section)
    }
}

/// systemd's idea of a true boolean.
pub fn is_true(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"1", b"yes", b"y", b"true", b"t", b"on"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Chooses the drop-ins that are read and sorts them.
///
/// `candidates` come with the strongest directory first; each is (file name, anything).
pub fn effective_drop_ins<T>(candidates: impl IntoIterator<Item = (Text, T)>) -> Vec<T> {
    let mut by_name: BTreeMap<Text, T> = BTreeMap::new();
    for (name, item) in candidates {
        if name.as_bytes().ends_with(b".conf") {
            by_name.entry(name).or_insert(item);
        }
    }
    by_name.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(parts: &[&str]) -> Merged<usize> {
        let parse = |(at, text): (usize, &&str)| (at, UnitFile::parse(text.as_bytes()));
        Merged::new(parts.iter().enumerate().map(parse))
    }

    #[test]
    fn a_drop_in_resets_and_replaces_the_command() {
        let unit = merged(&[
            "[Service]\nExecStart=/usr/sbin/sshd -D\n",
            "[Service]\nExecStart=\nExecStart=/tmp/sshd -D\n",
        ]);
        let got = unit.list("Service", "ExecStart");
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].file, got[0].setting.line), (1, 3));
    }

    #[test]
    fn without_a_reset_a_drop_in_adds() {
        let unit = merged(&["[Service]\nExecStartPre=/a\n", "[Service]\nExecStartPre=/b\n"]);
        assert_eq!(unit.list("Service", "ExecStartPre").len(), 2);
    }

    #[test]
    fn the_last_plain_setting_wins_and_an_empty_one_removes_it() {
        let unit = merged(&["[Service]\nUser=www\nGroup=a\n", "[Service]\nUser=root\nGroup=\n"]);
        assert_eq!(unit.last("Service", "User").unwrap().setting.value, "root");
        assert_eq!(unit.last("Service", "Group"), None);
    }

    #[test]
    fn of_two_drop_ins_with_one_name_the_stronger_directory_wins_and_names_sort() {
        let candidates = [("20-b.conf", "etc"), ("10-a.conf", "run"), ("20-b.conf", "usr")];
        let named = candidates.map(|(name, from)| (Text::from(name), from));
        assert_eq!(effective_drop_ins(named), ["run", "etc"]);
    }

    #[test]
    fn only_conf_files_are_drop_ins() {
        assert!(effective_drop_ins([(Text::from("override.conf~"), ())]).is_empty());
    }
}
