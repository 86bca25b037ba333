//! Named files and the files of packages, examined once all plugins have said what they want.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coroner_host::{Host, HostPath, Trace};
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::cx::Collected;
use crate::files::{Ask, Resolved, Resolver};
use crate::launches::ProgramFinder;
use crate::packages::{PackageKnowledge, Verification};
use crate::recall::{FILES, Recall, are_steady};
use crate::{Deadline, Digest, Gap, Item, Launch, Scope, Verified, verified};

/// Time to resolve named files, and to verify every packaged file, beyond the plugins' own.
const FILES_BUDGET: Duration = Duration::from_mins(5);

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Examined {
    /// With the programs they run.
    pub(crate) launches: Vec<Launch>,
    pub(crate) items: Vec<Item>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) verified: Option<Verified>,
}

impl Audit {
    pub(crate) fn examine(
        &self,
        collected: &Collected,
        mut launches: Vec<Launch>,
        packages: &dyn PackageKnowledge,
        trace: &Arc<Trace>,
        named: &Digest,
        said: &mut dyn FnMut(&str),
    ) -> Examined {
        said("examining files");
        let (host, deadline) = (Recall::of(self).noting(trace), Deadline::after(FILES_BUDGET));
        let mut finder = ProgramFinder::new(&host);
        for launch in &mut launches {
            finder.fill(launch);
        }
        let resolved = self.resolve(&host, collected, &launches, packages, deadline);
        said("verifying packages");
        let whole = self.options.scope != Scope::Quick;
        let checked = whole.then(|| packages.verify(&host, &resolved.places(), deadline));
        let examined = Examined::of(launches, &resolved, checked, packages);
        let recall = Recall::of(self);
        if recall.is_on() && are_steady(&examined.gaps) {
            recall.keep((FILES, named), examined.read(&resolved), &examined, trace);
        }
        examined
    }

    fn resolve(
        &self,
        host: &Host,
        collected: &Collected,
        launches: &[Launch],
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
        for launch in launches {
            for path in launch.programs.iter().chain([&launch.file]) {
                named.insert(path.clone(), Ask { text: true });
            }
        }
        let known = self.known.as_ref();
        Resolver { host, packages, known, deadline }.resolve(&named)
    }
}

impl Examined {
    fn of(
        launches: Vec<Launch>,
        resolved: &Resolved,
        checked: Option<Verification>,
        packages: &dyn PackageKnowledge,
    ) -> Self {
        let installed = packages.packages();
        let count = |checked| verified::count(checked, &resolved.files, &installed);
        let verified = checked.as_ref().map(count);
        let mut items: Vec<_> = resolved.files.iter().map(Item::of).collect();
        items.extend(resolved.scripts.iter().map(Item::of));
        let mut gaps = packages.gaps();
        if let Some(checked) = checked {
            items.extend(checked.suspects.iter().map(Item::of));
            gaps.extend(checked.gaps);
        }
        items.extend(installed.iter().map(Item::of));
        gaps.extend(resolved.gaps.iter().cloned());
        Self { launches, items, gaps, verified }
    }

    /// Files that were read for it.
    fn read(&self, resolved: &Resolved) -> u64 {
        let named = resolved.files.iter().filter(|file| file.sha256.is_some()).count();
        self.verified.as_ref().map_or(0, |verified| verified.checked) + named as u64
    }
}

impl Collected {
    /// What decides which files are examined.
    pub(crate) fn named(&self) -> impl Serialize + '_ {
        (&self.wanted, &self.wanted_unowned, &self.launches)
    }
}
