//! Names of rotated logs (logrotate(8), savelog(8)).

/// What a file's name says of its place among the rotations of a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rotation {
    /// The log that is written now.
    Current,
    /// `.1`, `.2.gz`, ...: the higher, the older.
    Number(u32),
    /// `-20240131`, `-2024013112`, `-1706659200`: the higher, the later.
    Date(u64),
}

/// The place of `name` among the rotations of `base`, and whether it is packed with gzip. `None`
/// when the file is not one of them.
pub fn rotation(base: &[u8], name: &[u8]) -> Option<(Rotation, bool)> {
    let rest = name.strip_prefix(base)?;
    let (rest, packed) = match rest.strip_suffix(b".gz") {
        Some(plain) => (plain, true),
        None => (rest, false),
    };
    let place = match rest.split_first() {
        None => Rotation::Current,
        Some((b'.', digits)) => Rotation::Number(u32::try_from(number(digits)?).ok()?),
        Some((b'-', digits)) if digits.len() >= 8 => Rotation::Date(number(digits)?),
        Some(_) => return None,
    };
    Some((place, packed))
}

fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.len() <= 12 && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

/// The numbers that are missing between the lowest and the highest present, counting the current
/// log as 0 when it is there.
pub fn missing_numbers(present: &[Rotation]) -> Vec<u32> {
    let mut numbers: Vec<u32> = present.iter().filter_map(place_number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let steps = numbers.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
    // A forged auth.log.4000000000 must not fill the memory.
    steps.flat_map(|(low, high)| low.saturating_add(1)..high).take(64).collect()
}

fn place_number(place: &Rotation) -> Option<u32> {
    match place {
        Rotation::Current => Some(0),
        Rotation::Number(number) => Some(*number),
        Rotation::Date(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_logrotate_and_savelog_are_placed_and_others_refused() {
        let place = |name: &str| rotation(b"auth.log", name.as_bytes());
        assert_eq!(place("auth.log"), Some((Rotation::Current, false)));
        assert_eq!(place("auth.log.1"), Some((Rotation::Number(1), false)));
        assert_eq!(place("auth.log.12.gz"), Some((Rotation::Number(12), true)));
        assert_eq!(place("auth.log-20240131.gz"), Some((Rotation::Date(20_240_131), true)));
        for other in ["auth.log.bak", "auth.log.", "auth.logs", "auth.log-1", "auth", "auth.log.1x"]
        {
            assert_eq!(place(other), None, "{other}");
        }
    }

    #[test]
    fn a_number_between_two_others_is_missing_and_the_end_is_not() {
        use Rotation::{Current, Number};
        assert_eq!(missing_numbers(&[Current, Number(1), Number(2), Number(4)]), [3]);
        assert_eq!(missing_numbers(&[Current, Number(2)]), [1]);
        assert_eq!(missing_numbers(&[Current, Number(1), Number(2)]), [0_u32; 0]);
        assert_eq!(missing_numbers(&[Number(3), Number(4)]), [0_u32; 0]);
    }

    proptest! {
        #[test]
        fn any_names_do_not_panic(base: Vec<u8>, name: Vec<u8>, numbers: Vec<u32>) {
            let _ = rotation(&base, &name);
            let places: Vec<_> = numbers.into_iter().map(Rotation::Number).collect();
            prop_assert!(missing_numbers(&places).len() <= 64);
        }
    }
}
