//! Handles of qdiscs and classes (`linux/pkt_sched.h`), shown as tc shows them: in hexadecimal.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A handle `major:minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(from = "u32")]
pub struct Handle(u32);

impl Handle {
    /// Where a device's own qdisc hangs (`TC_H_ROOT`).
    pub const ROOT: Self = Self(0xffff_ffff);
    /// Where the qdisc for what comes in hangs (`TC_H_INGRESS`).
    pub const INGRESS: Self = Self(0xffff_fff1);

    /// A handle of its two halves.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self((major as u32) << 16 | minor as u32)
    }

    /// As the kernel keeps it.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The half before the colon.
    pub const fn major(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The half after the colon.
    #[allow(clippy::cast_possible_truncation)] // the other half is what is left out
    pub const fn minor(self) -> u16 {
        self.0 as u16
    }
}

impl From<u32> for Handle {
    fn from(bits: u32) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ROOT => f.write_str("root"),
            Self::INGRESS => f.write_str("ingress"),
            _ if self.minor() == 0 => write!(f, "{:x}:", self.major()),
            _ => write!(f, "{:x}:{:x}", self.major(), self.minor()),
        }
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_shown_in_hexadecimal() {
        assert_eq!(Handle::new(1, 0x30).to_string(), "1:30");
        assert_eq!(Handle::new(0x8001, 0).to_string(), "8001:");
        assert_eq!(Handle::ROOT.to_string(), "root");
    }
}
