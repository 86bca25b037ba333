//! Packets: a type, a length, a body (RFC 9580, 4.2).

use crate::reader::Reader;

/// Packet types that keys and signatures come in (RFC 9580, 5).
pub(crate) mod tag {
    pub(crate) const SIGNATURE: u8 = 2;
    pub(crate) const SECRET_KEY: u8 = 5;
    pub(crate) const PUBLIC_KEY: u8 = 6;
    pub(crate) const SECRET_SUBKEY: u8 = 7;
    pub(crate) const USER_ID: u8 = 13;
    pub(crate) const PUBLIC_SUBKEY: u8 = 14;
    pub(crate) const USER_ATTRIBUTE: u8 = 17;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
}

/// The packets of some bytes; ends after the first that is cut off.
pub(crate) fn packets(bytes: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, &'static str>> {
    let mut reader = Reader(bytes);
    std::iter::from_fn(move || {
        if reader.0.is_empty() {
            return None;
        }
        let packet = one(&mut reader).ok_or("a packet is cut off or of unknown length");
        if packet.is_err() {
            reader.0 = &[];
        }
        Some(packet)
    })
}

fn one<'a>(reader: &mut Reader<'a>) -> Option<Packet<'a>> {
    let first = reader.byte()?;
    let (tag, length) = match first {
        0xc0.. => (first & 0x3f, new_length(reader)?),
        0x80.. => (first >> 2 & 0x0f, old_length(reader, first & 3)?),
        _ => return None,
    };
    Some(Packet { tag, body: reader.take(length)? })
}

/// RFC 9580, 4.2.1; lengths in parts belong to data, which is never in packets here. Subpackets
/// have the same lengths, and there 224 to 254 are no parts.
fn new_length(reader: &mut Reader<'_>) -> Option<usize> {
    match *reader.0.first()? {
        224..=254 => None,
        _ => short_length(reader),
    }
}

/// The length of a subpacket (RFC 9580, 5.2.3.7).
pub(crate) fn short_length(reader: &mut Reader<'_>) -> Option<usize> {
    match reader.byte()? {
        first @ ..192 => Some(usize::from(first)),
        255 => usize::try_from(reader.be32()?).ok(),
        first => {
            Some((usize::from(first) - 192) << 8 | usize::from(reader.byte()?)).map(|n| n + 192)
        }
    }
}

/// RFC 9580, 4.2.2; the fourth kind has no length.
fn old_length(reader: &mut Reader<'_>, kind: u8) -> Option<usize> {
    match kind {
        0 => reader.byte().map(usize::from),
        1 => reader.be16(),
        2 => reader.be32().and_then(|length| usize::try_from(length).ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(bytes: &[u8]) -> Vec<Result<(u8, usize), &'static str>> {
        packets(bytes).map(|packet| packet.map(|packet| (packet.tag, packet.body.len()))).collect()
    }

    #[test]
    fn lengths_of_every_form_are_read() {
        assert_eq!(bodies(&[0xcd, 3, b'a', b'b', b'c']), [Ok((13, 3))]);
        assert_eq!(bodies(&[0xb4, 3, b'a', b'b', b'c']), [Ok((13, 3))]);
        let two = [&[0xc2, 0xc5, 0xfb][..], &[0; 1723]].concat();
        assert_eq!(bodies(&two), [Ok((2, 1723))]);
        let five = [&[0xc2, 0xff, 0, 0, 1, 0][..], &[0; 256]].concat();
        assert_eq!(bodies(&five), [Ok((2, 256))]);
        let old = [&[0x99, 1, 0][..], &[0; 256]].concat();
        assert_eq!(bodies(&old), [Ok((6, 256))]);
    }

    #[test]
    fn a_packet_that_is_cut_off_ends_the_reading() {
        assert!(matches!(bodies(&[0xcd, 1, b'a', 0xcd, 9, b'a'])[..], [Ok((13, 1)), Err(_)]));
        assert!(matches!(bodies(&[0xc2, 0xe0, 1, 2])[..], [Err(_)]));
        assert!(matches!(bodies(b"text")[..], [Err(_)]));
    }
}
