//! Matches that look at bytes of the packet by a small program: u32 and bpf.

use std::fmt::Write as _;

use super::super::bytes::{byte, c_field, native_u16, native_u32};
use super::super::model::Condition;
use super::decoded::{Decoded, quoted};
use crate::Text;

/// Bytes of one `struct xt_u32_test`.
const TEST: usize = 180;
const MOST_TESTS: usize = 11;

/// `struct xt_u32`.
pub(super) fn u32_tests(data: &[u8], out: &mut Decoded) -> Option<()> {
    let count = usize::from(byte(data, TEST * MOST_TESTS)?).min(MOST_TESTS);
    let inverse = byte(data, TEST * MOST_TESTS + 1)?;
    let tests: Option<Vec<String>> = data.chunks_exact(TEST).take(count).map(u32_test).collect();
    let program = Text::from(tests?.join("&&"));
    let text = format!("--u32 {}", quoted(&program));
    let condition = Condition::Payload(Text::new([b"u32 ", program.as_bytes()].concat()));
    out.option(inverse != 0, &text, condition);
    Some(())
}

/// Where to look (up to 11 steps), then what may be there.
fn u32_test(test: &[u8]) -> Option<String> {
    let (steps, values) = (usize::from(byte(test, 176)?), usize::from(byte(test, 177)?));
    let mut text = String::new();
    for step in 0..steps.min(MOST_TESTS) {
        if step > 0 {
            text.push_str(match byte(test, step * 8 + 4)? {
                0 => "&",
                1 => "<<",
                2 => ">>",
                _ => "@",
            });
        }
        let _ = write!(text, "{:#x}", native_u32(test, step * 8)?);
    }
    let ranges: Option<Vec<String>> = (0..values.min(MOST_TESTS))
        .map(|value| {
            let (low, high) =
                (native_u32(test, 88 + value * 8)?, native_u32(test, 92 + value * 8)?);
            Some(if low == high { format!("{low:#x}") } else { format!("{low:#x}:{high:#x}") })
        })
        .collect();
    Some(format!("{text}={}", ranges?.join(",")))
}

/// `struct xt_bpf_info`, `struct xt_bpf_info_v1`: bytecode, or a pinned program's path.
pub(super) fn bpf(data: &[u8], revision: u8, out: &mut Decoded) -> Option<()> {
    let (mode, length_at, program_at) =
        if revision == 0 { (0, 0, 4) } else { (native_u16(data, 0)?, 2, 8) };
    let text = if mode == 0 {
        let length = usize::from(native_u16(data, length_at)?).min(64);
        let instructions: Option<Vec<String>> = (0..length)
            .map(|index| {
                let at = program_at + index * 8;
                let (code, operand) = (native_u16(data, at)?, native_u32(data, at + 4)?);
                Some(format!("{code} {} {} {operand}", byte(data, at + 2)?, byte(data, at + 3)?))
            })
            .collect();
        format!("--bytecode \"{length},{}\"", instructions?.join(","))
    } else {
        format!("--object-pinned {}", quoted(&c_field(data, program_at, 512)?))
    };
    let program = text.split_once(' ').map_or("", |(_, program)| program.trim_matches('"'));
    let condition = Condition::Payload(Text::from(format!("bpf {program}")));
    out.option(false, &text, condition);
    Some(())
}
