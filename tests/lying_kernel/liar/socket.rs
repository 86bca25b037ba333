//! Lies about the sockets that the kernel has.

use nix::libc;

use super::trace::Lie;

/// Takes a socket out of what `sock_diag`(7) tells; its inode stands at `at` of a message of that family.
pub(crate) fn untold<'a>(inode: u32, at: usize) -> Lie<'a> {
    /// `struct nlmsghdr` and `SOCK_DIAG_BY_FAMILY`, linux/netlink.h and `linux/sock_diag.h`.
    const HEAD: usize = 16;
    const BY_FAMILY: [u8; 2] = [20, 0];
    Box::new(move |call| {
        if call.number() != libc::SYS_recvfrom || call.result() <= 0 {
            return;
        }
        let (whole, mut kept, mut start) = (call.filled(), Vec::new(), 0);
        while start + HEAD <= whole.len() {
            let length = u32::from_ne_bytes(whole[start..start + 4].try_into().unwrap());
            let end =
                (start + usize::try_from(length).unwrap().next_multiple_of(4)).min(whole.len());
            let message = &whole[start..end];
            let told = message[4..6] == BY_FAMILY
                && message.get(HEAD + at..HEAD + at + 4) == Some(&inode.to_ne_bytes()[..]);
            if !told {
                kept.extend(message);
            }
            start = end.max(start + HEAD);
        }
        if kept.len() < whole.len() {
            call.refill(&kept);
        }
    })
}
