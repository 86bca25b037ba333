//! update-alternatives: /usr/bin/pager -> /etc/alternatives/pager -> /usr/bin/less. No package
//! ships these links; they belong to whoever owns what they lead to.

use std::collections::HashMap;

use coroner_host::{HostPath, Root};
use coroner_parse::package::dpkg::{Alternative, alternative};

use crate::index::PackageDb;
use crate::package::Entry;

const GROUPS: &str = "/var/lib/dpkg/alternatives";
const LINKS: &str = "/etc/alternatives";
const MOST_GROUPS: usize = 10_000;
const LARGEST_GROUP: usize = 64 << 10;

/// Adds the links of every group. A link that leads to none of its group's choices is left out:
/// nobody shipped what it leads to.
pub(crate) fn load(db: &mut PackageDb, root: &Root) {
    let groups = HostPath::new(GROUPS);
    let listing = match root.list(&groups, MOST_GROUPS) {
        Ok(listing) => listing,
        Err(error) => return db.trouble(&groups, error),
    };
    for group in listing.entries {
        match root.read(&group.path, LARGEST_GROUP) {
            Ok(content) => {
                if let Some(parsed) = alternative(&content.bytes) {
                    add_group(db, root, group.name.as_bytes(), &parsed);
                }
            }
            Err(error) => db.trouble(&group.path, error),
        }
    }
}

fn add_group(db: &mut PackageDb, root: &Root, name: &[u8], group: &Alternative<'_>) {
    let masters = group.choices.iter().map(|choice| choice.path);
    add_link(db, root, (name, group.link), &masters.collect::<Vec<_>>());
    let mut by_slave: HashMap<usize, Vec<&[u8]>> = HashMap::new();
    for choice in &group.choices {
        for (index, path) in choice.slaves.iter().enumerate() {
            by_slave.entry(index).or_default().push(path);
        }
    }
    for (index, slave) in group.slaves.iter().enumerate() {
        let choices = by_slave.remove(&index).unwrap_or_default();
        add_link(db, root, (slave.name, slave.link), &choices);
    }
}

/// Adds the generic name and the link below /etc/alternatives, owned by the present choice's owner.
fn add_link(db: &mut PackageDb, root: &Root, (name, generic): (&[u8], &[u8]), choices: &[&[u8]]) {
    let middle = HostPath::new(LINKS).join(name);
    let Ok(target) = root.read_link(&middle) else { return };
    if !choices.contains(&target.as_bytes()) {
        return;
    }
    let owner = db.place(root, target.as_bytes()).and_then(|place| db.entries.get(&place));
    let Some(package) = owner.map(|entry| entry.package) else { return };
    for path in [middle.as_bytes(), generic] {
        if let Some(place) = db.place(root, path) {
            let entry = Entry { package, may_be_missing: true, ..Entry::default() };
            db.entries.entry(place).or_insert(entry);
        }
    }
}
