//! Which descriptors of a command are connections.

use super::super::shell::{How, Redirect};

/// A set of descriptors 0 to 15.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Descriptors(u16);

impl Descriptors {
    pub(super) fn has(self, descriptor: u32) -> bool {
        1_u16.checked_shl(descriptor).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Those of both.
    pub(super) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    fn set(&mut self, descriptor: u32, is_network: bool) {
        // Descriptors that bash picks, and high ones, share the last place.
        let bit = 1_u16 << descriptor.min(15);
        self.0 = if is_network { self.0 | bit } else { self.0 & !bit };
    }

    fn copied(self, from: &[u8]) -> bool {
        let text = from.strip_suffix(b"-").unwrap_or(from);
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok());
        // `>&$fd`: which one is not known, but it is the one that was opened.
        self.has(number.unwrap_or(10).min(15)) || (number.is_none() && self.0 != 0)
    }

    /// What the redirections make of the descriptors, one after the other.
    pub(super) fn after(mut self, redirects: &[Redirect]) -> Self {
        for redirect in redirects {
            let is_network = match redirect.how {
                How::Copy => self.copied(&redirect.target.text),
                How::Text => false,
                _ => is_network_file(&redirect.target.text),
            };
            self.set(redirect.descriptor, is_network);
            if redirect.both {
                self.set(2, is_network);
            }
        }
        self
    }
}

/// bash(1), "Redirection": files that are connections.
pub(super) fn is_network_file(path: &[u8]) -> bool {
    path.starts_with(b"/dev/tcp/") || path.starts_with(b"/dev/udp/")
}
