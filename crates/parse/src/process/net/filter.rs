//! The filter of a socket: classic BPF, `struct sock_filter` (`linux/filter.h`).

use std::collections::BTreeSet;

/// `sizeof(struct sock_filter)`.
const INSTRUCTION: usize = 8;
/// Numbers of one filter that are kept; filters of programs compare some dozen.
const MOST_COMPARED: usize = 256;
/// `BPF_CLASS`, `BPF_JMP`, `BPF_OP`, `BPF_JA`, `BPF_SRC` and `BPF_X`.
const CLASS: u16 = 0x07;
const JUMP: u16 = 0x05;
const OPERATION: u16 = 0xf0;
const ALWAYS: u16 = 0x00;
const REGISTER: u16 = 0x08;

/// What a filter looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketFilter {
    /// How many instructions it has.
    pub instructions: u32,
    /// The numbers that parts of a packet are compared with, each once, in order.
    pub compared: Vec<u32>,
}

impl SocketFilter {
    /// Reads a whole program; `None` for one without an instruction or with a part of one.
    pub fn parse(program: &[u8]) -> Option<Self> {
        let (instructions, rest) = program.as_chunks::<INSTRUCTION>();
        if instructions.is_empty() || !rest.is_empty() {
            return None;
        }
        let compared: BTreeSet<u32> = instructions.iter().copied().filter_map(compared).collect();
        Some(Self {
            instructions: u32::try_from(instructions.len()).ok()?,
            compared: compared.into_iter().take(MOST_COMPARED).collect(),
        })
    }
}

/// `u16 code, u8 jt, u8 jf, u32 k`: `k` of a jump that depends on it.
fn compared(instruction: [u8; INSTRUCTION]) -> Option<u32> {
    let [a, b, _, _, k @ ..] = instruction;
    let code = u16::from_ne_bytes([a, b]);
    let compares = code & CLASS == JUMP && code & OPERATION != ALWAYS && code & REGISTER == 0;
    compares.then(|| u32::from_ne_bytes(k))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(instructions: &[(u16, u32)]) -> Vec<u8> {
        let bytes =
            |(code, k): &(u16, u32)| [&code.to_ne_bytes()[..], &[0, 1], &k.to_ne_bytes()].concat();
        instructions.iter().flat_map(bytes).collect()
    }

    #[test]
    fn numbers_that_decide_are_kept_and_offsets_are_not() {
        // ldh [12], jeq 0x800, ja 5, jset 0x1fff, jgt x, jeq 0x800, ret 65535
        let text = program(&[
            (0x28, 12),
            (0x15, 0x800),
            (0x05, 5),
            (0x45, 0x1fff),
            (0x2d, 9),
            (0x15, 0x800),
            (0x06, 65535),
        ]);
        let filter = SocketFilter::parse(&text).unwrap();
        assert_eq!((filter.instructions, filter.compared), (7, vec![0x800, 0x1fff]));
    }

    #[test]
    fn half_an_instruction_is_no_program() {
        assert_eq!(SocketFilter::parse(&program(&[(0x06, 0)])[..7]), None);
        assert_eq!(SocketFilter::parse(b""), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            if let Some(filter) = SocketFilter::parse(&bytes) {
                assert!(filter.compared.len() <= bytes.len() / INSTRUCTION);
            }
        }
    }
}
