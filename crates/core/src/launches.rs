//! From a launch's command to the files it runs.

use std::collections::HashMap;

use coroner_host::{Host, HostPath};
use coroner_parse::{Text, command};

use crate::Launch;

/// Where a bare program name is looked for, in order: what init, cron and login set together.
const USUAL_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// Programs of one launch that are followed.
const MOST_PROGRAMS: usize = 32;

/// Finds the files that launches run, remembering each name.
pub(crate) struct ProgramFinder<'a> {
    host: &'a Host,
    seen: HashMap<Text, Option<HostPath>>,
}

impl<'a> ProgramFinder<'a> {
    pub(crate) fn new(host: &'a Host) -> Self {
        Self { host, seen: HashMap::new() }
    }

    /// Adds to `launch.programs` every program that its command names and the root has. A named
    /// absolute path that is not there is kept: its absence is a fact for the judge.
    pub(crate) fn fill(&mut self, launch: &mut Launch) {
        let words = command::programs(launch.command.as_bytes());
        for word in words.into_iter().take(MOST_PROGRAMS) {
            if let Some(path) = self.find(&word)
                && !launch.programs.contains(&path)
            {
                launch.programs.push(path);
            }
        }
    }

    fn find(&mut self, word: &Text) -> Option<HostPath> {
        if let Some(known) = self.seen.get(word) {
            return known.clone();
        }
        let found = self.look_up(word.as_bytes());
        self.seen.insert(word.clone(), found.clone());
        found
    }

    fn look_up(&self, word: &[u8]) -> Option<HostPath> {
        if word.starts_with(b"/") {
            return Some(HostPath::new(word));
        }
        if word.is_empty() || word.contains(&b'/') {
            return None;
        }
        let candidates = USUAL_PATH.iter().map(|dir| HostPath::new(dir).join(word));
        candidates.into_iter().find(|path| self.host.stat(path).is_ok())
    }
}
