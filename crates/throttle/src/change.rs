//! Changing a device: one object after the other, and back when one is refused.

use crate::netlink::{CREATE, Link, Refusal};
use crate::object::{Object, Sort};
use crate::request::Direction;
use crate::snapshot::Snapshot;
use rustix::io::Errno;

/// A change that the kernel refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the kernel refused {what} and said: {refusal}")]
pub struct Refused {
    /// Which.
    pub what: String,
    /// Why.
    pub refusal: Refusal,
}

fn refused(verb: &str, object: &Object, refusal: Refusal) -> Refused {
    let sort = match object.sort {
        Sort::Qdisc => "qdisc",
        Sort::Class => "class",
        Sort::Filter => "filter",
    };
    let kind = object.kind.escape_debug();
    let what = match object.sort {
        Sort::Filter => format!("to {verb} {sort} {kind} with priority {}", object.info >> 16),
        _ => format!("to {verb} {sort} {kind} {}", object.handle),
    };
    Refused { what, refusal }
}

/// Makes objects, in order.
pub(crate) fn create(link: &mut Link, device: i32, objects: &[Object]) -> Result<(), Refused> {
    for object in objects {
        link.change(object.sort.new_message(), CREATE, &object.message(device))
            .map_err(|refusal| refused("make", object, refusal))?;
    }
    Ok(())
}

/// Takes away a root with everything below it; that it is gone already is fine.
pub(crate) fn remove(link: &mut Link, device: i32, root: &Object) -> Result<(), Refused> {
    let bare = Object { options: None, ..root.clone() };
    match link.change(root.sort.delete_message(), 0, &bare.message(device)) {
        Err(refusal) if !matches!(refusal.errno, Errno::NOENT) => {
            Err(refused("take away", root, refusal))
        }
        _ => Ok(()),
    }
}

/// Brings a device back to what a snapshot holds.
pub(crate) fn restore(
    link: &mut Link,
    device: i32,
    direction: Direction,
    before: &Snapshot,
) -> Result<(), Refused> {
    let look = |refusal| Refused { what: "to say what is on the device".to_owned(), refusal };
    let now = Snapshot::take(link, device, direction).map_err(look)?;
    if now.objects == before.objects {
        return Ok(());
    }
    if let Some(root) = now.chosen_root() {
        remove(link, device, root)?;
    }
    create(link, device, &before.rebuild())
}
