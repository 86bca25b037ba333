//! What an audit is made of.

use std::sync::Arc;

use coroner_host::Host;
use coroner_host::sandbox::Enforced;
use coroner_parse::Text;

use crate::known::KnownContent;
use crate::memory::Memory;
use crate::options::Options;
use crate::packages::PackageKnowledge;
use crate::plugin::Plugin;
use crate::policy::Policy;
use crate::report::Tool;

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
    /// What earlier audits' work came to.
    pub memory: Arc<dyn Memory>,
    /// What the packages are compared with, beside what `tool` names.
    pub evidence: Vec<Text>,
}
