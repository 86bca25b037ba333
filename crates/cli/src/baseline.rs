//! `coroner baseline`: packs are listed, verified and shown. Packs are the auditor's own files; the host
//! has no part in this.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use coroner_core::Text;
use coroner_pack::trust::{Keys, Trust, sha256};
use coroner_pack::{FileKind, Pack, PackFile, Package, Source, shipped};
use serde_json::{Value, json};

use crate::baseline_args::{Action, InfoArgs, ListArgs, VerifyArgs};
use crate::baseline_files::{file_json, files, open};
use crate::baselines::{self, LARGEST_PACK, trust_of};
use crate::failure::Failure;
use crate::output::{pretty, print};
use crate::{baseline_build, baseline_diff};

pub(crate) fn run(action: &Action) -> Result<ExitCode, Failure> {
    match action {
        Action::Build(ask) => baseline_build::run(ask),
        Action::List(ask) => list(ask),
        Action::Verify(ask) => verify(ask),
        Action::Info(ask) => info(ask),
        Action::Diff(ask) => baseline_diff::run(ask),
    }
}

fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let (keys, _) = baselines::keys(&args.baselines.key)?;
    let mut paths = Vec::new();
    for named in &args.baselines.baseline {
        paths.extend(baselines::packs_at(named).map_err(Failure::Usage)?);
    }
    if args.baselines.baseline.is_empty() {
        paths = baselines::packs_beside_the_binary();
    }
    let allowed = args.baselines.allow_unsigned;
    let rows: Vec<Value> = paths.iter().map(|path| listed(path, &keys, allowed)).collect();
    if args.json {
        return print(&pretty(&Value::Array(rows)));
    }
    if rows.is_empty() {
        return print("no packs: name a folder of them with --baseline, or make one with build\n");
    }
    print(&rows.iter().map(line).collect::<String>())
}

/// A pack, or why it is none.
fn listed(path: &Path, keys: &Keys, allowed: bool) -> Value {
    match open(path) {
        Ok(pack) => row(path, &pack, &vouched(path, &pack, keys, allowed)),
        Err(failure) => json!({ "path": shown(path), "refused": failure.message() }),
    }
}

fn shown(path: &Path) -> Text {
    Text::new(path.as_os_str().as_encoded_bytes())
}

/// Who vouches for a pack, in words.
fn vouched(path: &Path, pack: &Pack, keys: &Keys, allowed: bool) -> Result<String, String> {
    match trust_of(path, pack.as_bytes(), keys, &shipped()) {
        Ok(Trust::Shipped) => Ok("shipped with this version".to_owned()),
        Ok(Trust::Signed(key)) => Ok(format!("signed by {}", key.0)),
        Ok(Trust::Unsigned) => Ok("nobody".to_owned()),
        Err(_) if allowed => Ok("nobody (--allow-unsigned)".to_owned()),
        Err(refused) => Err(refused),
    }
}

fn row(path: &Path, pack: &Pack, vouched: &Result<String, String>) -> Value {
    let header = pack.header();
    json!({
        "path": shown(path),
        "name": header.name, "kind": header.kind, "os": header.os, "os_version": header.os_version,
        "manager": header.manager, "sha256": sha256(pack.as_bytes()).hex(),
        "packages": pack.packages().len(),
        "files": pack.packages().iter().map(|package| package.files).sum::<usize>(),
        "vouched_by": vouched.as_ref().ok(), "refused": vouched.as_ref().err(),
    })
}

fn line(row: &Value) -> String {
    let text = |key: &str| Text::from(row[key].as_str().unwrap_or_default());
    if row["name"].is_null() {
        return format!("refused: {}\n", text("refused"));
    }
    let vouched = match row["refused"].as_str() {
        Some(refused) => format!("refused: {refused}"),
        None => text("vouched_by").to_string(),
    };
    format!(
        "{}: {} {}, {}, {} packages, {} files; {vouched}\n",
        text("path"),
        text("os"),
        text("os_version"),
        text("manager"),
        row["packages"],
        row["files"],
    )
}

fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let (keys, _) = baselines::keys(&args.key)?;
    let mut rows = Vec::new();
    for path in &args.packs {
        rows.push(verified(path, &keys)?);
    }
    if args.json {
        return print(&pretty(&Value::Array(rows)));
    }
    print(&rows.iter().map(line).collect::<String>())
}

/// Whoever vouches is asked first: what a pack that nobody vouches for says of itself does not matter.
fn verified(path: &Path, keys: &Keys) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let bytes = baselines::read(path, LARGEST_PACK).map_err(|error| wrong(error.to_string()))?;
    trust_of(path, &bytes, keys, &shipped()).map_err(wrong)?;
    let pack = open(path)?;
    for package in pack.packages() {
        files(path, &pack, package)?;
    }
    Ok(row(path, &pack, &vouched(path, &pack, keys, false)))
}

fn info(args: &InfoArgs) -> Result<ExitCode, Failure> {
    let pack = open(&args.pack)?;
    let Some(name) = &args.package else {
        return print(&if args.json { pretty(&about_json(&pack)) } else { about(&pack) });
    };
    let found = pack.named(name.as_bytes());
    if found.is_empty() {
        let problem = format!("{}: knows no package '{name}'", args.pack.display());
        return Err(Failure::usage(problem));
    }
    let (mut text, mut rows) = (String::new(), Vec::new());
    for package in found {
        let files = files(&args.pack, &pack, package)?;
        if args.json {
            rows.push(package_json(package, &files));
        } else {
            describe(package, &files, &mut text);
        }
    }
    print(&if args.json { pretty(&Value::Array(rows)) } else { text })
}

fn about(pack: &Pack) -> String {
    let header = pack.header();
    let mut out = format!(
        "{}: {} {}, {}, {} packages\nsha256 {}\n",
        header.name,
        header.os,
        header.os_version,
        header.manager,
        pack.packages().len(),
        sha256(pack.as_bytes()).hex()
    );
    out.extend(header.sources.iter().map(source));
    for Package { id, files, .. } in pack.packages() {
        let _ = writeln!(out, "  {} {} {}: {files} files", id.name, id.version, id.architecture);
    }
    out
}

fn source(source: &Source) -> String {
    let date = source.date.as_ref().map(|date| format!(", of {date}")).unwrap_or_default();
    let signer = source.signer.as_ref().map(|key| format!(", signed by {key}")).unwrap_or_default();
    let hash = source.sha256.as_ref().map(|hash| format!(", {hash}")).unwrap_or_default();
    format!("from {}{date}{signer}{hash}\n", Text::from(&*source.name))
}

fn about_json(pack: &Pack) -> Value {
    let package = |package: &Package| {
        json!({ "name": package.id.name, "version": package.id.version,
                "architecture": package.id.architecture, "files": package.files })
    };
    json!({
        "header": pack.header(),
        "sha256": sha256(pack.as_bytes()).hex(),
        "packages": pack.packages().iter().map(package).collect::<Vec<_>>(),
    })
}

fn describe(package: &Package, files: &[PackFile], out: &mut String) {
    let id = &package.id;
    let _ = writeln!(out, "{} {} {}", id.name, id.version, id.architecture);
    for file in files {
        let PackFile { path, mode, user, group, .. } = file;
        let _ = writeln!(out, "  {mode:04o} {user}:{group} {path}{}", kind(file));
    }
}

fn kind(file: &PackFile) -> String {
    let conffile = if file.conffile { ", configuration" } else { "" };
    match &file.kind {
        FileKind::Regular(content) => {
            format!(": {} bytes, {}{conffile}", content.size, content.sha256())
        }
        FileKind::Directory => "/".to_owned(),
        FileKind::Link(target) => format!(" -> {target}"),
        FileKind::Special => ": a device, FIFO or socket".to_owned(),
    }
}

fn package_json(package: &Package, files: &[PackFile]) -> Value {
    json!({
        "name": package.id.name, "version": package.id.version,
        "architecture": package.id.architecture,
        "files": files.iter().map(file_json).collect::<Vec<_>>(),
    })
}
