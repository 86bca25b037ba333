//! How many different things were seen, in bounded memory.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// Counted exactly up to here.
const FEW: usize = 256;
/// Bits of the map beyond; good to about half a million with an error of a few in a hundred.
const BITS: usize = 1 << 16;

/// Linear counting (Whang, Vander-Zanden, Taylor 1990) once there are many. The hash is keyed anew in each
/// run, so that nobody can choose what collides.
#[derive(Debug, Clone)]
pub(crate) struct Distinct<T> {
    few: HashSet<T>,
    many: Option<Box<[u64]>>,
    hasher: RandomState,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { few: HashSet::new(), many: None, hasher: RandomState::new() }
    }
}

impl<T: Hash + Eq + Copy> Distinct<T> {
    pub(crate) fn add(&mut self, thing: T) {
        if self.many.is_none() {
            self.few.insert(thing);
            if self.few.len() <= FEW {
                return;
            }
            self.many = Some(vec![0; BITS / 64].into_boxed_slice());
            for earlier in std::mem::take(&mut self.few) {
                self.mark(earlier);
            }
        }
        self.mark(thing);
    }

    fn mark(&mut self, thing: T) {
        let bit = usize::try_from(self.hasher.hash_one(thing) % BITS as u64).unwrap_or(0);
        let word = self.many.as_mut().and_then(|map| map.get_mut(bit / 64));
        if let Some(word) = word {
            *word |= 1 << (bit % 64);
        }
    }

    /// The number, exact up to 256.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // below 2^20
    pub(crate) fn count(&self) -> u64 {
        let Some(map) = &self.many else { return self.few.len() as u64 };
        let unset: u32 = map.iter().map(|word| word.count_zeros()).sum();
        let size = BITS as f64;
        (size * (size / f64::from(unset.max(1))).ln()).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(many: u32) -> u64 {
        let mut distinct = Distinct::default();
        for n in (0..many).chain(0..many) {
            distinct.add(n);
        }
        distinct.count()
    }

    #[test]
    fn few_are_counted_exactly_and_many_nearly() {
        assert_eq!(counted(0), 0);
        assert_eq!(counted(256), 256);
        for many in [257, 5_000, 60_000, 300_000] {
            let error = counted(many).abs_diff(u64::from(many));
            assert!(error * 20 < u64::from(many), "{many}: {error} off");
        }
    }
}
