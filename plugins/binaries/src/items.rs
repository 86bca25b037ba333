//! What is collected beside file facts.

use coroner_core::{HostPath, ItemKind, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A directory that a file puts into PATH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathDirectory {
    /// The file that says so.
    pub file: HostPath,
    /// Counted from 1.
    pub line: u32,
    /// The variable: `PATH`, `ENV_PATH`, `ENV_SUPATH`.
    pub variable: String,
    /// Its place in the variable, from 0.
    pub position: u32,
    /// As written; empty means the current directory.
    pub directory: Text,
}

impl ItemKind for PathDirectory {
    const KIND: &'static str = "path.directory";

    fn key(&self) -> Text {
        Text::from(format!("{}:{}:{}", self.file.text().to_stored(), self.line, self.position))
    }
}

/// A program that a shell finds before the system's own of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shadow {
    /// The program found first.
    pub path: HostPath,
    /// The system's own.
    pub shadows: HostPath,
    /// For whom: `everyone`, or the owner of the home directory it lies in.
    pub whose: Text,
}

impl ItemKind for Shadow {
    const KIND: &'static str = "path.shadow";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}

/// A library that is loaded into every program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preloaded {
    /// The file that says so.
    pub file: HostPath,
    /// Counted from 1.
    pub line: u32,
    /// As written.
    pub library: Text,
    /// Where it was found; none when it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<HostPath>,
}

impl ItemKind for Preloaded {
    const KIND: &'static str = "loader.preload";

    fn key(&self) -> Text {
        self.library.clone()
    }
}

/// A directory that the loader searches before the system's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LibraryDirectory {
    /// The file that says so.
    pub file: HostPath,
    /// Counted from 1.
    pub line: u32,
    /// The directory.
    pub directory: HostPath,
}

impl ItemKind for LibraryDirectory {
    const KIND: &'static str = "loader.directory";

    fn key(&self) -> Text {
        Text::from(&self.directory)
    }
}

/// A second library of a name that the system's own libraries have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecondLibrary {
    /// Where it lies.
    pub path: HostPath,
    /// The name that programs ask for.
    pub name: Text,
    /// What makes the loader find it: a line of ld.so.conf, or the cache.
    pub because: HostPath,
}

impl ItemKind for SecondLibrary {
    const KIND: &'static str = "loader.second-library";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}

/// A relied-on program that dpkg installs under another name because somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DivertedTool {
    /// The database.
    pub file: HostPath,
    /// The line of the name.
    pub line: u32,
    /// The usual place.
    pub path: HostPath,
    /// Where the package's file goes instead.
    pub to: HostPath,
}

impl ItemKind for DivertedTool {
    const KIND: &'static str = "binaries.diversion";

    fn key(&self) -> Text {
        Text::from(&self.path)
    }
}
