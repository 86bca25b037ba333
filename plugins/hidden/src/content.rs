//! Where two contents part.

use coroner_core::Text;

use crate::items::{ContentView, Difference};

/// Bytes shown of each.
const SHOWN: usize = 200;

/// The first place where `other` is not what `read` is; a longer one parts at the shorter's end.
pub(crate) fn difference(view: ContentView, read: &[u8], other: &[u8]) -> Option<Difference> {
    let common = read.iter().zip(other).take_while(|(a, b)| a == b).count();
    if common == read.len() && common == other.len() {
        return None;
    }
    let from = |bytes: &[u8]| {
        let rest = bytes.get(common..).unwrap_or_default();
        Text::from(rest.get(..SHOWN).unwrap_or(rest))
    };
    Some(Difference { view, offset: common as u64, read: from(read), other: from(other) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_contents_do_not_part() {
        assert_eq!(difference(ContentView::Mapped, b"", b""), None);
        assert_eq!(difference(ContentView::Mapped, b"abc", b"abc"), None);
    }

    #[test]
    fn the_first_difference_is_shown_from_both_sides() {
        let found = difference(ContentView::Mapped, b"root\n", b"root\nevil\n").unwrap();
        assert_eq!((found.offset, &found.read), (5, &Text::default()));
        assert_eq!(found.other, "evil\n");
        let found = difference(ContentView::Vectored, b"aXc", b"aYc").unwrap();
        assert_eq!((found.offset, found.read, found.other), (1, "Xc".into(), "Yc".into()));
    }
}
