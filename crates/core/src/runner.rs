//! The runner: plugins in parallel, files resolved, items judged, a report made.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use coroner_host::{Blocked, Host, Trace, is_privileged};
use coroner_parse::Text;
use serde::{Deserialize, Serialize};

use crate::audit::{Audit, LoadPackages};
use crate::cx::Collected;
use crate::examine::Examined;
use crate::packages::{NoPackages, PackageKnowledge};
use crate::recall::{FILES, Recall, are_steady, digest_of};
use crate::report::{Mode, SCHEMA};
use crate::{
    Coverage, Cx, Deadline, Finding, Gap, Item, Items, Meta, Needs, Options, Plugin, Report, Run,
    Status, Time, Verdict, Verified, identity, redact,
};

/// What a plugin's thread sends back.
#[derive(Serialize, Deserialize)]
struct Outcome {
    collected: Collected,
    status: Status,
    why: Option<String>,
    took: Duration,
}

/// An outcome, with what was looked at unless an earlier audit did the work.
type Answer = (Outcome, Option<Arc<Trace>>);

/// A plugin at work.
struct Running {
    plugin: &'static dyn Plugin,
    outcome: mpsc::Receiver<Answer>,
}

/// How long after its budget a plugin is waited for: it notices at its next read.
const GRACE: Duration = Duration::from_secs(5);

impl Audit {
    /// Runs it. `said` hears what is being done, for a person who waits.
    pub fn run(mut self, said: &mut dyn FnMut(&str)) -> Report {
        let started = Time::now();
        said("collecting");
        let examining = Trace::default().into();
        let mut loading = None;
        if !Recall::of(&self).may_recall(FILES) {
            loading = Some(self.start_loading(&examining));
        }
        let (late, usual) = self.start_all();
        let deadline = Deadline::after(self.options.plugin_budget + GRACE);
        let (mut collected, mut coverage) = self.collect(usual, deadline);
        let named = digest_of(&collected.named());
        let launches = std::mem::take(&mut collected.launches);
        let examined = Recall::of(&self).recall(FILES, &named).unwrap_or_else(|| {
            said("reading package databases");
            let loading = loading.unwrap_or_else(|| self.start_loading(&examining));
            let packages = join_or(loading, || Box::new(NoPackages));
            self.examine(&collected, launches, packages.as_ref(), &examining, &named, said)
        });
        said("watching traffic");
        let (watched, covered) = self.collect(late, deadline);
        collected.merge(watched);
        coverage.extend(covered);
        said("judging");
        let mut gaps = own_gaps();
        gaps.append(&mut collected.gaps);
        let verified = examined.verified.clone();
        let items = gather(collected, examined, &mut gaps);
        let findings = self.judged(&items, &mut gaps);
        coverage.extend(self.not_asked_for());
        let run = self.describe(started, verified);
        self.report(run, items, findings, gaps, coverage)
    }

    fn start_loading(
        &mut self,
        trace: &Arc<Trace>,
    ) -> std::thread::JoinHandle<Box<dyn PackageKnowledge>> {
        let none: LoadPackages = Box::new(|_| Box::new(NoPackages));
        let load = std::mem::replace(&mut self.load_packages, none);
        let host = Recall::of(self).noting(trace);
        std::thread::spawn(move || load(&host))
    }

    /// Starts the plugins that were asked for: those that may go on while files are examined, and the rest.
    fn start_all(&self) -> (Vec<Running>, Vec<Running>) {
        let wanted = self.plugins.iter().filter(|p| self.options.wants(p.meta().id));
        let running = wanted.map(|&plugin| Running { plugin, outcome: self.start(plugin) });
        running.partition(|running| running.plugin.names_no_files())
    }

    fn collect(&self, running: Vec<Running>, deadline: Deadline) -> (Collected, Vec<Coverage>) {
        let mut all = Collected::default();
        let mut coverage = Vec::new();
        for Running { plugin, outcome } in running {
            let id = plugin.meta().id;
            let late = || (failed(id, "overran its time", self.options.plugin_budget), None);
            let answer = outcome.recv_timeout(deadline.left());
            let (outcome, trace) = answer.unwrap_or_else(|_| late());
            self.keep_outcome(id, &outcome, trace.as_deref());
            coverage.push(cover(id, &outcome));
            all.merge(outcome.collected);
        }
        (all, coverage)
    }

    fn start(&self, plugin: &'static dyn Plugin) -> mpsc::Receiver<Answer> {
        let (sender, receiver) = mpsc::channel();
        let Meta { id, needs, .. } = *plugin.meta();
        let recalled = Recall::of(self).recall::<Outcome>(id, &digest_of(&id));
        if let Some(outcome) = recalled {
            let _ = sender.send((Outcome { took: Duration::ZERO, ..outcome }, None));
            return receiver;
        }
        let trace = (needs != Needs::LiveKernel).then(Arc::<Trace>::default);
        let host =
            trace.as_ref().map_or_else(|| Arc::clone(&self.host), |t| Recall::of(self).noting(t));
        let options = Arc::clone(&self.options);
        std::thread::spawn(move || {
            let _ = sender.send((collect_one(plugin, &host, &options), trace));
        });
        receiver
    }

    fn keep_outcome(&self, id: &str, outcome: &Outcome, trace: Option<&Trace>) {
        let Some(trace) = trace.filter(|_| Recall::of(self).is_on()) else { return };
        if matches!(outcome.status, Status::Ran | Status::Partial)
            && are_steady(&outcome.collected.gaps)
        {
            Recall::of(self).keep((id, &digest_of(&id)), 0, outcome, trace);
        }
    }

    /// What the person left out is said, so that nobody takes it for looked at.
    fn not_asked_for(&self) -> impl Iterator<Item = Coverage> {
        let left_out = self.plugins.iter().filter(|p| !self.options.wants(p.meta().id));
        left_out.map(|plugin| Coverage {
            plugin: plugin.meta().id.to_owned(),
            status: Status::Skipped,
            items: 0,
            findings: 0,
            gaps: 0,
            ms: 0,
            why: Some("not asked for".to_owned()),
        })
    }

    fn report(
        &self,
        run: Run,
        items: Items,
        mut findings: Vec<Finding>,
        mut gaps: Vec<Gap>,
        coverage: Vec<Coverage>,
    ) -> Report {
        gaps.sort();
        gaps.dedup();
        self.policy.apply(&mut findings, self.options.now.outside_plugins());
        let verdict = Verdict::of(&findings, &gaps);
        let mut items = items.into_vec();
        if self.options.redact {
            redact::report(&mut items, &mut findings);
        }
        Report {
            schema: SCHEMA.to_owned(),
            tool: self.tool.clone(),
            host: identity::identify(&self.host, &self.options),
            run,
            verdict,
            coverage: Coverage::counted(coverage, &findings, &gaps),
            findings,
            items,
            gaps,
        }
    }

    fn describe(&self, started: Time, verified: Option<Verified>) -> Run {
        use std::os::unix::ffi::OsStrExt;
        let root = self.host.sources().root.as_os_str().as_bytes();
        Run {
            mode: if self.host.is_live() { Mode::Live } else { Mode::Offline },
            root: Text::from(root),
            scope: self.options.scope,
            started,
            finished: Time::now(),
            privileged: is_privileged(),
            read_only: self.read_only,
            keeps_atime: self.host.keeps_atime(),
            trusted_nets: self.options.trusted_nets.iter().map(ToString::to_string).collect(),
            redacted: self.options.redact,
            known_files: None,
            unchanged: Vec::new(),
            verified,
        }
    }
}

fn collect_one(plugin: &'static dyn Plugin, host: &Host, options: &Options) -> Outcome {
    let meta = plugin.meta();
    let begun = Instant::now();
    if meta.needs == Needs::LiveKernel && !host.is_live() {
        let why = Some("needs a running host".to_owned());
        let collected = Collected::default();
        return Outcome { collected, status: Status::Skipped, why, took: begun.elapsed() };
    }
    let mut cx = Cx::new(meta.id, host, options);
    match catch_unwind(AssertUnwindSafe(|| plugin.collect(&mut cx))) {
        Ok(Ok(())) => {
            let partial = cx.out.gaps.iter().any(|gap| gap.matters);
            let status = if partial { Status::Partial } else { Status::Ran };
            Outcome { collected: cx.out, status, why: None, took: begun.elapsed() }
        }
        Ok(Err(skip)) => {
            let why = Some(skip.0);
            Outcome { collected: cx.out, status: Status::Skipped, why, took: begun.elapsed() }
        }
        Err(_) => {
            let mut outcome = failed(meta.id, "panicked", begun.elapsed());
            let failure = std::mem::take(&mut outcome.collected.gaps);
            outcome.collected = cx.out;
            outcome.collected.gaps.extend(failure);
            outcome
        }
    }
}

fn failed(plugin: &str, why: &str, took: Duration) -> Outcome {
    let gap = Gap::of_all(plugin, Blocked::Failed, &format!("the plugin {why}"));
    let collected = Collected { gaps: vec![gap], ..Collected::default() };
    Outcome { collected, status: Status::Failed, why: Some(why.to_owned()), took }
}

fn cover(plugin: &str, outcome: &Outcome) -> Coverage {
    Coverage {
        plugin: plugin.to_owned(),
        status: outcome.status,
        items: outcome.collected.items.len() + outcome.collected.launches.len(),
        findings: 0,
        gaps: 0,
        ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        why: outcome.why.clone(),
    }
}

fn own_gaps() -> Vec<Gap> {
    let hidden =
        || Gap::of_all("core", Blocked::Denied, "not run as root: much of a host is hidden");
    if is_privileged() { Vec::new() } else { vec![hidden()] }
}

fn join_or<T>(handle: std::thread::JoinHandle<T>, otherwise: impl FnOnce() -> T) -> T {
    handle.join().unwrap_or_else(|_| otherwise())
}

fn gather(collected: Collected, examined: Examined, gaps: &mut Vec<Gap>) -> Items {
    let mut items = collected.items;
    items.extend(collected.launches.iter().chain(&examined.launches).map(Item::of));
    items.extend(examined.items);
    gaps.extend(examined.gaps);
    Items::new(items)
}

impl Collected {
    fn merge(&mut self, other: Self) {
        self.items.extend(other.items);
        self.launches.extend(other.launches);
        self.wanted.extend(other.wanted);
        self.wanted_unowned.extend(other.wanted_unowned);
        self.gaps.extend(other.gaps);
    }
}
