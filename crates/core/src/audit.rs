//! The runner: plugins in parallel, files resolved, items judged, a report made.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use coroner_host::sandbox::Enforced;
use coroner_host::{Blocked, Host, HostPath, is_privileged};
use coroner_parse::Text;

use crate::cx::Collected;
use crate::files::{Ask, Resolved, Resolver};
use crate::launches::ProgramFinder;
use crate::packages::{NoPackages, PackageKnowledge, Verification};
use crate::policy::Policy;
use crate::report::{Mode, SCHEMA};
use crate::{
    Coverage, Cx, Deadline, Finding, Findings, Gap, Item, Items, KnownContent, Needs, Options,
    Plugin, Report, Run, Scope, Status, Time, Tool, Verdict, Verified, finding, identity, redact,
    verified,
};

/// Loads the package databases of a root.
pub type LoadPackages = Box<dyn FnOnce(&Host) -> Box<dyn PackageKnowledge> + Send>;

/// What an audit is made of.
pub struct Audit {
    /// The host to look at.
    pub host: Arc<Host>,
    /// What was asked for.
    pub options: Arc<Options>,
    /// The plugins, by id.
    pub plugins: Vec<&'static dyn Plugin>,
    /// How package databases are loaded.
    pub load_packages: LoadPackages,
    /// What an operator accepts.
    pub policy: Policy,
    /// Of the tool itself, for the report.
    pub tool: Tool,
    /// How far the kernel holds this process to reading.
    pub read_only: Enforced,
    /// What an earlier audit knows of files that have not changed since.
    pub known: Arc<dyn KnownContent>,
}

/// What a plugin's thread sends back.
struct Outcome {
    collected: Collected,
    status: Status,
    why: Option<String>,
    took: Duration,
}

/// A plugin at work.
struct Running {
    plugin: &'static dyn Plugin,
    outcome: mpsc::Receiver<Outcome>,
}

/// How long after its budget a plugin is waited for: it notices at its next read.
const GRACE: Duration = Duration::from_secs(5);
/// Time to resolve named files, and to verify every packaged file, beyond the plugins' own.
const FILES_BUDGET: Duration = Duration::from_mins(5);

impl Audit {
    /// Runs it. `said` hears what is being done, for a person who waits.
    pub fn run(mut self, said: &mut dyn FnMut(&str)) -> Report {
        let started = Time::now();
        said("collecting");
        let loading = self.start_loading();
        let (late, usual) = self.start_all();
        let deadline = Deadline::after(self.options.plugin_budget + GRACE);
        let (mut collected, mut coverage) = self.collect(usual, deadline);
        said("reading package databases");
        let packages = join_or(loading, || Box::new(NoPackages));
        said("examining files");
        let files_deadline = Deadline::after(FILES_BUDGET);
        self.follow_launches(&mut collected);
        let resolved = self.resolve(&collected, packages.as_ref(), files_deadline);
        said("verifying packages");
        let checked = self.verify(&resolved, packages.as_ref(), files_deadline);
        said("watching traffic");
        let (watched, covered) = self.collect(late, deadline);
        collected.merge(watched);
        coverage.extend(covered);
        said("judging");
        let mut gaps = own_gaps(packages.as_ref());
        gaps.append(&mut collected.gaps);
        let verified = checked
            .as_ref()
            .map(|checked| verified::count(checked, &resolved.files, &packages.packages()));
        let items = gather(collected, resolved, checked, packages.as_ref(), &mut gaps);
        let findings = judge_all(&self.plugins, &items, &mut gaps);
        coverage.extend(self.not_asked_for());
        let run = self.describe(started, verified);
        self.report(run, items, findings, gaps, coverage)
    }

    fn start_loading(&mut self) -> std::thread::JoinHandle<Box<dyn PackageKnowledge>> {
        let none: LoadPackages = Box::new(|_| Box::new(NoPackages));
        let load = std::mem::replace(&mut self.load_packages, none);
        let host = Arc::clone(&self.host);
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
            let outcome = outcome
                .recv_timeout(deadline.left())
                .unwrap_or_else(|_| failed(id, "overran its time", self.options.plugin_budget));
            coverage.push(cover(id, &outcome));
            all.merge(outcome.collected);
        }
        (all, coverage)
    }

    fn start(&self, plugin: &'static dyn Plugin) -> mpsc::Receiver<Outcome> {
        let (sender, receiver) = mpsc::channel();
        let (host, options) = (Arc::clone(&self.host), Arc::clone(&self.options));
        std::thread::spawn(move || {
            let _ = sender.send(collect_one(plugin, &host, &options));
        });
        receiver
    }

    fn follow_launches(&self, collected: &mut Collected) {
        let mut finder = ProgramFinder::new(&self.host);
        for launch in &mut collected.launches {
            finder.fill(launch);
        }
    }

    fn resolve(
        &self,
        collected: &Collected,
        packages: &dyn PackageKnowledge,
        deadline: Deadline,
    ) -> Resolved {
        let mut named: BTreeMap<HostPath, Ask> = BTreeMap::new();
        for path in &collected.wanted {
            named.entry(path.clone()).or_default();
        }
        let unowned = |path: &&HostPath| packages.is_known() && packages.claim(path).is_none();
        for path in collected.wanted_unowned.iter().filter(unowned) {
            named.entry(path.clone()).or_default();
        }
        for launch in &collected.launches {
            for path in launch.programs.iter().chain([&launch.file]) {
                named.insert(path.clone(), Ask { text: true });
            }
        }
        let known = self.known.as_ref();
        Resolver { host: &self.host, packages, known, deadline }.resolve(&named)
    }

    fn verify(
        &self,
        resolved: &Resolved,
        packages: &dyn PackageKnowledge,
        deadline: Deadline,
    ) -> Option<Verification> {
        let whole = self.options.scope != Scope::Quick;
        whole.then(|| packages.verify(&self.host, &resolved.places(), deadline))
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
        self.policy.apply(&mut findings, self.options.now);
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
            coverage: count(coverage, &findings, &gaps),
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
            verified,
        }
    }
}

/// Judges a saved report again, by the rules of this version.
pub fn judge_again(
    report: &mut Report,
    plugins: &[&'static dyn Plugin],
    policy: &Policy,
    now: Time,
) {
    let items = Items::new(std::mem::take(&mut report.items));
    let judged = |gap: &Gap| gap.reason == Blocked::Failed && gap.detail.as_deref() == Some(JUDGE);
    report.gaps.retain(|gap| !judged(gap));
    let mut findings = judge_all(plugins, &items, &mut report.gaps);
    policy.apply(&mut findings, now);
    report.gaps.sort();
    report.gaps.dedup();
    report.verdict = Verdict::of(&findings, &report.gaps);
    let coverage = std::mem::take(&mut report.coverage);
    report.coverage = count(coverage, &findings, &report.gaps);
    report.findings = findings;
    report.items = items.into_vec();
}

const JUDGE: &str = "its judge panicked: its rules did not run";

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
    let mut gap = core_gap("/", Blocked::Failed, &format!("the plugin {why}"));
    plugin.clone_into(&mut gap.plugin);
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

fn count(mut coverage: Vec<Coverage>, findings: &[Finding], gaps: &[Gap]) -> Vec<Coverage> {
    for row in &mut coverage {
        let own = |rule: &str| rule.split('/').next() == Some(row.plugin.as_str());
        row.findings = findings.iter().filter(|finding| own(&finding.rule)).count();
        row.gaps = gaps.iter().filter(|gap| gap.plugin == row.plugin).count();
    }
    coverage
}

fn own_gaps(packages: &dyn PackageKnowledge) -> Vec<Gap> {
    let mut gaps = packages.gaps();
    if !is_privileged() {
        gaps.push(core_gap("/", Blocked::Denied, "not run as root: much of a host is hidden"));
    }
    gaps
}

fn core_gap(path: &str, reason: Blocked, detail: &str) -> Gap {
    Gap {
        plugin: "core".to_owned(),
        path: HostPath::new(path),
        line: None,
        reason,
        detail: Some(detail.to_owned()),
        matters: true,
    }
}

fn join_or<T>(handle: std::thread::JoinHandle<T>, otherwise: impl FnOnce() -> T) -> T {
    handle.join().unwrap_or_else(|_| otherwise())
}

fn gather(
    collected: Collected,
    resolved: Resolved,
    checked: Option<Verification>,
    packages: &dyn PackageKnowledge,
    gaps: &mut Vec<Gap>,
) -> Items {
    let mut items = collected.items;
    items.extend(collected.launches.iter().map(Item::of));
    items.extend(resolved.files.iter().map(Item::of));
    items.extend(resolved.scripts.iter().map(Item::of));
    if let Some(checked) = checked {
        items.extend(checked.suspects.iter().map(Item::of));
        gaps.extend(checked.gaps);
    }
    items.extend(packages.packages().iter().map(Item::of));
    gaps.extend(resolved.gaps);
    Items::new(items)
}

fn judge_all(plugins: &[&'static dyn Plugin], items: &Items, gaps: &mut Vec<Gap>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for plugin in plugins {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let mut out = Findings::default();
            plugin.judge(items, &mut out);
            out
        }));
        if let Ok(out) = judged {
            gaps.extend(out.gaps());
            findings.extend(out.finish());
        } else {
            let mut gap = core_gap("/", Blocked::Failed, JUDGE);
            plugin.meta().id.clone_into(&mut gap.plugin);
            gaps.push(gap);
        }
    }
    finding::sort(&mut findings);
    findings
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
