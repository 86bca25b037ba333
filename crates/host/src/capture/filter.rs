//! The filter of a capture: how many bytes of how many packets (bpf(4); linux/filter.h).

/// Bytes of a packet that are kept: Ethernet, VLAN tags, IPv6 with options, TCP.
pub(super) const KEPT_BYTES: u32 = 128;

const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_NOT_BELOW: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K
/// `SKF_AD_OFF + SKF_AD_RANDOM`: a random word.
const RANDOM: u32 = 0xffff_f000 + 56;

/// Which share of packets is looked at: one in so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Every packet.
    pub const ALL: Self = Self(1);

    /// One packet in `many`, at random; 0 counts as 1.
    pub fn one_in(many: u32) -> Self {
        Self(many.max(1))
    }

    /// How many packets each that is kept stands for.
    pub fn stands_for(self) -> u32 {
        self.0
    }

    pub(super) fn program(self) -> Vec<libc::sock_filter> {
        let keep = step(RETURN, 0, KEPT_BYTES);
        if self == Self::ALL {
            return vec![keep];
        }
        let chance = u32::MAX / self.0;
        let random = step(LOAD_WORD, 0, RANDOM);
        vec![random, step(JUMP_IF_NOT_BELOW, 1, chance), keep, step(RETURN, 0, 0)]
    }
}

/// Keeps nothing, until every ring is in its place.
pub(super) fn nothing() -> Vec<libc::sock_filter> {
    vec![step(RETURN, 0, 0)]
}

fn step(code: u16, jump_if_true: u8, value: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt: jump_if_true, jf: 0, k: value }
}
