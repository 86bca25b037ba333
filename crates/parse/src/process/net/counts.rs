//! How many sockets of each protocol a network namespace has: `protocols` (`proto_seq_printf` in
//! `net/core/sock.c`) and `sockstat`, `sockstat6` (`net/ipv4/proc.c`, `net/ipv6/proc.c`).

use std::collections::BTreeMap;

use crate::process::{number, words};
use crate::{Text, lines};

/// Sockets by protocol, as `protocols` names them: `TCP`, `UDPv6`, `PACKET`, ... A protocol that the
/// kernel does not count stands at -1 and is left out.
pub fn protocol_counts(content: &[u8]) -> BTreeMap<Text, u32> {
    let count = |line: &[u8]| {
        let mut fields = words(line);
        let name = Text::from(fields.next()?);
        Some((name, number(fields.nth(1)?)?))
    };
    lines(content).flatten().filter_map(|line| count(line.bytes)).collect()
}

/// Sockets in use by protocol, as `sockstat` names them: `TCP`, `UDP`, `RAW`, and `TCP6`, ... in
/// `sockstat6`.
pub fn sockets_in_use(content: &[u8]) -> BTreeMap<Text, u32> {
    let count = |line: &[u8]| {
        let (name, rest) = line.split_at(line.iter().position(|&byte| byte == b':')?);
        let mut fields = words(rest.strip_prefix(b": inuse ")?);
        Some((Text::from(name), number(fields.next()?)?))
    };
    lines(content).flatten().filter_map(|line| count(line.bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_counted_and_headings_are_none() {
        let text = b"protocol  size sockets  memory press maxhdr  slab module     cl co\n\
            PACKET    1600      2      -1   NI       0   no   kernel      n  n\n\
            UNIX      1152     -1      -1   NI       0   yes  kernel      y  n\n\
            TCPv6     2432      7     159   no     192   yes  kernel      y  y\n";
        let counts = protocol_counts(text);
        assert_eq!(counts.len(), 2);
        assert_eq!((counts[&"PACKET".into()], counts[&"TCPv6".into()]), (2, 7));
    }

    #[test]
    fn sockets_in_use_are_read_and_the_total_is_none_of_them() {
        let text = b"sockets: used 44\nTCP: inuse 9 orphan 0 tw 1 alloc 1 mem 159\nRAW: inuse 0\n\
            UDP6: inuse 3\n";
        let counts = sockets_in_use(text);
        assert_eq!(counts.len(), 3);
        assert_eq!((counts[&"TCP".into()], counts[&"UDP6".into()]), (9, 3));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = (protocol_counts(&bytes), sockets_in_use(&bytes));
        }
    }
}
