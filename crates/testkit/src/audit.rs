//! Audits of fixture trees.

use std::path::PathBuf;
use std::sync::Arc;

use coroner_core::audit::Audit;
use coroner_core::judge_again;
use coroner_core::packages::PackageKnowledge;
use coroner_core::policy::Policy;
use coroner_core::{
    Cx, Item, Launch, Meta, Needs, Options, Plugin, Report, Skip, Time, Tool, registry,
};
use coroner_host::sandbox::Enforced;
use coroner_host::{Host, HostSources};

use crate::processes::complete;
use crate::{FixturePackages, Tree};

/// A host made for a test.
#[derive(Debug, Clone, Default)]
pub struct Fixture {
    /// Its files; those below /proc and /sys are the kernel's when it is `live`.
    pub tree: Tree,
    /// Whether it runs.
    pub live: bool,
    /// What its packages own.
    pub packages: FixturePackages,
    /// Launches that some plugin would have found.
    pub launches: Vec<Launch>,
    /// Items that the kernel's own answers would have given: the report is judged again with them.
    pub items: Vec<Item>,
    /// What the person asked for.
    pub options: Options,
}

/// Audits a mounted tree with the named plugins, without packages.
///
/// # Panics
/// When a plugin of that name is not linked into the test.
pub fn audit(plugins: &[&str], tree: &Tree) -> Report {
    Fixture { tree: tree.clone(), ..Fixture::default() }.audit(plugins)
}

impl Fixture {
    /// Audits it with the named plugins.
    ///
    /// # Panics
    /// When a plugin of that name is not linked into the test, or the tree cannot be written.
    pub fn audit(&self, plugins: &[&str]) -> Report {
        let tree = if self.live { complete(self.tree.clone()) } else { self.tree.clone() };
        let dir = tree.write();
        let mut plugins = linked(plugins);
        if !self.launches.is_empty() {
            plugins.push(Box::leak(Box::new(Given(self.launches.clone()))));
        }
        let database = self.packages.database(&self.tree);
        let audit = Audit {
            host: Arc::new(Host::open(self.sources(dir.path())).expect("the fixture's root")),
            options: Arc::new(self.options.clone()),
            plugins,
            load_packages: Box::new(move |_| Box::new(database) as Box<dyn PackageKnowledge>),
            policy: Policy::default(),
            tool: Tool {
                version: "test".into(),
                commit: None,
                sha256: None,
                medium: None,
                baselines: Vec::new(),
            },
            read_only: Enforced::None,
            known: Arc::new(coroner_core::NothingKnown),
            memory: Arc::new(coroner_core::NothingKnown),
            evidence: Vec::new(),
        };
        let mut report = audit.run(&mut |_| {});
        if !self.items.is_empty() {
            report.items.extend(self.items.iter().cloned());
            let all = registry().expect("unique plugin ids");
            judge_again(&mut report, &all, &Policy::default(), self.options.now.outside_plugins());
        }
        report
    }

    fn sources(&self, root: &std::path::Path) -> HostSources {
        let tree = |name: &str| -> Option<PathBuf> {
            let dir = root.join(name);
            std::fs::create_dir_all(&dir).ok()?;
            self.live.then_some(dir)
        };
        HostSources { root: root.into(), proc: tree("proc"), sys: tree("sys"), kernel: false }
    }
}

fn linked(ids: &[&str]) -> Vec<&'static dyn Plugin> {
    let all = registry().expect("unique plugin ids");
    let find = |id: &&str| {
        let plugin = all.iter().find(|plugin| plugin.meta().id == *id);
        *plugin.unwrap_or_else(|| {
            panic!("plugin '{id}' is not linked: add `use coroner_plugin_{id} as _;`")
        })
    };
    ids.iter().map(find).collect()
}

/// Stands for whichever plugin would have found these launches.
struct Given(Vec<Launch>);

static GIVEN: Meta = Meta {
    id: "given",
    summary: "launches that a test case states",
    reads: &[],
    needs: Needs::Files,
    rules: &[],
    items: &[],
};

impl Plugin for Given {
    fn meta(&self) -> &'static Meta {
        &GIVEN
    }

    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip> {
        for launch in &self.0 {
            cx.launch(launch.clone());
        }
        Ok(())
    }
}

/// The time at which fixtures are audited unless they say otherwise: 2026-06-01.
pub(crate) fn usual_now() -> Time {
    Time::from_seconds(1_780_272_000)
}
