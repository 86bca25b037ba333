//! `/proc/PID/io` (`proc_pid_io(5)`).

use super::number;

/// Bytes that a process has handed to `write` and its kin: files, pipes, tun devices and sockets. What it
/// sends by `send` and its kin is not among them.
pub fn bytes_written(content: &[u8]) -> Option<u64> {
    let mut lines = content.split(|&byte| byte == b'\n');
    number(lines.find_map(|line| line.strip_prefix(b"wchar:"))?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_written_is_told_whatever_stands_before_it() {
        let text = b"rchar: 4292\nwchar: 18446744073709551615\nsyscr: 13\nwrite_bytes: 0\n";
        assert_eq!(bytes_written(text), Some(u64::MAX));
        assert_eq!(bytes_written(b"rchar: 1\nwchar: x\n"), None);
        assert_eq!(bytes_written(b""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = bytes_written(&content);
        }
    }
}
