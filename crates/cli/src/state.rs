//! `audit --state`: the last reports, what is known of unchanged files, and what is new since.

use std::path::Path;
use std::sync::Arc;

use coroner_compare::{FindingChanges, GapChanges, one_host};
use coroner_core::{Digest, KnownContent, Memory, NothingKnown, Report, Run, Stat, Time, Verdict};
use coroner_state::{Cache, Folder, Memo, StateError};

use crate::audit_args::StateArgs;
use crate::failure::Failure;
use crate::output::Told;
use crate::progress::Voice;

/// The state folder of one audit, if one was asked for.
pub(crate) struct State {
    kept: Option<Kept>,
    since_last: bool,
    voice: Voice,
}

struct Kept {
    folder: Folder,
    cache: Arc<Cache>,
    memo: Arc<Memo>,
    reads_cache: bool,
    last: Option<Report>,
    keep: usize,
}

impl State {
    /// Opens the folder and reads what is needed of it, before rights are given up.
    pub(crate) fn open(args: &StateArgs, now: Time, voice: Voice) -> Result<Self, Failure> {
        let Some(dir) = &args.state else {
            return Ok(Self { kept: None, since_last: false, voice });
        };
        let folder = Folder::open(dir).map_err(|error| failure(&error))?;
        let (cache, damaged) =
            if args.no_cache { (Cache::blank(now), None) } else { folder.cache(now) };
        let (last, wrong) = if args.since_last { folder.last() } else { (None, Vec::new()) };
        let (memo, torn) = if args.no_cache {
            (folder.new_memo(&cache, now), None)
        } else {
            folder.memo(&cache, now)
        };
        damaged.iter().chain(&torn).chain(&wrong).for_each(|words| voice.note(words));
        let (keep, reads_cache) = (usize::from(args.keep), !args.no_cache);
        let (cache, memo) = (Arc::new(cache), Arc::new(memo));
        let kept = Kept { folder, cache, memo, reads_cache, last, keep };
        Ok(Self { kept: Some(kept), since_last: args.since_last, voice })
    }

    /// The folder, which stays writable.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.kept.as_ref().map(|kept| kept.folder.dir())
    }

    /// The tool's hash, if an earlier audit has made it of this very file.
    pub(crate) fn own_digest(&self, stat: &Stat, now: Time) -> Option<Digest> {
        let kept = self.kept.as_ref().filter(|kept| kept.reads_cache)?;
        let (digest, wrong) = kept.folder.own_digest(stat, now);
        if let Some(words) = wrong {
            self.voice.note(&words);
        }
        digest
    }

    /// Keeps it for the next audit.
    pub(crate) fn keep_own_digest(&self, stat: &Stat, digest: &Digest, now: Time) {
        if let Some(kept) = &self.kept {
            // A folder that takes nothing fails when the report is kept, which is what matters.
            let _ = kept.folder.keep_own_digest(stat, digest, now);
        }
    }

    /// What is known of unchanged files.
    pub(crate) fn known(&self) -> Arc<dyn KnownContent> {
        match &self.kept {
            Some(kept) => Arc::clone(&kept.cache) as Arc<dyn KnownContent>,
            None => Arc::new(NothingKnown),
        }
    }

    /// What earlier audits' work came to.
    pub(crate) fn memory(&self) -> Arc<dyn Memory> {
        match &self.kept {
            Some(kept) => Arc::clone(&kept.memo) as Arc<dyn Memory>,
            None => Arc::new(NothingKnown),
        }
    }

    /// What was not read or done again, for the report.
    pub(crate) fn describe(&self, run: &mut Run) {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.reads_cache) {
            run.known_files = Some(kept.cache.hits() + kept.memo.files());
            run.unchanged = kept.memo.recalled();
        }
    }

    /// Keeps the report; gives the exit status.
    pub(crate) fn finish(self, told: &Told<'_>) -> Result<u8, Failure> {
        let report = told.report();
        let whole = report.verdict.level.exit_status();
        let Some(kept) = self.kept else { return Ok(whole) };
        let unkept = |error: &dyn std::fmt::Display| {
            Failure::Broken(format!("--state: {error}; the report was not kept"))
        };
        let json = told.json().map_err(|error| unkept(&error))?;
        let dated = (report.run.finished, json);
        let saved = kept.folder.save(dated, (&kept.cache, &kept.memo), kept.keep);
        saved.map_err(|error| unkept(&error))?;
        if !self.since_last {
            return Ok(whole);
        }
        let last = kept.last.filter(|last| one_host(last, report));
        if last.is_none() {
            self.voice.note("no earlier report of this host to compare with: all findings are new");
        }
        Ok(last.map_or(whole, |last| since(&last, report)))
    }
}

/// The verdict on what is new, as an exit status.
fn since(last: &Report, report: &Report) -> u8 {
    let findings = FindingChanges::of(&last.findings, &report.findings).new;
    let gaps = GapChanges::of(last, report).new;
    Verdict::of(&findings, &gaps).level.exit_status()
}

fn failure(error: &StateError) -> Failure {
    match error {
        StateError::Busy(_) => Failure::Broken(error.to_string()),
        _ => Failure::usage(format!("--state: {error}")),
    }
}
