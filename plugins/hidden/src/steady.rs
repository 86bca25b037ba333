//! What holds in every reading.

use std::time::Duration;

/// Readings that must agree before something is told.
pub(crate) const READINGS: u32 = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(60);

/// Reads until nothing is left to tell or three readings told the same; `keep` leaves in the
/// first what the second holds too.
pub(crate) fn steady<T>(
    mut read: impl FnMut() -> Option<T>,
    is_quiet: impl Fn(&T) -> bool,
    keep: impl Fn(&mut T, &T),
) -> Option<T> {
    let mut told = read()?;
    for _ in 1..READINGS {
        if is_quiet(&told) {
            break;
        }
        std::thread::sleep(PAUSE);
        let again = read()?;
        keep(&mut told, &again);
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn told(readings: &[&[u32]]) -> (Vec<u32>, usize) {
        let mut taken = 0;
        let read = || {
            taken += 1;
            readings.get(taken - 1).map(|names| names.iter().copied().collect::<BTreeSet<u32>>())
        };
        let told = steady(read, BTreeSet::is_empty, |all, again| {
            all.retain(|name| again.contains(name));
        });
        (told.unwrap().into_iter().collect(), taken)
    }

    #[test]
    fn only_what_three_readings_hold_is_told() {
        assert_eq!(told(&[&[1, 2], &[2, 3], &[2]]), (vec![2], 3));
        assert_eq!(told(&[&[1], &[2], &[1]]), (vec![], 2));
        assert_eq!(told(&[&[]]), (vec![], 1));
    }
}
