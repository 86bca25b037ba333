//! lastlog: the slots of known accounts, never the whole sparse file.

use std::net::IpAddr;

use coroner_core::{Cx, FileType, HostPath};
use coroner_parse::Text;
use coroner_parse::login::lastlog::{LastLogin, slot, slot_offset, slot_size};
use coroner_parse::login::utmp::Layout;

use super::Scene;
use super::files::{Log, parts};
use super::records::leads_nowhere;
use super::tally::{Accepted, Place};
use crate::items::Source;

/// Slots between the known ones that are looked at: a login of a uid nobody has.
const MOST_UNKNOWN: usize = 4096;

pub(super) fn read(cx: &mut Cx<'_>, scene: &mut Scene) {
    let log = Log { dir: HostPath::new(super::LOG_DIR), base: b"lastlog".to_vec() };
    for part in parts(cx, &log) {
        if part.item.rotation == Some(0) && !part.item.special && !leads_nowhere(&part.item) {
            read_slots(cx, scene, &part.item.path);
        }
        cx.emit(part.item);
    }
}

fn read_slots(cx: &mut Cx<'_>, scene: &mut Scene, path: &HostPath) {
    if cx.stat_followed(path).is_none_or(|stat| stat.kind != FileType::Regular) {
        return;
    }
    let file = match cx.host().open_file(path) {
        Ok(file) => file,
        Err(coroner_core::ReadError::Absent) => return,
        Err(coroner_core::ReadError::Blocked(reason)) => return cx.gap(path, reason),
    };
    let layout = layout(&file);
    let mut buffer = vec![0; slot_size(layout)];
    let mut names: Vec<(u32, Text)> =
        scene.accounts.all().map(|(name, account)| (account.uid, name)).collect();
    names.sort();
    names.dedup_by_key(|(uid, _)| *uid);
    for (uid, name) in &names {
        let read = file.read_at(&mut buffer, slot_offset(*uid, layout));
        let Some(login) = read.ok().and_then(|count| slot(*uid, buffer.get(..count)?, layout))
        else {
            continue;
        };
        take(scene, path, name, &login);
    }
    for uid in unknown_uids(&file, layout, &names) {
        let read = file.read_at(&mut buffer, slot_offset(uid, layout));
        let login = read.ok().and_then(|count| slot(uid, buffer.get(..count)?, layout));
        if let Some(login) = login {
            take(scene, path, &Text::from(format!("uid {uid}")), &login);
        }
    }
}

/// The size tells the layout where it divides by one slot alone.
fn layout(file: &coroner_host::OpenFile) -> Layout {
    let divides = |layout| file.stat().size.is_multiple_of(slot_size(layout) as u64);
    if divides(Layout::Wide) && !divides(Layout::Narrow) { Layout::Wide } else { Layout::Narrow }
}

/// Uids with data in the file that no account has, found through the file's extents.
fn unknown_uids(file: &coroner_host::OpenFile, layout: Layout, known: &[(u32, Text)]) -> Vec<u32> {
    let size = slot_size(layout) as u64;
    let mut found = Vec::new();
    let mut offset = 0;
    for _ in 0..MOST_UNKNOWN {
        let Ok(Some(data)) = file.next_data(offset) else { break };
        let first = data / size;
        // One block of the file system at a time holds some fourteen slots.
        let slots = first..=data.saturating_add(4096) / size;
        let uids = slots.filter_map(|slot| u32::try_from(slot).ok());
        found.extend(uids.filter(|uid| known.binary_search_by_key(uid, |(uid, _)| *uid).is_err()));
        offset = data.saturating_add(4096);
    }
    found.dedup();
    found
}

fn take(scene: &mut Scene, path: &HostPath, name: &Text, login: &LastLogin) {
    let from = login.host.as_str().and_then(|host| host.parse::<IpAddr>().ok());
    let from =
        from.map_or_else(|| login.host.clone(), |ip| Text::from(ip.to_canonical().to_string()));
    let place = Place { file: path.clone(), line: 0 };
    let event = Accepted {
        source: Source::Lastlog,
        when: login.seconds,
        user: name.as_bytes(),
        from: from.as_bytes(),
        method: login.line.as_bytes(),
        key: None,
    };
    scene.tally.accepted(&event, &place, false);
}
