//! Numbers as people read them.

/// `12,345`
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in a second as bits, in units of 1000.
pub(crate) fn bits(bytes: u64) -> String {
    in_thousands(bytes.saturating_mul(8))
}

/// `12.3k`, in units of 1000.
pub(crate) fn in_thousands(number: u64) -> String {
    let units = [(1_000_000_000, 'G'), (1_000_000, 'M'), (1_000, 'k')];
    let unit = units.iter().find(|(size, _)| number >= *size);
    unit.map_or(number.to_string(), |(size, name)| {
        format!("{}.{}{name}", number / size, number % size * 10 / size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!((grouped(0), grouped(1_234_567)), ("0".into(), "1,234,567".into()));
        assert_eq!((bits(10), bits(1_250_000)), ("80".into(), "10.0M".into()));
    }
}
