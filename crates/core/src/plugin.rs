//! Plugins: one folder each, registered with inventory, never depending on each other.

use crate::{Cx, Findings, ItemType, Items, Rule};

/// What a plugin cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A root, live or mounted.
    Files,
    /// A running kernel.
    LiveKernel,
}

/// A plugin's description, as data.
#[derive(Debug)]
pub struct Meta {
    /// Its folder's name.
    pub id: &'static str,
    /// One line on what it looks at.
    pub summary: &'static str,
    /// Paths it reads, with `*` and `~` for homes.
    pub reads: &'static [&'static str],
    /// See [`Needs`].
    pub needs: Needs,
    /// All its rules.
    pub rules: &'static [&'static Rule],
    /// The items that only it makes.
    pub items: &'static [ItemType],
}

/// Why a plugin did not run, in plain words. It is not a gap: the host has nothing of the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Skip(pub String);

/// A check: collecting makes items from the host, judging makes findings from items.
pub trait Plugin: Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// Whether it asks for no file facts and starts nothing: then it may go on while files are examined, and
    /// the time it takes is not added to theirs.
    fn names_no_files(&self) -> bool {
        false
    }

    /// Host to items. What cannot be read becomes a gap by itself.
    ///
    /// # Errors
    /// [`Skip`] when the host has nothing of the kind at all.
    fn collect(&self, cx: &mut Cx<'_>) -> Result<(), Skip>;

    /// Items to findings, with no host in reach: saved reports are judged by the same code.
    fn judge(&self, _items: &Items, _out: &mut Findings) {}
}

/// A plugin as inventory holds it.
pub struct Registered(pub &'static dyn Plugin);

inventory::collect!(Registered);

/// Registers a plugin: `coroner_core::submit!(Cron);` for a unit struct `Cron`.
#[macro_export]
macro_rules! submit {
    ($plugin:expr) => {
        $crate::inventory::submit! { $crate::Registered(&$plugin) }
    };
}

/// Two plugins with one id: a mistake in the build, never hidden.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two plugins are called '{0}'")]
pub struct DuplicateId(pub &'static str);

/// All registered plugins, by id.
///
/// # Errors
/// Two of them share an id.
pub fn registry() -> Result<Vec<&'static dyn Plugin>, DuplicateId> {
    let mut plugins: Vec<_> = inventory::iter::<Registered>().map(|entry| entry.0).collect();
    plugins.sort_by_key(|plugin| plugin.meta().id);
    let ids = plugins.iter().map(|plugin| plugin.meta().id);
    let next = plugins.iter().skip(1).map(|plugin| plugin.meta().id);
    match ids.zip(next).find(|(a, b)| a == b) {
        Some((id, _)) => Err(DuplicateId(id)),
        None => Ok(plugins),
    }
}
