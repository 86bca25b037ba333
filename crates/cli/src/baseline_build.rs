//! `coroner baseline build`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use coroner_core::Time;
use coroner_openpgp::Keyring;
use coroner_pack::{Header, PackKind, SCHEMA, write};
use coroner_packager::{BuildError, Built, Mirror, archive, golden, mirror};

use crate::audit::read;
use crate::baseline_args::BuildArgs;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::target::Target;

pub(crate) fn run(args: &BuildArgs) -> Result<ExitCode, Failure> {
    let target = Target::open(&args.output)?;
    let progress = args.voice.progress();
    let (built, kind, manager) = gather(args, &progress)?;
    progress.say("writing");
    let header = header(args, &built, kind, manager)?;
    let refused = |error| Failure::usage(format!("no pack was written: {error}"));
    let bytes = write(&header, built.packages).map_err(refused)?;
    output::replace(&target, "pack", &mut |out| out.write_all(&bytes))?;
    drop(progress);
    for package in &built.missing {
        args.voice.note(&format!("left out, not in the mirrors: {package}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn gather(
    args: &BuildArgs,
    progress: &Progress,
) -> Result<(Built, PackKind, &'static str), Failure> {
    if let Some(root) = &args.root {
        let (built, manager) = golden(root, &|step| progress.say(step))?;
        return Ok((built, PackKind::Host, manager));
    }
    let keyring = keyring(&args.keyring)?;
    let mut built = Built::default();
    let mut manager = None;
    if !args.mirror.is_empty() {
        built = follow(args, &keyring, progress)?;
        manager = Some("dpkg");
    }
    for path in &args.archives {
        progress.say(&path.to_string_lossy());
        let keyring = (!keyring.is_empty()).then_some(&keyring);
        let archive = archive(path, keyring)?;
        if manager.is_some_and(|manager| manager != archive.manager) {
            let problem = "is of another package manager than what came before it: make two packs";
            return Err(Failure::usage(format!("{}: {problem}", path.display())));
        }
        manager = Some(archive.manager);
        built.packages.push(archive.package);
        built.sources.push(archive.source);
    }
    Ok((built, PackKind::Distribution, manager.unwrap_or("dpkg")))
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::usage(error.to_string())
    }
}

fn follow(args: &BuildArgs, keyring: &Keyring, progress: &Progress) -> Result<Built, Failure> {
    let wanted = args.packages.as_deref().map(names).transpose()?;
    let ask = Mirror {
        folders: &args.mirror,
        suites: &args.suite,
        architectures: &args.arch,
        components: &args.component,
        wanted: wanted.as_ref(),
        keyring,
        now: u64::try_from(Time::now().seconds()).unwrap_or(0),
        allow_expired: args.allow_expired,
        skip_missing: args.skip_missing,
    };
    let built = mirror(&ask, &|step| progress.say(step))?;
    if built.packages.is_empty() {
        let problem = "no package of the list is in the suites: no pack was written";
        return Err(Failure::usage(problem));
    }
    Ok(built)
}

fn names(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn keyring(paths: &[std::path::PathBuf]) -> Result<Keyring, Failure> {
    let mut all = Keyring::default();
    for path in paths {
        let wrong = |error| Failure::usage(format!("--keyring {}: {error}", path.display()));
        all.merge(Keyring::parse(&read(path)?).map_err(wrong)?);
    }
    Ok(all)
}

fn header(
    args: &BuildArgs,
    built: &Built,
    kind: PackKind,
    manager: &str,
) -> Result<Header, Failure> {
    let stem = || args.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let os = args.os.clone().or_else(|| built.os.clone());
    let os = os.ok_or_else(|| Failure::usage("--os: name the distribution, such as debian"))?;
    let mut sources = built.sources.clone();
    sources.sort();
    sources.dedup();
    Ok(Header {
        schema: SCHEMA.to_owned(),
        name: args.name.clone().unwrap_or_else(stem),
        kind,
        os,
        os_version: args
            .os_version
            .clone()
            .or_else(|| built.os_version.clone())
            .unwrap_or_default(),
        manager: manager.to_owned(),
        sources,
    })
}
