//! `kprobes/list` of debugfs (`report_probe` in the kernel's `kernel/kprobes.c`) and `kprobe_events`
//! of tracefs (Documentation/trace/kprobetrace.rst).

use std::collections::BTreeSet;

use crate::{Text, lines};

/// A place in the kernel that stops there and calls somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KernelProbe {
    /// The function that it is in.
    pub function: Text,
    /// Bytes from the function's start.
    pub offset: Text,
    /// It is called when the function returns (`r`).
    pub on_return: bool,
    /// It stands there and does nothing now.
    pub disabled: bool,
}

/// The probes. A line that is not understood is left out.
pub fn kernel_probes(content: &[u8]) -> Vec<KernelProbe> {
    lines(content).flatten().filter_map(|line| probe(line.bytes)).collect()
}

/// `address  k  function+0x0  module [DISABLED][FTRACE]`
fn probe(line: &[u8]) -> Option<KernelProbe> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (_address, kind, place) = (words.next()?, words.next()?, words.next()?);
    let plus = place.iter().rposition(|&byte| byte == b'+')?;
    let (function, offset) = place.split_at_checked(plus)?;
    matches!(kind, b"k" | b"r" | b"j").then(|| KernelProbe {
        function: Text::from(function),
        offset: Text::from(offset.get(1..).unwrap_or_default()),
        on_return: kind == b"r",
        disabled: line.windows(10).any(|window| window == b"[DISABLED]"),
    })
}

/// The functions that events of tracefs stand in: `p:group/event [module:]function+0x0 ...`, an
/// address instead of a function left out.
pub fn probe_events(content: &[u8]) -> BTreeSet<Text> {
    let function = |line: &[u8]| {
        let place = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(1)?;
        let name = place.rsplit(|&byte| byte == b':').next()?;
        Some(Text::from(name.split(|&byte| matches!(byte, b'+' | b'%')).next()?))
    };
    lines(content).flatten().filter_map(|line| function(line.bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_read_as_the_kernel_writes_them() {
        let text = b"ffffffff8a2b3c40  k  vfs_read+0x0    [FTRACE]\n\
            ffffffffc02b3c40  r  nft_do_chain+0x0  nf_tables [DISABLED]\n\
            nonsense\nffffffff8a2b3c40  x  vfs_read+0x0\n";
        let found = kernel_probes(text);
        assert_eq!(found.len(), 2);
        assert_eq!((&found[0].function, &found[0].offset), (&"vfs_read".into(), &"0x0".into()));
        assert!(!found[0].on_return && !found[0].disabled);
        assert!(found[1].on_return && found[1].disabled);
    }

    #[test]
    fn events_name_their_functions() {
        let text = b"p:kprobes/p_vfs_read_0 vfs_read\nr8:my/event nf_tables:nft_do_chain+0x4 arg=$retval\n";
        let found: Vec<Text> = probe_events(text).into_iter().collect();
        assert_eq!(found, ["nft_do_chain", "vfs_read"]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = (kernel_probes(&bytes), probe_events(&bytes));
        }
    }
}
