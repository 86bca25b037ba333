//! What is kept of a unit and of a link that enables one.

use coroner_core::{HostPath, ItemKind, Text};
use coroner_parse::startup::search::UnitPlace;
use coroner_parse::startup::unit_name::UnitType;
use serde::{Deserialize, Serialize};

/// One command of a unit, from its own file or a drop-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnitCommand {
    /// `ExecStart`, `ExecStartPre`, ...
    pub setting: Text,
    /// The program as it is written.
    pub program: Text,
    /// The whole command, quoted as for a shell.
    pub command: Text,
    /// The file that says so.
    pub file: HostPath,
    /// The line that says so.
    pub line: u32,
}

/// A unit as the manager would load it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Unit {
    /// `system`, `user`, or `user NAME`.
    pub manager: Text,
    /// `ssh.service`.
    pub name: Text,
    /// Its suffix.
    pub unit_type: UnitType,
    /// The file that is read.
    pub file: HostPath,
    /// Where that file lies, when it is a link.
    pub linked_to: Option<HostPath>,
    /// Who writes to the directory it was found in.
    pub place: UnitPlace,
    /// A file of the same name in a place of packages, which this one hides.
    pub hides: Option<HostPath>,
    /// Drop-ins that are read after it.
    pub drop_ins: Vec<HostPath>,
    /// Whether a link, a trigger or the lack of an `[Install]` section makes it start.
    pub enabled: bool,
    /// A link to `/dev/null`, or an empty file.
    pub masked: bool,
    /// Who its commands run as.
    pub user: Option<Text>,
    /// What it runs.
    pub commands: Vec<UnitCommand>,
    /// When or on what it acts: `OnCalendar=daily`, `ListenStream=22`.
    pub conditions: Vec<Text>,
    /// The units it starts.
    pub starts: Vec<Text>,
}

impl Unit {
    /// Whether programs write files at its place, and not people or packages.
    pub(super) fn is_written_by_machine(&self) -> bool {
        matches!(self.place, UnitPlace::Generated | UnitPlace::Transient | UnitPlace::Control)
    }
}

impl ItemKind for Unit {
    const KIND: &'static str = "unit";

    fn key(&self) -> Text {
        let parts: [&[u8]; 5] =
            [self.manager.as_bytes(), b":", self.name.as_bytes(), b":", self.file.as_bytes()];
        Text::new(parts.concat())
    }
}

/// A link that enables a unit or gives it another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnitLink {
    /// The link.
    pub file: HostPath,
    /// Its text.
    pub target: Text,
    /// Where it leads, if that is there.
    pub leads_to: Option<HostPath>,
    /// The unit that pulls it in, for links in `.wants`, `.requires` and `.upholds`.
    pub pulled_in_by: Option<Text>,
}

impl ItemKind for UnitLink {
    const KIND: &'static str = "unit.link";

    fn key(&self) -> Text {
        Text::from(&self.file)
    }
}
