//! What a script is written in: by its first line, and where that says nothing by its name.

use super::super::programs::is_shell;
use super::super::shell::base_name;

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// sh and its kin.
    Shell,
    /// Python.
    Python,
    /// Perl.
    Perl,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Lua.
    Lua,
    /// JavaScript.
    Node,
    /// awk.
    Awk,
    /// Tcl.
    Tcl,
    /// One whose scripts start no programs, or that is not looked into.
    Other,
    /// No text.
    Binary,
}

/// Interpreters that are no shells and are not looked into.
const OTHERS: [&[u8]; 10] =
    [b"sed", b"make", b"nft", b"jq", b"bc", b"dc", b"gnuplot", b"guile", b"Rscript", b"sqlite3"];

/// Names of interpreters, versions put aside.
const INTERPRETERS: [(&[u8], Language); 13] = [
    (b"python", Language::Python),
    (b"pypy", Language::Python),
    (b"perl", Language::Perl),
    (b"ruby", Language::Ruby),
    (b"php", Language::Php),
    (b"lua", Language::Lua),
    (b"node", Language::Node),
    (b"gawk", Language::Awk),
    (b"mawk", Language::Awk),
    (b"nawk", Language::Awk),
    (b"awk", Language::Awk),
    (b"tclsh", Language::Tcl),
    (b"expect", Language::Tcl),
];

/// Extensions of files that say what starts and are no scripts themselves.
const DATA: [&[u8]; 13] = [
    b"service", b"timer", b"socket", b"path", b"desktop", b"conf", b"rules", b"json", b"yaml",
    b"yml", b"toml", b"xml", b"jar",
];

impl Language {
    /// Tells the language from the first bytes.
    pub fn of(text: &[u8]) -> Self {
        let start = text.get(..512).unwrap_or(text);
        if start.contains(&0) {
            return Self::Binary;
        }
        if start.trim_ascii_start().starts_with(b"<?php") {
            return Self::Php;
        }
        let Some(first) = start.strip_prefix(b"#!") else { return Self::Shell };
        let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let wraps = |name: &&[u8]| {
            matches!(*name, b"env" | b"busybox" | b"toybox") || name.starts_with(b"-")
        };
        let Some(name) = words.map(base_name).find(|name| !wraps(name)) else { return Self::Shell };
        let other = OTHERS.contains(&name);
        // An unknown interpreter may be a shell under another name.
        Self::named(name).unwrap_or(if other { Self::Other } else { Self::Shell })
    }

    /// Tells the language from the first bytes, and where those say nothing, from the file's name.
    pub fn of_file(name: &[u8], text: &[u8]) -> Self {
        let extension = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
        match (Self::of(text), extension) {
            (Self::Shell, _) if text.starts_with(b"#!") => Self::Shell,
            (Self::Shell, b"py") => Self::Python,
            (Self::Shell, b"pl" | b"pm") => Self::Perl,
            (Self::Shell, b"rb") => Self::Ruby,
            (Self::Shell, b"php") => Self::Php,
            (Self::Shell, b"lua") => Self::Lua,
            (Self::Shell, b"js" | b"mjs" | b"cjs") => Self::Node,
            (Self::Shell, b"awk") => Self::Awk,
            (Self::Shell, other) if DATA.contains(&other) => Self::Other,
            (found, _) => found,
        }
    }

    /// The language of an interpreter.
    pub fn named(program: &[u8]) -> Option<Self> {
        let name = base_name(program);
        let version = |byte: &u8| byte.is_ascii_digit() || b".-".contains(byte);
        let known = INTERPRETERS.iter().find(|(prefix, _)| {
            name.strip_prefix(*prefix).is_some_and(|rest| rest == b"js" || rest.iter().all(version))
        });
        known.map(|(_, language)| *language).or_else(|| is_shell(name).then_some(Self::Shell))
    }
}
