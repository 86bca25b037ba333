//! `coroner audit`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use coroner_baseline::PackageDb;
use coroner_core::audit::Audit;
use coroner_core::policy::Policy;
use coroner_core::{Options, Plugin, Text, Time};
use coroner_host::sandbox::{self, Enforced, Restrictions};
use coroner_host::{Host, HostSources};
use coroner_plugins::registry;

use crate::audit_args::{AuditArgs, ScopeArg};
use crate::baselines;
use crate::failure::Failure;
use crate::output::{Outputs, Told};
use crate::own_medium;
use crate::state::State;
use crate::target::Target;
use crate::tool;

/// Longest wordlist: a bounded number of guesses is the point of it.
const MOST_WORDS: usize = 10_000;

pub(crate) fn run(args: &AuditArgs) -> Result<ExitCode, Failure> {
    let plugins = all_plugins()?;
    let options = options(args, &plugins)?;
    let policy = policy(args.policy.as_deref(), &plugins)?;
    let outputs = Outputs::open(&args.output)?;
    if !args.write_on_audited_disk {
        let folders: Vec<_> = outputs.targets().map(Target::directory).collect();
        let folders = folders.iter().map(PathBuf::as_path).chain(args.state.state.as_deref());
        own_medium::keep_off_audited(
            folders,
            args.root.as_deref().filter(|root| !is_own_root(root)),
        )?;
    }
    let now = options.now.outside_plugins();
    let state = State::open(&args.state, now, args.voice)?;
    let state_folder = state.folder().map(Path::to_path_buf);
    let writable: Vec<_> = outputs.targets().map(Target::held).chain(state_folder).collect();
    let host = Host::open(sources(args)).map_err(|error| Failure::usage(error.to_string()))?;
    let mut tool = tool::describe(&state, now);
    let read_only = read_only(sandbox::restrict(&writable));
    let os = coroner_core::os_release(&host);
    let baselines = baselines::load(&args.baselines, &os.id)?;
    own_medium::say_label();
    tool.baselines = baselines.uses;
    let (mut packs, keys) = (baselines.packs, baselines.vendor_keys);
    packs.prefer(&os.version.to_string());
    let known = state.known();
    let audit = Audit {
        host: Arc::new(host),
        options: Arc::new(options),
        plugins,
        load_packages: Box::new(move |host| PackageDb::of_host(host, &packs, &keys, known)),
        policy,
        tool,
        read_only,
        known: state.known(),
        memory: state.memory(),
        evidence: baselines.inputs,
    };
    let progress = args.voice.progress();
    let mut report = audit.run(&mut |step| progress.say(step));
    drop(progress);
    state.describe(&mut report.run);
    let told = Told::of(&report);
    let written = outputs.write(&told, args.output.format);
    let status = state.finish(&told);
    // The process ends here: taking a large report apart costs more than it gives back.
    std::mem::forget(report);
    written?;
    Ok(ExitCode::from(status?))
}

pub(crate) fn all_plugins() -> Result<Vec<&'static dyn Plugin>, Failure> {
    registry().map_err(|error| Failure::Broken(error.to_string()))
}

fn sources(args: &AuditArgs) -> HostSources {
    match (&args.root, &args.proc) {
        (Some(root), Some(proc)) => HostSources::mounted(root, proc),
        (Some(root), None) if is_own_root(root) => HostSources::live(),
        (Some(root), None) => HostSources::offline(root),
        (None, _) => HostSources::live(),
    }
}

/// `--root /` is this machine.
fn is_own_root(root: &Path) -> bool {
    std::fs::canonicalize(root).is_ok_and(|root| root == Path::new("/"))
}

fn read_only(got: Restrictions) -> Enforced {
    match (got.writing, got.calls) {
        (Enforced::Full, Enforced::Full) => Enforced::Full,
        (Enforced::None, Enforced::None) => Enforced::None,
        _ => Enforced::Partial,
    }
}

fn options(args: &AuditArgs, plugins: &[&'static dyn Plugin]) -> Result<Options, Failure> {
    for name in args.only.iter().chain(&args.skip) {
        if !plugins.iter().any(|plugin| plugin.meta().id == name) {
            let known: Vec<_> = plugins.iter().map(|plugin| plugin.meta().id).collect();
            let known = known.join(", ");
            return Err(Failure::usage(format!("no plugin is called '{name}'; there are {known}")));
        }
    }
    Ok(Options {
        scope: args.scope.into(),
        only: args.only.clone(),
        skip: args.skip.clone(),
        labels: args.label.iter().cloned().collect(),
        trusted_nets: args.trusted_net.clone(),
        wordlist: wordlist(args.wordlist.as_deref())?,
        now: Time::now().into(),
        plugin_budget: Duration::from_secs(args.budget),
        redact: args.redact,
        traffic: traffic(args),
    })
}

/// Three seconds tell a flood, and a standard audit of a live machine takes about as long anyway; a
/// quick look does not wait for them.
const USUAL_TRAFFIC: Duration = Duration::from_secs(3);

fn traffic(args: &AuditArgs) -> Duration {
    let usual = if args.scope == ScopeArg::Quick { Duration::ZERO } else { USUAL_TRAFFIC };
    args.traffic.unwrap_or(usual)
}

fn wordlist(path: Option<&Path>) -> Result<Vec<Text>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let content = read_own(path)?;
    let lines = content.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let words: Vec<Text> = lines.map(Text::from).collect();
    if words.len() > MOST_WORDS {
        let problem =
            format!("{}: more than {MOST_WORDS} words; give the likeliest", path.display());
        return Err(Failure::usage(problem));
    }
    Ok(words)
}

pub(crate) fn policy(path: Option<&Path>, plugins: &[&dyn Plugin]) -> Result<Policy, Failure> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let wrong = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let text = String::from_utf8(read_own(path)?).map_err(|_| wrong("not UTF-8".to_owned()))?;
    let rules: BTreeSet<&str> =
        plugins.iter().flat_map(|plugin| plugin.meta().rules.iter().map(|rule| rule.id)).collect();
    Policy::parse(&text, &rules).map_err(|error| wrong(error.to_string()))
}

/// Reads what the auditor brought: from a medium, only what its manifest lists.
fn read_own(path: &Path) -> Result<Vec<u8>, Failure> {
    let content = read(path)?;
    own_medium::vouch(path, &content).map_err(|altered| Failure::Broken(altered.to_string()))?;
    Ok(content)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}
