//! A captured frame.

use coroner_parse::packet::Packet;

use crate::join::Met;

/// A frame that waits for the samples of its round.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) ring: usize,
    pub(crate) device: u32,
    pub(crate) time: u64,
    pub(crate) length: u32,
    pub(crate) outgoing: bool,
    pub(crate) packet: Option<Packet>,
    pub(crate) header: Option<(Vec<u8>, bool)>,
    /// How many packets it stands for, in parts.
    pub(crate) weight: u64,
    /// What its sample said; none when senders were not sampled.
    pub(crate) met: Option<Met>,
}
