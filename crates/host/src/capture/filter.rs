//! The filter of a capture: how many bytes of how many packets (bpf(4); linux/filter.h).

/// Bytes of a packet that are kept: Ethernet, VLAN tags, IPv6 with options, TCP.
pub(super) const KEPT_BYTES: u32 = 128;

const LOAD_WORD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_NOT_BELOW: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_IF_SAME: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const REST_OF: u16 = 0x94; // BPF_ALU | BPF_MOD | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K
/// `SKF_AD_OFF` with `SKF_AD_PKTTYPE`, `SKF_AD_CPU` and `SKF_AD_RANDOM`.
const PACKET_TYPE: u32 = 0xffff_f000 + 4;
const PROCESSOR: u32 = 0xffff_f000 + 36;
const RANDOM: u32 = 0xffff_f000 + 56;
/// `PACKET_OUTGOING` of `linux/if_packet.h`.
const OUTGOING: u32 = 4;

/// Which share of the packets that come in is looked at: one in so many.
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
}

/// What one ring of several keeps: packets that its processors send, and the first ring all that come in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) ring: u32,
    pub(super) rings: u32,
}

impl Part {
    /// Keeps what is sent, if `sent`, and `received` of what comes in.
    pub(super) fn program(self, sent: bool, received: Share) -> Vec<libc::sock_filter> {
        let incoming = if self.ring == 0 { received.program() } else { nothing() };
        let after = u8::try_from(incoming.len()).unwrap_or(u8::MAX);
        let mut program =
            vec![step(LOAD_WORD, 0, PACKET_TYPE), step(JUMP_IF_SAME, after, OUTGOING)];
        program.extend(incoming);
        program.extend(if sent { self.own_processors() } else { nothing() });
        program
    }

    fn own_processors(self) -> Vec<libc::sock_filter> {
        let mine = libc::sock_filter { jf: 1, ..step(JUMP_IF_SAME, 0, self.ring) };
        let keep = step(RETURN, 0, KEPT_BYTES);
        let rest = step(REST_OF, 0, self.rings.max(1));
        vec![step(LOAD_WORD, 0, PROCESSOR), rest, mine, keep, step(RETURN, 0, 0)]
    }
}

impl Share {
    fn program(self) -> Vec<libc::sock_filter> {
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
