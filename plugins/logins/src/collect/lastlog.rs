//! lastlog: the slots of known accounts, never the whole sparse file.

use std::net::IpAddr;

use coroner_core::{Cx, FileType, HostPath};
use coroner_host::OpenFile;
use coroner_parse::Text;
use coroner_parse::login::lastlog::{LastLogin, slot, slot_offset, slot_size};
use coroner_parse::login::utmp::Layout;

use super::Scene;
use super::files::{Log, parts};
use super::records::leads_nowhere;
use super::tally::{Accepted, Place, is_terminal};
use crate::items::Source;

/// Logins of uids that nobody has, kept at most.
const MOST_UNKNOWN: usize = 1000;
/// Slots read at once, some 256 KiB.
const SLOTS: usize = 900;
/// 64 MiB of data in all.
const MOST_CHUNKS: usize = 256;

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
    for login in unknown(&file, layout, &names) {
        take(scene, path, &Text::from(format!("uid {}", login.uid)), &login);
    }
}

/// The size tells the layout where it divides by one slot alone.
fn layout(file: &OpenFile) -> Layout {
    let divides = |layout| file.stat().size.is_multiple_of(slot_size(layout) as u64);
    if divides(Layout::Wide) && !divides(Layout::Narrow) { Layout::Wide } else { Layout::Narrow }
}

/// Logins of uids that no account has, found through the file's extents: holes cost nothing, and
/// of data at most [`MOST_CHUNKS`] are read.
fn unknown(file: &OpenFile, layout: Layout, known: &[(u32, Text)]) -> Vec<LastLogin> {
    let size = slot_size(layout) as u64;
    let mut buffer = vec![0; slot_size(layout) * SLOTS];
    let (mut found, mut next) = (Vec::new(), 0_u64);
    for _ in 0..MOST_CHUNKS {
        let Ok(Some(data)) = file.next_data(next.saturating_mul(size)) else { break };
        let first = (data / size).max(next);
        let Ok(count) = file.read_at(&mut buffer, first.saturating_mul(size)) else { break };
        let slots = buffer.get(..count).unwrap_or_default().chunks(slot_size(layout));
        for (uid, bytes) in (first..).zip(slots) {
            let Ok(uid) = u32::try_from(uid) else { break };
            if known.binary_search_by_key(&uid, |(uid, _)| *uid).is_err() {
                found.extend(slot(uid, bytes, layout));
            }
        }
        next = first.saturating_add(SLOTS as u64);
    }
    found.truncate(MOST_UNKNOWN);
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
        comparable: is_terminal(login.line.as_bytes()),
    };
    scene.tally.accepted(&event, &place, false);
}
