//! A block of a `TPACKET_V3` ring (`struct tpacket_block_desc`, `linux/if_packet.h`): packets one after
//! another, each with its header, in the machine's byte order.

/// A captured frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The device's number.
    pub device: u32,
    /// `ARPHRD_*` of the device (`linux/if_arp.h`): 1 Ethernet, 772 loopback, others without one.
    pub hardware: u16,
    /// The Ethernet type.
    pub protocol: u16,
    /// Sent by this host, not received.
    pub outgoing: bool,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes it had, with the link header.
    pub length: u32,
    /// The first of them.
    pub bytes: &'a [u8],
}

/// `TPACKET_ALIGN(sizeof(struct tpacket3_hdr))`: the address follows the header.
const ADDRESS: usize = 48;
/// `PACKET_OUTGOING`.
const OUTGOING: u8 = 4;
const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;

impl Frame<'_> {
    /// Whether the bytes begin with an Ethernet header.
    pub fn has_ethernet(&self) -> bool {
        matches!(self.hardware, ETHERNET | LOOPBACK)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.get(..4)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..)?.get(..2)?;
    Some(u16::from_ne_bytes(two.try_into().ok()?))
}

fn size(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(word(bytes, at)?).ok()
}

/// The frames of a block that the kernel has handed over.
pub fn frames(block: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let count = word(block, 12).unwrap_or(0);
    let mut at = size(block, 16);
    (0..count).map_while(move |_| {
        let packet = block.get(at?..)?;
        let next = size(packet, 0).filter(|&next| next > 0);
        at = at.zip(next).and_then(|(at, next)| at.checked_add(next));
        frame(packet)
    })
}

fn frame(packet: &[u8]) -> Option<Frame<'_>> {
    let kept = size(packet, 12)?;
    let start = usize::from(half(packet, 24)?);
    let seconds = u64::from(word(packet, 4)?);
    let address = packet.get(ADDRESS..)?;
    Some(Frame {
        device: word(address, 4)?,
        hardware: half(address, 8)?,
        protocol: u16::from_be(half(address, 2)?),
        outgoing: *address.get(10)? == OUTGOING,
        time: seconds * 1_000_000_000 + u64::from(word(packet, 8)?),
        length: word(packet, 16)?,
        bytes: packet.get(start..)?.get(..kept)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(next: u32, payload: &[u8], kind: u8) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        let mut bytes = Vec::new();
        for word in [next, 7, 8, length, 1400, 1] {
            bytes.extend(u32::to_ne_bytes(word));
        }
        bytes.extend(68_u16.to_ne_bytes());
        bytes.resize(ADDRESS, 0);
        bytes.extend(17_u16.to_ne_bytes());
        bytes.extend(0x0800_u16.to_be_bytes());
        bytes.extend(3_u32.to_ne_bytes());
        bytes.extend(1_u16.to_ne_bytes());
        bytes.extend([kind, 6, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes.len(), 68);
        bytes.extend(payload);
        bytes
    }

    fn block(packets: &[Vec<u8>]) -> Vec<u8> {
        let mut block = vec![0; 48];
        block[12..16].copy_from_slice(&u32::try_from(packets.len()).unwrap().to_ne_bytes());
        block[16..20].copy_from_slice(&48_u32.to_ne_bytes());
        block.extend(packets.concat());
        block
    }

    #[test]
    fn frames_are_read_one_after_another() {
        let block = block(&[packet(72, b"abcd", 4), packet(0, b"efgh", 0)]);
        let frames: Vec<_> = frames(&block).collect();
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].bytes, frames[0].outgoing), (&b"abcd"[..], true));
        assert_eq!((frames[1].bytes, frames[1].outgoing), (&b"efgh"[..], false));
        assert_eq!((frames[0].device, frames[0].length, frames[0].time), (3, 1400, 7_000_000_008));
        assert_eq!((frames[0].protocol, frames[0].has_ethernet()), (0x0800, true));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_block(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(frames(&bytes).count() < 500 * 500);
        }

        #[test]
        fn a_damaged_block_is_read_as_far_as_it_goes(at in 0_usize..180, byte in any::<u8>()) {
            let mut block = block(&[packet(72, b"abcd", 4), packet(0, b"efgh", 0)]);
            if let Some(place) = block.get_mut(at) {
                *place = byte;
            }
            prop_assert!(frames(&block).take(10_000).count() <= 10_000);
        }
    }
}
