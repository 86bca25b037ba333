//! Text that many rows share, held once: hosts of a fleet say mostly the same.

use std::hash::BuildHasher;
use std::ops::Range;

use datafusion::arrow::array::LargeStringArray;
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::prelude::*;

/// Texts by number, one after another in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: String,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// The number of a text.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let (known, ends) = (&self.text, &self.ends);
        if let Some(number) =
            self.numbers.find(hash, |number| text_of(known, ends, *number) == text)
        {
            return *number;
        }
        // A batch is written long before it holds four thousand million texts.
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (known, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        let hash_again = |number: &u32| hasher.hash_one(text_of(known, ends, *number));
        self.numbers.insert_unique(hash, number, hash_again);
        number
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: u32) -> &str {
        text_of(&self.text, &self.ends, number)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all of them.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }

    /// The place of each text of `used` among them, sorted; zero for all others.
    pub(crate) fn ranks(&self, used: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut ranks = vec![0; self.len()];
        let mut sorted = Vec::new();
        for number in used {
            if let Some(rank @ 0) = ranks.get_mut(place(number)) {
                *rank = 1;
                sorted.push(number);
            }
        }
        sorted.par_sort_unstable_by(|a, b| self.text(*a).cmp(self.text(*b)));
        for (at, number) in (0..).zip(sorted) {
            if let Some(rank) = ranks.get_mut(place(number)) {
                *rank = at;
            }
        }
        ranks
    }

    /// All of them, each at its number. The buffer is taken as it is.
    pub(crate) fn into_array(self) -> Result<LargeStringArray, ArrowError> {
        let lengths =
            self.ends.iter().scan(0, |start, end| Some(end - std::mem::replace(start, *end)));
        let offsets = OffsetBuffer::from_lengths(lengths);
        LargeStringArray::try_new(offsets, Buffer::from_vec(self.text.into_bytes()), None)
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn text_of<'t>(text: &'t str, ends: &[usize], number: u32) -> &'t str {
    let at = place(number);
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let range: Range<usize> = start..ends.get(at).copied().unwrap_or(start);
    text.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Array;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_text_has_one_number_one_rank_and_one_place(texts in proptest::collection::vec("[ab]{0,3}|\\PC{0,9}", 0..60)) {
            let mut names = Names::default();
            let numbers: Vec<u32> = texts.iter().map(|text| names.number(text)).collect();
            let ranks = names.ranks(numbers.iter().copied());
            for (one, a) in texts.iter().zip(&numbers) {
                prop_assert_eq!(names.text(*a), one.as_str());
                for (other, b) in texts.iter().zip(&numbers) {
                    prop_assert_eq!(one == other, a == b);
                    prop_assert_eq!(one.cmp(other), ranks[place(*a)].cmp(&ranks[place(*b)]));
                }
            }
            let array = names.into_array().unwrap();
            prop_assert_eq!(array.len(), numbers.iter().max().map_or(0, |last| place(*last) + 1));
            for (text, number) in texts.iter().zip(&numbers) {
                prop_assert_eq!(array.value(place(*number)), text.as_str());
            }
        }
    }

    #[test]
    fn what_is_not_sorted_has_no_rank() {
        let mut names = Names::default();
        let (a, b, c) = (names.number("a"), names.number("b"), names.number("c"));
        assert_eq!(names.ranks([c, b, c]), [0, 0, 1]);
        assert_eq!((a, b, c), (0, 1, 2));
    }
}
