//! apt's configuration, as far as it names programs that apt or dpkg will run (apt.conf(5)).

use crate::Text;

use super::Found;

/// A value under its full name: `DPkg::Pre-Invoke`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AptSetting {
    /// Parts joined by `::`, as written.
    pub name: Text,
    /// Unquoted.
    pub value: Text,
}

/// A block's name longer than this is cut: it would be copied into every value below it.
const LONGEST_NAME: usize = 512;
/// Nesting deeper than this is not followed.
const DEEPEST: usize = 32;

/// Lists of commands, in lower case; all take shell commands.
const HOOKS: &[&str] = &[
    "dpkg::pre-invoke",
    "dpkg::post-invoke",
    "dpkg::pre-install-pkgs",
    "rpm::pre-invoke",
    "rpm::post-invoke",
    "apt::update::pre-invoke",
    "apt::update::post-invoke",
    "apt::update::post-invoke-success",
    "apt::update::post-invoke-stats",
    "apt::install::pre-invoke",
    "apt::install::post-invoke-success",
    "acquire::http::proxy-auto-detect",
    "acquire::http::proxyautodetect",
    "acquire::https::proxy-auto-detect",
    "acquire::https::proxyautodetect",
    "apt::key::gpgvcommand",
];
/// Every value below these names a program.
const HOOK_TREES: &[&str] = &["aptcli::hooks::", "dir::bin::"];

impl AptSetting {
    /// Whether the value is a command that apt or dpkg runs.
    pub fn is_command(&self) -> bool {
        let name = self.name.lossy().to_ascii_lowercase();
        let name = name.trim_end_matches(':');
        let listed = HOOKS.contains(&name);
        listed || HOOK_TREES.iter().any(|tree| name.starts_with(tree))
    }
}

/// All settings of a file that have a value.
pub fn settings(content: &[u8]) -> Vec<Found<AptSetting>> {
    let mut reader = Reader { rest: content, line: 1, scopes: Vec::new(), word: None };
    let mut found = Vec::new();
    while let Some(token) = reader.token() {
        found.extend(reader.take(token));
    }
    found
}

enum Token {
    Word(Vec<u8>),
    Value(Vec<u8>),
    Open,
    Close,
    End,
}

struct Reader<'a> {
    rest: &'a [u8],
    line: u32,
    /// Names of the blocks that are open, each in full.
    scopes: Vec<Vec<u8>>,
    /// The name or value that was read last and not yet used.
    word: Option<Vec<u8>>,
}

impl Reader<'_> {
    fn take(&mut self, token: Token) -> Option<Found<AptSetting>> {
        match token {
            Token::Word(text) => match self.word.take() {
                Some(name) => return Some(self.setting(&name, text)),
                None => self.word = Some(text),
            },
            Token::Value(text) => {
                let name = self.word.take().unwrap_or_default();
                return Some(self.setting(&name, text));
            }
            Token::Open => {
                let name = self.word.take().unwrap_or_default();
                let mut full = self.full_name(&name);
                full.truncate(LONGEST_NAME);
                if self.scopes.len() < DEEPEST {
                    self.scopes.push(full);
                }
            }
            Token::Close => {
                self.scopes.pop();
                self.word = None;
            }
            Token::End => self.word = None,
        }
        None
    }

    fn setting(&self, name: &[u8], value: Vec<u8>) -> Found<AptSetting> {
        let name = Text::new(self.full_name(name));
        Found { line: self.line, value: AptSetting { name, value: Text::new(value) } }
    }

    fn full_name(&self, name: &[u8]) -> Vec<u8> {
        match self.scopes.last().filter(|scope| !scope.is_empty()) {
            Some(scope) if name.is_empty() => scope.clone(),
            Some(scope) => [scope.as_slice(), b"::", name].concat(),
            None => name.to_vec(),
        }
    }

    fn token(&mut self) -> Option<Token> {
        self.skip();
        let (&first, after) = self.rest.split_first()?;
        self.rest = after;
        Some(match first {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b';' => Token::End,
            b'"' => Token::Value(self.until(|byte| byte == b'"', true)),
            other => {
                let mut word = vec![other];
                let ends = |byte: u8| byte.is_ascii_whitespace() || b"{};\"".contains(&byte);
                word.extend(self.until(ends, false));
                Token::Word(word)
            }
        })
    }

    /// Takes bytes up to one that ends them, which is dropped when `drop_end` says so.
    fn until(&mut self, ends: impl Fn(u8) -> bool, drop_end: bool) -> Vec<u8> {
        let length = self.rest.iter().position(|&byte| ends(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = if drop_end { rest.get(1..).unwrap_or_default() } else { rest };
        self.count_lines(taken);
        taken.to_vec()
    }

    fn count_lines(&mut self, passed: &[u8]) {
        let count = memchr::memchr_iter(b'\n', passed).count();
        self.line = self.line.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Blanks and comments: `//`, `#` and `/* */`.
    fn skip(&mut self) {
        loop {
            let blanks = self.rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let end = match self.rest.get(blanks..).unwrap_or_default() {
                [b'/', b'/', ..] | [b'#', ..] => self.find(blanks, b"\n"),
                [b'/', b'*', ..] => self.find(blanks + 2, b"*/"),
                _ => blanks,
            };
            let (passed, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, b""));
            self.rest = rest;
            self.count_lines(passed);
            if end == blanks {
                return;
            }
        }
    }

    fn find(&self, from: usize, what: &[u8]) -> usize {
        let tail = self.rest.get(from..).unwrap_or_default();
        let found = memchr::memmem::find(tail, what).map(|at| from + at + what.len());
        found.unwrap_or(self.rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commands(text: &str) -> Vec<(u32, String, String)> {
        let hooks = settings(text.as_bytes()).into_iter().filter(|one| one.value.is_command());
        hooks.map(|o| (o.line, o.value.name.to_string(), o.value.value.to_string())).collect()
    }

    #[test]
    fn a_hook_on_one_line_is_a_command() {
        let got = commands("// x\nAPT::Update::Pre-Invoke {\"(sh -c 'id;:') &\"; \"true\"};\n");
        assert_eq!(got[0].0, 2);
        assert_eq!(got[0].2, "(sh -c 'id;:') &");
        assert_eq!(got.len(), 2);
    }

    #[test]
    fn nested_blocks_and_appended_values_name_the_same_list() {
        let nested = "DPkg {\n  /* a\n b */ Post-Invoke {\n \"a\"; };\n};\n";
        assert_eq!(commands(nested), [(4, "DPkg::Post-Invoke".into(), "a".into())]);
        assert_eq!(commands("dpkg::post-invoke:: \"b\";\n")[0].2, "b");
    }

    #[test]
    fn other_settings_are_no_commands() {
        assert!(
            commands("APT::Periodic::Unattended-Upgrade \"1\";\nA { \"^x.*\"; };\n").is_empty()
        );
    }

    #[test]
    fn a_comment_does_not_end_inside_a_quoted_command() {
        let got = commands("DPkg::Pre-Invoke { \"curl http://192.0.2.1/a\"; }; # x\n");
        assert_eq!(got[0].2, "curl http://192.0.2.1/a");
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            settings(&bytes);
        }
    }
}
