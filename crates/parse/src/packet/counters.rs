//! `/proc/net/dev`: what each device has counted (`proc_pid_net(5)`, `dev_seq_printf_stats` in
//! net/core/net-procfs.c).

use crate::Text;

/// One device's counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCounters {
    /// Its name.
    pub device: Text,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Packets sent.
    pub packets_sent: u64,
}

/// The devices of the table; a line that is none is left out.
pub fn device_counters(table: &[u8]) -> impl Iterator<Item = DeviceCounters> {
    table.split(|&byte| byte == b'\n').filter_map(line)
}

/// `name: rx(bytes packets errs drop fifo frame compressed multicast) tx(bytes packets ...)`
fn line(line: &[u8]) -> Option<DeviceCounters> {
    let colon = line.iter().rposition(|&byte| byte == b':')?;
    let (name, numbers) = line.split_at_checked(colon)?;
    let numbers = numbers.get(1..)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut sent = numbers.skip(8).map(|word| std::str::from_utf8(word).ok()?.parse().ok());
    let (bytes_sent, packets_sent) = (sent.next()??, sent.next()??);
    Some(DeviceCounters { device: Text::from(name.trim_ascii()), bytes_sent, packets_sent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sent_bytes_and_packets_are_the_ninth_and_tenth_number() {
        let table = b"Inter-|   Receive                                                |  Transmit\n \
            face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
            lo:   1 2 0 0 0 0 0 0 11 22 0 0 0 0 0 0\n veth0:1: 3 4 0 0 0 0 0 0 33 44 0 0 0 0 0 0\n";
        let found: Vec<_> = device_counters(table).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].bytes_sent, found[0].packets_sent), (11, 22));
        assert_eq!((&found[1].device, found[1].packets_sent), (&Text::from("veth0:1"), 44));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = device_counters(&bytes).count();
        }
    }
}
