//! Headers of packets as a pcapng file (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3), which tcpdump
//! and Wireshark read.

/// `LINKTYPE_ETHERNET` and `LINKTYPE_RAW`.
const ETHERNET: u16 = 1;
const RAW: u16 = 101;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
/// `if_name`, `if_tsresol`, `opt_endofopt`.
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
const NANOSECONDS: u8 = 9;

/// A packet's kept bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    /// Bytes it had.
    pub(crate) length: u32,
    /// The first of them.
    pub(crate) bytes: Vec<u8>,
    /// Whether they begin with an Ethernet header.
    pub(crate) ethernet: bool,
    /// The device's name.
    pub(crate) device: Vec<u8>,
}

/// A whole file with these packets.
pub(crate) fn pcapng(packets: &[Kept]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]); // version 1.0
    section.extend(u64::MAX.to_le_bytes()); // length not said
    block(&mut file, SECTION, &section);
    let mut interfaces: Vec<(&[u8], bool)> = Vec::new();
    for packet in packets {
        let interface = (packet.device.as_slice(), packet.ethernet);
        let known = interfaces.iter().position(|&one| one == interface);
        let number = known.unwrap_or_else(|| {
            interfaces.push(interface);
            describe(&mut file, interface);
            interfaces.len() - 1
        });
        record(&mut file, u32::try_from(number).unwrap_or(0), packet);
    }
    file
}

fn describe(file: &mut Vec<u8>, (name, ethernet): (&[u8], bool)) {
    let mut body = if ethernet { ETHERNET } else { RAW }.to_le_bytes().to_vec();
    body.extend([0; 6]); // reserved; no limit said
    option(&mut body, NAME, name);
    option(&mut body, RESOLUTION, &[NANOSECONDS]);
    option(&mut body, 0, &[]);
    block(file, INTERFACE, &body);
}

fn record(file: &mut Vec<u8>, interface: u32, packet: &Kept) {
    let [a, b, c, d, high @ ..] = packet.time.to_le_bytes();
    let kept = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
    let mut body = interface.to_le_bytes().to_vec();
    body.extend(high);
    body.extend([a, b, c, d]);
    body.extend(kept.to_le_bytes());
    body.extend(packet.length.max(kept).to_le_bytes());
    body.extend(&packet.bytes);
    pad(&mut body);
    block(file, PACKET, &body);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// Type, length, body, length again.
fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    file.extend(kind.to_le_bytes());
    file.extend(length);
    file.extend(body);
    file.extend(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_padded_and_say_their_length_twice() {
        let kept = |device: &str, ethernet| Kept {
            time: 0x1234_5678_9abc_def0,
            length: 1_514,
            bytes: vec![7; 33],
            ethernet,
            device: device.into(),
        };
        let file = pcapng(&[kept("eth0", true), kept("tun0", false), kept("eth0", true)]);
        let mut rest = file.as_slice();
        let mut kinds = Vec::new();
        while let Some((head, _)) = rest.split_at_checked(8) {
            let length = u32::from_le_bytes(head[4..].try_into().unwrap()) as usize;
            let (block, after) = rest.split_at(length);
            assert_eq!(block[length - 4..], head[4..8]);
            assert_eq!(length % 4, 0);
            kinds.push(u32::from_le_bytes(head[..4].try_into().unwrap()));
            rest = after;
        }
        assert!(rest.is_empty());
        assert_eq!(kinds, [SECTION, INTERFACE, PACKET, INTERFACE, PACKET, PACKET]);
    }
}
