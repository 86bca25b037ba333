//! How much one plugin may collect.
//!
//! An intruder can write a million lines as easily as one. What goes beyond any real host is left
//! out and said, so that memory stays bounded and one flooded file does not crowd out the others.

use std::collections::HashMap;

use coroner_host::HostPath;

/// Items of one plugin.
const MOST_ITEMS: usize = 100_000;
/// Files of which one plugin asks for the facts.
const MOST_WANTED: usize = 200_000;
/// Launches of one plugin, and of these in one file.
const MOST_LAUNCHES: usize = 30_000;
const MOST_LAUNCHES_OF_ONE_FILE: usize = 2_000;
/// Lines of one file that are reported as not understood.
const MOST_BAD_LINES_OF_ONE_FILE: usize = 100;

/// What came of asking for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// There is some.
    Free,
    /// This is the first that finds none: worth a gap.
    JustFull,
    /// There has been none for a while.
    Full,
}

/// Counts what a plugin has collected.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    items: usize,
    wanted: usize,
    launches: usize,
    launches_of: HashMap<HostPath, usize>,
    bad_lines_of: HashMap<HostPath, usize>,
}

impl Rooms {
    pub(crate) fn for_item(&mut self) -> Room {
        count(&mut self.items, MOST_ITEMS)
    }

    pub(crate) fn for_want(&mut self) -> Room {
        count(&mut self.wanted, MOST_WANTED)
    }

    pub(crate) fn for_launch(&mut self, file: &HostPath) -> Room {
        let of_file = self.launches_of.entry(file.clone()).or_default();
        match count(of_file, MOST_LAUNCHES_OF_ONE_FILE) {
            Room::Free => count(&mut self.launches, MOST_LAUNCHES),
            full => full,
        }
    }

    pub(crate) fn for_bad_line(&mut self, file: &HostPath) -> Room {
        count(self.bad_lines_of.entry(file.clone()).or_default(), MOST_BAD_LINES_OF_ONE_FILE)
    }
}

fn count(so_far: &mut usize, most: usize) -> Room {
    *so_far = so_far.saturating_add(1);
    match (*so_far).cmp(&(most + 1)) {
        std::cmp::Ordering::Less => Room::Free,
        std::cmp::Ordering::Equal => Room::JustFull,
        std::cmp::Ordering::Greater => Room::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flooded_file_leaves_room_for_the_others_and_is_said_once() {
        let mut rooms = Rooms::default();
        let (flood, other) = (HostPath::new("/a"), HostPath::new("/b"));
        let answers: Vec<_> = (0..5_000).map(|_| rooms.for_launch(&flood)).collect();
        let times = |wanted: Room| answers.iter().filter(|&&room| room == wanted).count();
        assert_eq!((times(Room::Free), times(Room::JustFull)), (MOST_LAUNCHES_OF_ONE_FILE, 1));
        assert_eq!(rooms.for_launch(&other), Room::Free);
    }

    #[test]
    fn items_end_at_their_limit() {
        let mut rooms = Rooms::default();
        let free = (0..MOST_ITEMS + 10).filter(|_| rooms.for_item() == Room::Free).count();
        assert_eq!(free, MOST_ITEMS);
    }
}
