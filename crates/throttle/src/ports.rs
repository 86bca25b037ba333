//! Ports and ranges of ports, and the fewest value/mask pairs that cover a range.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A range of ports, both ends included; a single port is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    first: u16,
    last: u16,
}

/// Ports whose bits under `mask` equal `value`: what one u32 key can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PortMask {
    /// The bits.
    pub value: u16,
    /// Which of them count.
    pub mask: u16,
}

/// Why a text is no port or range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a port or a range such as 443 or 8000-8100")]
pub struct NotPorts(String);

impl Ports {
    /// One port.
    pub const fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// The fewest masks that together match these ports and no others.
    pub fn masks(self) -> Vec<PortMask> {
        let (mut next, end) = (u32::from(self.first), u32::from(self.last) + 1);
        let mut masks = Vec::new();
        while next < end {
            // The largest block that starts here: as aligned as `next` is, and no longer than the rest.
            let aligned = if next == 0 { 16 } else { next.trailing_zeros() };
            let bits = aligned.min((end - next).ilog2());
            let size = 1_u32 << bits;
            if let (Ok(value), Ok(mask)) = (u16::try_from(next), u16::try_from(0x1_0000 - size)) {
                masks.push(PortMask { value, mask });
            }
            next += size;
        }
        masks
    }

    /// The same ports as few ranges, in order: what overlaps or touches becomes one.
    pub fn merged(mut ranges: Vec<Self>) -> Vec<Self> {
        ranges.sort_unstable();
        let mut merged: Vec<Self> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if u32::from(range.first) <= u32::from(last.last) + 1 => {
                    last.last = last.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        merged
    }
}

impl FromStr for Ports {
    type Err = NotPorts;

    fn from_str(text: &str) -> Result<Self, NotPorts> {
        let wrong = || NotPorts(text.to_owned());
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
            _ => Err(wrong()),
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (port(first)?, port(last)?);
        if first > last { Err(wrong()) } else { Ok(Self { first, last }) }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ports(text: &str) -> Ports {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_becomes_the_fewest_masks() {
        assert_eq!(ports("80").masks(), [PortMask { value: 80, mask: 0xffff }]);
        assert_eq!(ports("1024-2047").masks(), [PortMask { value: 1024, mask: 0xfc00 }]);
        assert_eq!(ports("1-65535").masks().len(), 16);
        assert_eq!(Ports { first: 0, last: u16::MAX }.masks(), [PortMask { value: 0, mask: 0 }]);
    }

    #[test]
    fn wrong_ports_are_refused() {
        for wrong in
            ["", "0", "65536", "-1", "80-", "-80", "90-80", "http", "+80", "80-90-100", "8 0"]
        {
            assert!(wrong.parse::<Ports>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let merged =
            Ports::merged(vec![ports("443"), ports("80"), ports("81-90"), ports("85-100")]);
        assert_eq!(merged, [ports("80-100"), ports("443")]);
    }

    proptest! {
        #[test]
        fn masks_match_the_range_and_nothing_else(a in 1_u16.., b in 1_u16.., probe: u16) {
            let range = Ports { first: a.min(b), last: a.max(b) };
            let hits = |port: u16| range.masks().iter().filter(|m| port & m.mask == m.value).count();
            for port in [probe, range.first, range.last, range.first - 1] {
                prop_assert_eq!(hits(port), usize::from((range.first..=range.last).contains(&port)));
            }
            prop_assert!(range.masks().len() <= 30);
        }

        #[test]
        fn no_text_makes_ports_panic(text in ".{0,20}") {
            let _ = text.parse::<Ports>();
        }
    }
}
