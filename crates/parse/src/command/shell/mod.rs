//! Shell text to commands (POSIX sh and what bash adds), as far as the text alone tells.
//!
//! Nothing is run. Quotes are removed, variables that the text itself sets are put in, and text
//! handed to another shell (`sh -c '..'`, `eval`, here-strings, `$(..)`) is parsed in turn, to a
//! bounded depth. What only a run would tell stays in the word and marks it as not `known`.

mod builder;
mod cursor;
mod escape;
mod hand_over;
mod list;
mod output;
mod parser;
mod redirect;
mod reserved;
mod substitution;
mod variables;
mod word;
mod wrapper;

use std::ops::Range;

pub use escape::{unescape, unescape_echo};
pub use hand_over::SHELLS;
pub use output::{decode_base64, decode_hex, piped};
pub use wrapper::base_name;

/// Text beyond this many bytes is not parsed.
pub const LONGEST_SCRIPT: usize = 1 << 20;
/// How deep text within text is followed.
const DEEPEST: u8 = 12;
/// Commands beyond this many are not kept.
const MOST_COMMANDS: usize = 50_000;
/// Stands in a word for output that only a run would tell.
pub(super) const UNKNOWN_OUTPUT: u8 = 0x1a;

/// Bytes of the text that was given to [`parse`].
pub type Span = Range<usize>;

/// Commands of a text, in the order they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Simple commands.
    pub commands: Vec<Command>,
    /// Pipelines of two and more stages, each stage a range of `commands`.
    pub pipelines: Vec<Vec<Range<usize>>>,
    /// Compound commands (`( )`, `{ }`, loops) that are redirected as a whole.
    pub groups: Vec<Group>,
    /// The text was longer, deeper or fuller than is followed.
    pub truncated: bool,
}

/// A compound command and its redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The commands inside.
    pub commands: Range<usize>,
    /// What its input and output are.
    pub redirects: Vec<Redirect>,
}

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// `NAME=value` before the command (or alone), also those of `env` and `export`.
    pub assignments: Vec<Assignment>,
    /// All words, wrappers such as `sudo` and `nohup` included.
    pub words: Vec<Word>,
    /// Which word is the program when the wrappers are put aside; may be past the end.
    pub program_at: usize,
    /// Redirections, in order.
    pub redirects: Vec<Redirect>,
    /// Started with `&`, `nohup`, `setsid` and the like.
    pub background: bool,
    /// Text that it hands to a shell, or whose output it uses.
    pub inner: Vec<Inner>,
    /// Where it stands.
    pub span: Span,
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name.
    pub name: Vec<u8>,
    /// The value, with what is known put in.
    pub value: Vec<u8>,
}

/// A word after quotes are removed and known variables put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The text; an unknown variable stays as `$name`.
    pub text: Vec<u8>,
    /// Nothing in it depends on a run.
    pub known: bool,
    /// Where it stands.
    pub span: Span,
}

/// Another script inside a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// What the command does with it.
    pub role: Role,
    /// The commands.
    pub script: Script,
}

/// What a command does with a script inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `$(..)` or backticks: its output becomes part of the word with this number.
    Output(usize),
    /// `<(..)`: its output is read as a file, the word with this number.
    ReadFrom(usize),
    /// `>(..)`: it is fed.
    WriteTo,
    /// A shell runs it now: `sh -c`, `eval`, a here-document or -string into a shell.
    Run,
    /// A shell runs it at some event: `alias`, `trap`, `PROMPT_COMMAND`.
    Later,
}

/// `>`, `<` and their kin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The descriptor it sets; `>&file` and `&>file` set 1 (and 2).
    pub descriptor: u32,
    /// Standard error goes the same way (`&>`, `>&file`).
    pub both: bool,
    /// How.
    pub how: How,
    /// The file, or the descriptor's number for [`How::Copy`], or the text.
    pub target: Word,
}

/// How a redirection opens its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `<`.
    Read,
    /// `>` and `>|`.
    Write,
    /// `>>`.
    Append,
    /// `<>`.
    ReadWrite,
    /// `<&n`, `>&n`.
    Copy,
    /// Text given in place: `<<` and `<<<`.
    Text,
}

impl Command {
    /// The program and its arguments, wrappers put aside.
    pub fn argv(&self) -> &[Word] {
        self.words.get(self.program_at..).unwrap_or_default()
    }

    /// The program's name without its directory, empty when there is none.
    pub fn name(&self) -> &[u8] {
        self.argv().first().map(|word| base_name(&word.text)).unwrap_or_default()
    }

    /// Whether any argument (the program not counted) is exactly `text`.
    pub fn has(&self, text: &str) -> bool {
        self.argv().iter().skip(1).any(|word| word.text == text.as_bytes())
    }

    /// The value that the command itself or `env` gives to a variable.
    pub fn assigned(&self, name: &str) -> Option<&[u8]> {
        let found = self.assignments.iter().find(|pair| pair.name == name.as_bytes());
        found.map(|pair| pair.value.as_slice())
    }
}

/// What is shared by a text and all texts inside it.
#[derive(Debug)]
struct Shared {
    variables: variables::Variables,
    /// Bytes of text within text that may still be parsed.
    budget: usize,
    commands_left: usize,
    truncated: bool,
}

/// Parses shell text; never fails, whatever the bytes are.
pub fn parse(text: &[u8]) -> Script {
    let kept = text.get(..LONGEST_SCRIPT).unwrap_or(text);
    let mut shared = Shared {
        variables: variables::Variables::new(),
        budget: kept.len().saturating_mul(4).saturating_add(64 * 1024),
        commands_left: MOST_COMMANDS,
        truncated: kept.len() < text.len(),
    };
    let mut script = parse_within(kept, &mut shared, 0, None);
    script.truncated |= shared.truncated;
    script
}

/// Parses text found `depth` texts deep; `at` is where the outermost text holds it.
fn parse_within(text: &[u8], shared: &mut Shared, depth: u8, at: Option<&Span>) -> Script {
    if depth > 0 {
        if depth > DEEPEST || text.len() > shared.budget {
            shared.truncated = true;
            return Script::default();
        }
        shared.budget -= text.len();
    }
    parser::Parser::new(text, shared, depth, at).script(None)
}
