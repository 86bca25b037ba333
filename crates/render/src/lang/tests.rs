use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn pairs(file: &str) -> Vec<(String, String)> {
    read(file).unwrap().into_values().flatten().collect()
}

/// Files of this crate whose words are translated.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// Whether the text stands in a source as a literal, however its lines are broken.
fn spoken(source: &str, words: &str) -> bool {
    source.contains(&literal(words))
}

fn all_sources() -> String {
    let mut files = Vec::new();
    for dir in ["src", "page", "../host/src/blocked.rs", "../fleet/src/page", "../fleet/page"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        if path.is_dir() { sources(&path, &mut files) } else { files.push(path) }
    }
    let text = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    let lines: Vec<String> = text.map(|text| text.replace("\\\n", "\n")).collect();
    plain(&lines.join("\n"))
}

/// With one blank where there are several: sources break their lines.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn literal(words: &str) -> String {
    plain(&format!("\"{words}\""))
}

#[test]
fn every_fixed_word_is_still_said_somewhere() {
    let source = all_sources();
    let stale: Vec<_> =
        pairs(WORDS).into_iter().filter(|(english, _)| !spoken(&source, english)).collect();
    assert!(stale.is_empty(), "said nowhere: {stale:#?}");
}

/// The literals that are handed to a function that translates.
fn translated(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for call in [
        ".word(",
        ".fill(",
        ".heading(",
        ".say(",
        " t(",
        "[t(",
        "(t(",
        "unseen(",
        "differs(",
        "listed(",
    ] {
        for part in source.split(call).skip(1) {
            let literal = part.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            found.extend(literal.map(|(words, _)| words.to_owned()));
        }
    }
    found
}

#[test]
fn every_word_that_is_translated_has_its_chinese() {
    let missing: Vec<_> = translated(&all_sources())
        .into_iter()
        .filter(|words| words.contains(|c: char| c.is_ascii_alphabetic()))
        .filter(|words| !chinese().keys().any(|known| literal(known) == literal(words)))
        .collect();
    assert!(missing.is_empty(), "without Chinese: {missing:#?}");
}

#[test]
fn chinese_has_the_same_holes_and_says_something() {
    for (english, chinese) in [WORDS, RULES].into_iter().flat_map(pairs) {
        let holes =
            |text: &str| (0..9).filter(|n| text.contains(&format!("{{{n}}}"))).collect::<Vec<_>>();
        assert_eq!(holes(&english), holes(&chinese), "{english}");
        assert!(!chinese.trim().is_empty(), "{english}");
    }
}

#[test]
fn a_locale_that_is_not_utf_8_gets_english() {
    assert_eq!(Lang::of_locale("zh_CN.UTF-8"), Lang::Zh);
    assert_eq!(Lang::of_locale("zh_CN.GBK"), Lang::En);
    assert_eq!(Lang::of_locale("C.UTF-8"), Lang::En);
}

#[test]
fn holes_are_filled_by_number_and_unknown_words_stay_english() {
    assert_eq!(Lang::En.fill("{1} of {0}", &[&"a", &2]), "2 of a");
    assert_eq!(Lang::Zh.word("no such words"), "no such words");
}
