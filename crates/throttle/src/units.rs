//! Rates, sizes and times in the units that tc(8) takes ("Parameters: units" of its manual page).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A rate, kept in bytes a second as the kernel keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(u64);

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size(u32);

/// A span of time, such as `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Duration);

/// Why a text is no rate, size or time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongUnit {
    /// Not a rate at all.
    #[error("'{0}' is not a rate such as 500kbit, 1.5mbit, 1gbit (bits) or 100kbps (bytes)")]
    Rate(String),
    /// A rate that the kernel cannot keep.
    #[error("'{0}': a rate is at least 8bit and at most 1tbit")]
    RateRange(String),
    /// Not a size.
    #[error("'{0}' is not a size such as 1600b, 15k or 1m, of at most 1g")]
    Size(String),
    /// Not a time.
    #[error("'{0}' is not a time such as 60s, 30m or 1h30m, of 1s to 30d")]
    Span(String),
}

/// Bits a second for one of each unit; those in `bps` count bytes. 1 kbit is 1000 bits.
const RATES: &[(&str, u64)] = &[
    ("", 1),
    ("bit", 1),
    ("kbit", 1_000),
    ("mbit", 1_000_000),
    ("gbit", 1_000_000_000),
    ("tbit", 1_000_000_000_000),
    ("kibit", 1 << 10),
    ("mibit", 1 << 20),
    ("gibit", 1 << 30),
    ("tibit", 1 << 40),
    ("bps", 8),
    ("kbps", 8_000),
    ("mbps", 8_000_000),
    ("gbps", 8_000_000_000),
    ("tbps", 8_000_000_000_000),
    ("kibps", 8 << 10),
    ("mibps", 8 << 20),
    ("gibps", 8 << 30),
    ("tibps", 8 << 40),
];

/// Bytes for one of each unit; in sizes tc counts k as 1024.
const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kb", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1 << 30),
];

const SPANS: &[(&str, u64)] = &[("", 1), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

const FASTEST_BITS: u128 = 1_000_000_000_000;
const LONGEST: u64 = 30 * 86_400;

impl Rate {
    /// A rate of so many bytes a second.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// A rate of so many megabits a second, as the kernel says a link's speed.
    pub const fn from_megabits(megabits: u64) -> Self {
        Self(megabits.saturating_mul(125_000))
    }

    /// Bytes a second.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The rate with three digits, for looking at while it changes.
    pub fn rounded(self) -> String {
        let bits = u128::from(self.0) * 8;
        let units = [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")];
        match units.iter().find(|(scale, _)| bits >= *scale) {
            Some((scale, unit)) => {
                let hundredths = bits * 100 / scale;
                format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100)
            }
            None => format!("{bits}bit"),
        }
    }

    /// What is left of a rate when another is taken away; never less than one byte a second.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        let left = self.0.saturating_sub(other.0);
        Self(if left == 0 { 1 } else { left })
    }
}

impl Size {
    /// A size of so many bytes.
    pub const fn from_bytes(bytes: u32) -> Self {
        Self(bytes)
    }

    /// Bytes.
    pub const fn bytes(self) -> u32 {
        self.0
    }
}

impl Span {
    /// The same as the standard library keeps it.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Rate {
    type Err = WrongUnit;

    fn from_str(text: &str) -> Result<Self, WrongUnit> {
        let wrong = || WrongUnit::Rate(text.to_owned());
        let (number, unit) = Decimal::lead(text).ok_or_else(wrong)?;
        let bits = number.times(scale(unit, RATES).ok_or_else(wrong)?);
        match u64::try_from(bits / 8) {
            Ok(bytes) if bytes > 0 && bits <= FASTEST_BITS => Ok(Self(bytes)),
            _ => Err(WrongUnit::RateRange(text.to_owned())),
        }
    }
}

impl FromStr for Size {
    type Err = WrongUnit;

    fn from_str(text: &str) -> Result<Self, WrongUnit> {
        let wrong = || WrongUnit::Size(text.to_owned());
        let (number, unit) = Decimal::lead(text).ok_or_else(wrong)?;
        let bytes = number.times(scale(unit, SIZES).ok_or_else(wrong)?);
        match u32::try_from(bytes) {
            Ok(bytes) if bytes > 0 && bytes <= 1 << 30 => Ok(Self(bytes)),
            _ => Err(wrong()),
        }
    }
}

impl FromStr for Span {
    type Err = WrongUnit;

    fn from_str(text: &str) -> Result<Self, WrongUnit> {
        let wrong = || WrongUnit::Span(text.to_owned());
        let (mut rest, mut seconds) = (text, 0_u64);
        while !rest.is_empty() {
            let (number, after) = leading_digits(rest).ok_or_else(wrong)?;
            let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, more) = after.split_at(end);
            // A bare number is seconds, but not between other parts.
            if unit.is_empty() && number != text {
                return Err(wrong());
            }
            let scale = scale(unit, SPANS).ok_or_else(wrong)?;
            let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(scale));
            seconds = part.and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
            rest = more;
        }
        if (1..=LONGEST).contains(&seconds) {
            Ok(Self(Duration::from_secs(seconds)))
        } else {
            Err(wrong())
        }
    }
}

fn scale(unit: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|&(_, scale)| scale)
}

fn leading_digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A decimal number of at most 18 digits in all, exact.
struct Decimal {
    digits: u64,
    fraction: u32,
}

impl Decimal {
    /// The number that a text starts with, and what follows it.
    fn lead(text: &str) -> Option<(Self, &str)> {
        let (whole, rest) = leading_digits(text)?;
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(after) => leading_digits(after)?,
            None => ("", rest),
        };
        if whole.len() + fraction.len() > 18 {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some((Self { digits, fraction: u32::try_from(fraction.len()).ok()? }, rest))
    }

    fn times(&self, scale: u64) -> u128 {
        u128::from(self.digits) * u128::from(scale) / 10_u128.pow(self.fraction)
    }
}

impl fmt::Display for Rate {
    /// As tc prints it: the largest decimal unit that leaves a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from(self.0) * 8;
        let units = [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")];
        match units.iter().find(|(scale, _)| bits >= *scale && bits % scale == 0) {
            Some((scale, unit)) => write!(f, "{}{unit}", bits / scale),
            None => write!(f, "{bits}bit"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}b", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> u64 {
        text.parse::<Rate>().unwrap().bytes() * 8
    }

    #[test]
    fn rates_are_read_as_tc_reads_them() {
        assert_eq!(bits("8000"), 8_000);
        assert_eq!(bits("500kbit"), 500_000);
        assert_eq!(bits("1.5Mbit"), 1_500_000);
        assert_eq!(bits("1mibit"), 1 << 20);
        assert_eq!(bits("100kbps"), 800_000);
        assert_eq!(bits("10GBIT"), 10_000_000_000);
        assert_eq!(bits("1MiBps"), 8 << 20);
    }

    #[test]
    fn rates_that_change_are_shown_with_two_decimals() {
        assert_eq!(Rate::from_bytes(124_992).rounded(), "999.93kbit");
        assert_eq!(Rate::from_megabits(2_500).rounded(), "2.50gbit");
        assert_eq!(Rate::from_bytes(1).rounded(), "8bit");
    }

    #[test]
    fn wrong_rates_are_refused() {
        let wrong = [
            "", "x", "-1mbit", "1e9", "1 mbit", "1mbit/s", ".5mbit", "1.mbit", "0x10", "10%",
            "٣mbit",
        ];
        for text in wrong {
            assert!(matches!(text.parse::<Rate>(), Err(WrongUnit::Rate(_))), "{text}");
        }
        for text in ["0", "7bit", "0.0001kbit", "2tbit", "999999999999999999tbit"] {
            assert!(matches!(text.parse::<Rate>(), Err(WrongUnit::RateRange(_))), "{text}");
        }
    }

    #[test]
    fn sizes_count_k_as_1024() {
        assert_eq!("15k".parse(), Ok(Size(15_360)));
        assert_eq!("1600b".parse(), Ok(Size(1_600)));
        assert_eq!("1.5mb".parse(), Ok(Size(1_572_864)));
        for wrong in ["", "0", "k", "-1k", "5g", "1kbit"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_may_be_made_of_parts() {
        let seconds = |text: &str| text.parse::<Span>().unwrap().duration().as_secs();
        assert_eq!(seconds("60s"), 60);
        assert_eq!(seconds("30m"), 1_800);
        assert_eq!(seconds("1h30m"), 5_400);
        assert_eq!(seconds("90"), 90);
        for wrong in
            ["", "0", "0s", "m", "1h30", "31d", "1.5h", "-5m", "1w", "99999999999999999999s"]
        {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_rate_that_is_shown_is_read_back(bytes in 1_u64..125_000_000_000) {
            let rate = Rate::from_bytes(bytes);
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn no_text_makes_a_unit_panic(text in ".{0,40}") {
            let _ = (text.parse::<Rate>(), text.parse::<Size>(), text.parse::<Span>());
        }
    }
}
