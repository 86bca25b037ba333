//! Rule cases: a tree in TOML and the findings it must give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use coroner_core::packages::{Package, Proof};
use coroner_core::{HostPath, Item, Launch, Options, Report, Scope, Text, Time, Trigger, registry};
use serde::Deserialize;

use crate::audit::usual_now;
use crate::{Fixture, FixturePackages, Node, Tree};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    expect: Vec<Expected>,
    #[serde(default)]
    near: Vec<String>,
    #[serde(default)]
    live: bool,
    #[serde(default)]
    files: BTreeMap<String, FileSpec>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    modified: BTreeSet<String>,
    #[serde(default)]
    conffiles: BTreeSet<String>,
    #[serde(default)]
    without_digest: BTreeSet<String>,
    #[serde(default)]
    proved: BTreeSet<String>,
    #[serde(default)]
    forged: BTreeSet<String>,
    #[serde(default)]
    vendor_links: BTreeMap<String, String>,
    #[serde(default)]
    vendor_modes: BTreeMap<String, u32>,
    #[serde(default)]
    edited_lists: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    rewritten_lists: BTreeSet<String>,
    #[serde(default)]
    no_database: bool,
    #[serde(default)]
    package: Vec<PackageSpec>,
    #[serde(default)]
    launch: Vec<LaunchSpec>,
    #[serde(default)]
    item: Vec<Item>,
    #[serde(default)]
    options: OptionSpec,
}

#[derive(Deserialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Expected {
    rule: String,
    path: Option<HostPath>,
    line: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct OptionSpec {
    #[serde(default)]
    trusted_nets: Vec<String>,
    #[serde(default)]
    wordlist: Vec<String>,
    scope: Option<Scope>,
    now: Option<Time>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaunchSpec {
    trigger: Trigger,
    user: Option<String>,
    #[serde(default)]
    command: String,
    file: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    programs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageSpec {
    name: String,
    vendor: Option<String>,
    #[serde(default)]
    proof: Proof,
    /// So many of them, numbered from the second on.
    #[serde(default = "one")]
    count: usize,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FileSpec {
    Text(String),
    Full(Box<FullFile>),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct FullFile {
    text: Option<String>,
    hex: Option<String>,
    link: Option<String>,
    dir: bool,
    fifo: bool,
    sparse: Option<u64>,
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: Option<Time>,
    /// `security.capability`, in hexadecimal; needs root.
    capabilities: Option<String>,
}

/// Runs every `*.toml` in `dir` with the named plugins.
///
/// # Panics
/// When a case gives other findings (of these plugins) than it expects, when the folder holds no
/// case, and when a rule of the plugins has no case that fires it or no near miss.
pub fn run_cases(plugins: &[&str], dir: impl AsRef<Path>) {
    let mut wrong = Vec::new();
    let (mut fired, mut missed) = (BTreeSet::new(), BTreeSet::new());
    let cases = read_cases(dir.as_ref());
    assert!(!cases.is_empty(), "no cases in {}", dir.as_ref().display());
    for (file, case) in &cases {
        fired.extend(case.expect.iter().map(|expected| expected.rule.clone()));
        missed.extend(case.near.iter().cloned());
        let report = case.fixture().audit(plugins);
        if let Err(difference) = case.compare(&report, plugins) {
            wrong.push(format!("{file}: {}\n{difference}", case.name));
        }
    }
    let rules = rules_of(plugins);
    let lacking = |had: &BTreeSet<String>, what: &str| {
        let without = rules.iter().filter(|rule| !had.contains(**rule));
        without.map(|rule| format!("{rule} has no {what}")).collect::<Vec<_>>()
    };
    wrong.extend(lacking(&fired, "case that fires it"));
    wrong.extend(lacking(&missed, "near miss"));
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n\n")
    );
}

fn rules_of(plugins: &[&str]) -> Vec<&'static str> {
    let all = registry().expect("unique plugin ids");
    let named = all.iter().filter(|plugin| plugins.contains(&plugin.meta().id));
    named.flat_map(|plugin| plugin.meta().rules.iter().map(|rule| rule.id)).collect()
}

fn read_cases(dir: &Path) -> Vec<(String, Case)> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a readable case file");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let file: CaseFile =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        file.case.into_iter().map(move |case| (name.clone().unwrap_or_default(), case))
    };
    files.iter().flat_map(read).collect()
}

impl Case {
    fn fixture(&self) -> Fixture {
        Fixture {
            tree: self.files.iter().fold(Tree::new(), |tree, (path, spec)| spec.plant(tree, path)),
            live: self.live,
            packages: FixturePackages {
                no_database: self.no_database,
                owned: self.packages.clone(),
                modified: self.modified.clone(),
                conffiles: self.conffiles.clone(),
                without_digest: self.without_digest.clone(),
                listed: self.package.iter().flat_map(PackageSpec::packages).collect(),
                proved: self.proved.clone(),
                forged: self.forged.clone(),
                vendor_links: self.vendor_links.clone(),
                vendor_modes: self.vendor_modes.clone(),
                edited_lists: self.edited_lists.clone(),
                rewritten_lists: self.rewritten_lists.clone(),
            },
            launches: self.launch.iter().map(LaunchSpec::launch).collect(),
            items: self.item.clone(),
            options: self.options.options(),
        }
    }

    fn compare(&self, report: &Report, plugins: &[&str]) -> Result<(), String> {
        let own = |rule: &str| rule.split('/').next().is_some_and(|id| plugins.contains(&id));
        let found = report.findings.iter().filter(|finding| own(&finding.rule));
        let mut unexpected: Vec<_> = found.collect();
        let mut lines = Vec::new();
        for expected in &self.expect {
            match unexpected.iter().position(|finding| expected.fits(finding)) {
                Some(index) => drop(unexpected.remove(index)),
                None => lines.push(format!("  missing: {expected:?}")),
            }
        }
        lines.extend(unexpected.iter().map(|finding| {
            format!(
                "  unexpected: {} at {:?}:{:?} {:?}",
                finding.rule, finding.path, finding.line, finding.evidence
            )
        }));
        let failed = report.gaps.iter().filter(|gap| gap.reason == coroner_core::Blocked::Failed);
        lines.extend(failed.map(|gap| format!("  failed: {gap:?}")));
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }
}

impl Expected {
    fn fits(&self, finding: &coroner_core::Finding) -> bool {
        self.rule == finding.rule
            && (self.path.is_none() || self.path == finding.path)
            && (self.line.is_none() || self.line == finding.line)
    }
}

impl OptionSpec {
    fn options(&self) -> Options {
        let net = |text: &String| text.parse().unwrap_or_else(|error| panic!("{error}"));
        Options {
            trusted_nets: self.trusted_nets.iter().map(net).collect(),
            wordlist: self.wordlist.iter().map(|word| Text::from(word.as_str())).collect(),
            scope: self.scope.unwrap_or_default(),
            now: self.now.unwrap_or_else(usual_now).into(),
            ..Options::default()
        }
    }
}

impl PackageSpec {
    fn packages(&self) -> impl Iterator<Item = Package> {
        let name = |number: usize| match number {
            0 => self.name.clone(),
            _ => format!("{}-{number}", self.name),
        };
        (0..self.count).map(move |number| Package {
            name: Text::from(name(number).as_str()),
            version: Text::from("1.0-1"),
            architecture: Text::from("x86_64"),
            manager: "rpm".to_owned(),
            files: 1,
            with_digest: 1,
            vendor: self.vendor.as_deref().map(Text::from),
            edited: Vec::new(),
            rewritten: None,
            proof: self.proof.clone(),
        })
    }
}

impl LaunchSpec {
    fn launch(&self) -> Launch {
        Launch {
            trigger: self.trigger,
            user: self.user.as_deref().map(Text::from),
            command: Text::from(self.command.as_str()),
            file: HostPath::new(&self.file),
            line: self.line,
            name: Text::from(self.name.as_str()),
            enabled: self.enabled,
            programs: self.programs.iter().map(HostPath::new).collect(),
        }
    }
}

impl FileSpec {
    fn plant(&self, tree: Tree, path: &str) -> Tree {
        match self {
            Self::Text(text) => tree.file(path, text),
            Self::Full(full) => full.plant(tree, path),
        }
    }
}

impl FullFile {
    fn plant(&self, tree: Tree, path: &str) -> Tree {
        let mut tree = tree.node(path, self.node(path));
        if let Some(mode) = self.mode {
            tree = tree.mode(path, mode);
        }
        if self.uid.is_some() || self.gid.is_some() {
            tree = tree.owner(path, self.uid.unwrap_or(0), self.gid.unwrap_or(0));
        }
        if let Some(hex) = &self.capabilities {
            tree = tree.capabilities(path, unhex(hex).unwrap_or_else(|| panic!("{path}: bad hex")));
        }
        if let Some(time) = self.mtime {
            tree = tree.modified(path, time.seconds());
        }
        tree
    }

    fn node(&self, path: &str) -> Node {
        let content = self.text.as_ref().map(|text| text.clone().into_bytes());
        let hex =
            self.hex.as_ref().map(|hex| unhex(hex).unwrap_or_else(|| panic!("{path}: bad hex")));
        let nodes = [
            content.or(hex).map(Node::File),
            self.link.as_ref().map(|target| Node::Link(target.clone().into_bytes())),
            self.dir.then_some(Node::Dir),
            self.fifo.then_some(Node::Fifo),
            self.sparse.map(Node::Sparse),
        ];
        let mut given = nodes.into_iter().flatten();
        let node = given.next().unwrap_or(Node::File(Vec::new()));
        assert!(
            given.next().is_none(),
            "{path}: more than one of text, hex, link, dir, fifo, sparse"
        );
        node
    }
}

/// Hexadecimal digits, with white space where it helps the reader.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
