//! What a command or a script does, as far as its text tells.
//!
//! An indicator says what was seen and how surely; whether it is a finding is the judge's matter.

mod abuse;
mod access;
mod code;
mod decode;
mod defence;
mod descriptors;
mod fetch;
mod language;
mod network;
mod place;
mod schedule;
mod stages;
mod state;
#[cfg(test)]
mod tests;
mod topics;
mod traces;
mod walk;

use std::fmt;

pub use language::Language;
pub use place::{Place, place};

use super::shell;
use crate::Text;

/// What something in a command is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Gives a shell to a host that it connects to.
    ReverseShell,
    /// Gives a shell to whoever connects.
    BindShell,
    /// Runs commands that come with a web request.
    WebShell,
    /// Runs what it fetches from elsewhere.
    FetchAndRun,
    /// Runs what it decodes first.
    DecodeAndRun,
    /// Runs something under a hidden name.
    HiddenPlace,
    /// Runs something where everybody may write and nothing stays.
    TemporaryPlace,
    /// Runs something where no programs belong.
    OddPlace,
    /// Puts a library under every program, or one.
    Preload,
    /// Removes or edits logs of logins and of security.
    LogRemoval,
    /// Keeps the shell from remembering commands.
    HistoryOff,
    /// Makes an account, a password or a right.
    AccountChange,
    /// Lets a key log in.
    KeyChange,
    /// Removes the firewall's rules.
    FirewallOff,
    /// Stops what would see or stop an intruder.
    SecurityOff,
    /// Makes a file that cannot be changed or removed.
    Immutable,
    /// Lets a program run as its owner, or gives it capabilities.
    Privilege,
    /// Loads kernel code from an odd place.
    KernelModule,
    /// Writes itself or something into a schedule.
    ScheduleChange,
    /// Digs for coins.
    Miner,
    /// Sends floods.
    Flood,
    /// Kills others that do the same.
    KillRivals,
    /// Leaves a container, or starts one that owns the host.
    ContainerEscape,
}

/// How surely an indicator means what its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Often ordinary: counts only beside something else.
    Weak,
    /// Seldom ordinary.
    Likely,
    /// Has no ordinary explanation.
    Certain,
}

/// Something seen in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// What it is a sign of.
    pub kind: Kind,
    /// How surely.
    pub strength: Strength,
    /// How it is done, in a few words.
    pub technique: &'static str,
    /// The part of the text (or of the decoded text) that shows it.
    pub evidence: Text,
    /// The line of the outermost text, counted from 1.
    pub line: u32,
    /// It was seen only after the text was decoded.
    pub decoded: bool,
}

/// What a text does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Everything seen, surest first.
    pub indicators: Vec<Indicator>,
    /// Something is left running in the background: no sign by itself.
    pub detached: bool,
    /// The text was longer, deeper or fuller than is followed.
    pub truncated: bool,
}

impl Analysis {
    /// The surest indicator of a kind.
    pub fn strongest(&self, kind: Kind) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.kind == kind)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weak => "weak",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// Analyses a command line or a whole script. The language is taken from its first line; text
/// without one is a shell's, and binary content is nothing.
pub fn analyze(text: &[u8]) -> Analysis {
    analyze_as(text, Language::of(text))
}

/// Analyses text of a known language.
pub fn analyze_as(text: &[u8], language: Language) -> Analysis {
    let kept = text.get(..shell::LONGEST_SCRIPT).unwrap_or(text);
    let mut walk = walk::Walk::new(kept);
    match language {
        Language::Binary | Language::Other => {}
        Language::Shell => walk.text(kept),
        other => code::whole(other, kept, &mut walk),
    }
    let mut analysis = walk.finish();
    analysis.truncated |= kept.len() < text.len();
    analysis
}
