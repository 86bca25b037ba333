//! Address blocks, and the u32 keys that match them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// An address block such as `203.0.113.0/24`; a bare address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    base: IpAddr,
    prefix: u8,
}

/// Why a text is no address block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotABlock {
    /// Not an address at all, or a prefix too long for it.
    #[error("'{0}' is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32")]
    Syntax(String),
    /// An address with bits behind the prefix: a slip more often than not.
    #[error("'{0}' has address bits outside its prefix, did you mean {1}?")]
    HostBits(String, String),
}

impl Block {
    /// A block of one address.
    pub const fn one(address: IpAddr) -> Self {
        Self { base: address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether this is a block of IPv4 addresses.
    pub const fn is_ipv4(self) -> bool {
        self.base.is_ipv4()
    }

    /// The words (value, mask) of the address that must match, from the first on.
    pub fn words(self) -> Vec<(u32, u32)> {
        let (bits, width) = match self.base {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
        let word =
            |bits: u128, at: u32| u32::try_from(bits >> (96 - at) & 0xffff_ffff).unwrap_or(0);
        let words = (0..width / 32).map(|n| (word(bits & mask, n * 32), word(mask, n * 32)));
        words.filter(|&(_, mask)| mask != 0).collect()
    }
}

impl FromStr for Block {
    type Err = NotABlock;

    fn from_str(text: &str) -> Result<Self, NotABlock> {
        let wrong = || NotABlock::Syntax(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let base: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = Self::one(base).prefix;
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| wrong())?
            }
            Some(_) => return Err(wrong()),
            None => widest,
        };
        if prefix > widest {
            return Err(wrong());
        }
        let whole = Self { base: truncate(base, prefix), prefix };
        if whole.base == base {
            Ok(whole)
        } else {
            Err(NotABlock::HostBits(text.to_owned(), whole.to_string()))
        }
    }
}

fn truncate(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(text: &str) -> Block {
        text.parse().unwrap()
    }

    #[test]
    fn words_hold_the_prefix_alone() {
        assert_eq!(block("203.0.113.0/24").words(), [(0xcb00_7100, 0xffff_ff00)]);
        assert_eq!(block("192.0.2.7").words(), [(0xc000_0207, u32::MAX)]);
        assert_eq!(block("0.0.0.0/0").words(), []);
        assert_eq!(block("2001:db8::/40").words(), [(0x2001_0db8, u32::MAX), (0, 0xff00_0000)]);
        assert_eq!(block("::/0").words(), []);
    }

    #[test]
    fn wrong_blocks_are_refused() {
        for wrong in
            ["", "x", "203.0.113.0/33", "203.0.113.0/+8", "host.example", "203.0.113/24", "::/129"]
        {
            assert!(matches!(wrong.parse::<Block>(), Err(NotABlock::Syntax(_))), "{wrong}");
        }
        let slip = "203.0.113.7/24".parse::<Block>().unwrap_err();
        assert_eq!(slip, NotABlock::HostBits("203.0.113.7/24".into(), "203.0.113.0/24".into()));
    }

    proptest! {
        #[test]
        fn a_block_that_is_shown_is_read_back(bits: u128, prefix in 0_u8..=128) {
            let base = truncate(IpAddr::V6(bits.into()), prefix);
            let block = Block { base, prefix };
            prop_assert_eq!(block.to_string().parse(), Ok(block));
            let set: u32 = block.words().iter().map(|(_, mask)| mask.count_ones()).sum();
            prop_assert_eq!(set, u32::from(prefix));
        }

        #[test]
        fn no_text_makes_a_block_panic(text in ".{0,50}") {
            let _ = text.parse::<Block>();
        }
    }
}
