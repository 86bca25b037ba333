//! Names on a golden host: of users and groups, of its system, its own.

use std::collections::HashMap;

use coroner_host::{HostPath, Root};
use coroner_parse::Text;
use coroner_parse::account::{group, passwd};

/// Bytes of a file of names.
const LARGEST: usize = 4 << 20;

/// Users and groups by number; the first name of a number counts.
pub(super) struct Names {
    users: HashMap<u32, Text>,
    groups: HashMap<u32, Text>,
}

impl Names {
    pub(super) fn load(root: &Root) -> Self {
        let mut names = Self { users: HashMap::new(), groups: HashMap::new() };
        for row in passwd(&read(root, "/etc/passwd")).entries {
            names.users.entry(row.uid).or_insert(row.name);
        }
        for row in group(&read(root, "/etc/group")).entries {
            names.groups.entry(row.gid).or_insert(row.name);
        }
        names
    }

    pub(super) fn user(&self, id: u32) -> Text {
        self.users.get(&id).cloned().unwrap_or_else(|| number(id))
    }

    pub(super) fn group(&self, id: u32) -> Text {
        self.groups.get(&id).cloned().unwrap_or_else(|| number(id))
    }
}

fn number(id: u32) -> Text {
    Text::from(id.to_string().as_str())
}

fn read(root: &Root, path: &str) -> Vec<u8> {
    root.read(&HostPath::new(path), LARGEST).map(|content| content.bytes).unwrap_or_default()
}

/// `ID` and `VERSION_ID` of os-release(5).
pub(super) fn release(root: &Root) -> (Option<String>, Option<String>) {
    let files = ["/etc/os-release", "/usr/lib/os-release"];
    let text = files.into_iter().map(|path| read(root, path)).find(|text| !text.is_empty());
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
        line.map(|value| value.trim_matches(['"', '\'']).to_owned())
    };
    (value("ID"), value("VERSION_ID"))
}

/// Its own name.
pub(super) fn host_name(root: &Root) -> String {
    String::from_utf8_lossy(read(root, "/etc/hostname").trim_ascii()).into_owned()
}
