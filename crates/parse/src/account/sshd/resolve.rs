//! Includes put in their place, and every setting with the conditions under which it holds.

use super::{Criterion, SshdStatement, sshd_config};
use crate::{BadLine, Text};

/// sshd itself refuses deeper includes.
const DEEPEST: usize = 16;
/// Files read in all: an include that names itself many times must not multiply.
const MOST_FILES: usize = 512;
/// Settings kept in all.
const MOST_SETTINGS: usize = 20_000;

/// A configuration file: its path and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshdFile {
    /// Its path.
    pub path: Text,
    /// Its content.
    pub content: Vec<u8>,
}

/// One setting, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshdSetting {
    /// The file it stands in.
    pub file: Text,
    /// Its line there.
    pub line: u32,
    /// In lower case.
    pub keyword: String,
    /// Without quotes.
    pub arguments: Vec<Text>,
    /// Conditions that must all hold; empty outside of `Match` and in `Match all`.
    pub conditions: Vec<Criterion>,
}

impl SshdSetting {
    /// The first argument.
    pub fn value(&self) -> &[u8] {
        self.arguments.first().map_or(b"", Text::as_bytes)
    }

    /// Whether the first argument is `word`, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.value().eq_ignore_ascii_case(word.as_bytes())
    }
}

/// The whole configuration, in the order in which sshd reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SshdConfig {
    /// Every setting.
    pub settings: Vec<SshdSetting>,
    /// Lines that sshd would refuse, with their file.
    pub bad: Vec<(Text, BadLine)>,
    /// Every `Include` line: file, line, pattern.
    pub includes: Vec<(Text, u32, Text)>,
    /// Files in the order of reading.
    pub files: Vec<Text>,
    /// More includes or settings than a real configuration has; the rest was not read.
    pub cut: bool,
}

impl SshdConfig {
    /// The setting that counts for everyone: the first one outside of conditions.
    pub fn global(&self, keyword: &str) -> Option<&SshdSetting> {
        self.settings.iter().find(|s| s.keyword == keyword && s.conditions.is_empty())
    }

    /// Every setting of that keyword, conditional ones too.
    pub fn every<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a SshdSetting> {
        self.settings.iter().filter(move |setting| setting.keyword == keyword)
    }
}

/// Reads `main` and, by `include`, what it includes. `include` expands one pattern, as written, to
/// the files it names, in the order of their names.
pub fn resolve_sshd(
    main: &SshdFile,
    include: &mut dyn FnMut(&Text) -> Vec<SshdFile>,
) -> SshdConfig {
    let mut reader = Reader { config: SshdConfig::default(), include };
    reader.file(main, &[], 0);
    reader.config
}

struct Reader<'a> {
    config: SshdConfig,
    include: &'a mut dyn FnMut(&Text) -> Vec<SshdFile>,
}

impl Reader<'_> {
    fn file(&mut self, file: &SshdFile, outer: &[Criterion], depth: usize) {
        if depth > DEEPEST || self.config.files.len() >= MOST_FILES {
            self.config.cut = true;
            return;
        }
        self.config.files.push(file.path.clone());
        let table = sshd_config(&file.content);
        self.config.bad.extend(table.bad.into_iter().map(|bad| (file.path.clone(), bad)));
        let mut conditions = outer.to_vec();
        for line in table.entries {
            match line.statement {
                SshdStatement::Match(criteria) => conditions = joined(outer, criteria),
                SshdStatement::Include(patterns) => {
                    self.includes(&file.path, line.line, patterns, &conditions, depth);
                }
                SshdStatement::Setting { keyword, arguments } => {
                    let (file, conditions) = (file.path.clone(), conditions.clone());
                    self.setting(SshdSetting {
                        file,
                        line: line.line,
                        keyword,
                        arguments,
                        conditions,
                    });
                }
            }
        }
    }

    fn includes(
        &mut self,
        file: &Text,
        line: u32,
        patterns: Vec<Text>,
        conditions: &[Criterion],
        depth: usize,
    ) {
        for pattern in patterns {
            if self.config.files.len() >= MOST_FILES {
                self.config.cut = true;
                return;
            }
            for included in (self.include)(&pattern) {
                self.file(&included, conditions, depth + 1);
            }
            self.config.includes.push((file.clone(), line, pattern));
        }
    }

    fn setting(&mut self, setting: SshdSetting) {
        if self.config.settings.len() < MOST_SETTINGS {
            self.config.settings.push(setting);
        } else {
            self.config.cut = true;
        }
    }
}

/// `Match all` asks for nothing.
fn joined(outer: &[Criterion], inner: Vec<Criterion>) -> Vec<Criterion> {
    let asked = inner.into_iter().filter(|criterion| criterion.name != "all");
    outer.iter().cloned().chain(asked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(path: &str, content: &str) -> SshdFile {
        SshdFile { path: path.into(), content: content.into() }
    }

    #[test]
    fn the_first_value_wins_and_an_included_one_may_be_first() {
        let main = file("/etc/ssh/sshd_config", "Include d/*.conf\nPermitRootLogin no\n");
        let config = resolve_sshd(&main, &mut |pattern| {
            assert_eq!(*pattern, "d/*.conf");
            vec![file("/etc/ssh/d/a.conf", "PermitRootLogin yes\n")]
        });
        let setting = config.global("permitrootlogin").unwrap();
        assert!(setting.is("YES"));
        assert_eq!((&setting.file, setting.line), (&Text::from("/etc/ssh/d/a.conf"), 1));
    }

    #[test]
    fn a_match_in_an_included_file_ends_with_that_file() {
        let main = file(
            "m",
            "Include a\nUsePAM yes\nMatch user x\nInclude b\nBanner y\nMatch all\nX11Forwarding no\n",
        );
        let config = resolve_sshd(&main, &mut |pattern| match pattern.as_str() {
            Some("a") => vec![file("a", "Match address 192.0.2.1\nUsePAM no\n")],
            _ => vec![file("b", "PermitRootLogin yes\nMatch group y\nBanner x\n")],
        });
        assert!(config.global("usepam").unwrap().is("yes"));
        assert!(config.global("permitrootlogin").is_none());
        assert_eq!(config.every("permitrootlogin").next().unwrap().conditions.len(), 1);
        let banners: Vec<_> = config.every("banner").map(|s| s.conditions.len()).collect();
        assert_eq!(banners, [2, 1]);
        assert!(config.global("x11forwarding").is_some());
    }

    #[test]
    fn a_file_that_includes_itself_many_times_ends() {
        let loops = "Include x x x\n".repeat(3);
        let config = resolve_sshd(&file("m", &loops), &mut |_| vec![file("x", &loops)]);
        assert!(config.cut);
        assert!(config.files.len() <= MOST_FILES);
    }

    proptest! {
        #[test]
        fn a_setting_before_every_match_always_counts(rest: Vec<u8>) {
            let mut content = b"PermitRootLogin no\n".to_vec();
            content.extend_from_slice(&rest);
            let main = SshdFile { path: "m".into(), content };
            let config = resolve_sshd(&main, &mut |_| Vec::new());
            prop_assert!(config.global("permitrootlogin").unwrap().is("no"));
        }
    }
}
