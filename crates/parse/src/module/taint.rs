//! `/proc/sys/kernel/tainted` (the kernel's Documentation/admin-guide/tainted-kernels.rst).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One bit of the taint mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaintBit {
    /// Counted from 0.
    pub bit: u8,
    /// The letter that the kernel prints for it.
    pub letter: char,
    /// What happened.
    pub meaning: &'static str,
    /// A module brings it: the modules loaded now can explain it.
    pub from_module: bool,
}

/// A bit that is set, in the form of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Taint {
    /// Counted from 0.
    pub bit: u8,
    /// The letter that the kernel prints for it, `?` for a bit that no kernel known here has.
    pub letter: char,
    /// What happened.
    pub meaning: String,
    /// A module brings it.
    pub from_module: bool,
}

const fn bit(bit: u8, letter: char, meaning: &'static str) -> TaintBit {
    TaintBit { bit, letter, meaning, from_module: false }
}

const fn by_module(bit: u8, letter: char, meaning: &'static str) -> TaintBit {
    TaintBit { bit, letter, meaning, from_module: true }
}

const BITS: [TaintBit; 20] = [
    by_module(0, 'P', "a module under a proprietary licence was loaded"),
    by_module(1, 'F', "a module was loaded by force, its version not checked"),
    bit(2, 'S', "the kernel runs on hardware outside its specification"),
    bit(3, 'R', "a module was unloaded by force"),
    bit(4, 'M', "the processor reported a machine check exception"),
    bit(5, 'B', "a page was referenced that is bad or has impossible flags"),
    bit(6, 'U', "a program asked for the taint"),
    bit(7, 'D', "the kernel had an oops or a bug and went on"),
    bit(8, 'A', "an ACPI table was replaced"),
    bit(9, 'W', "the kernel issued a warning"),
    by_module(10, 'C', "a module of the staging tree was loaded"),
    bit(11, 'I', "a defect of the firmware is worked around"),
    by_module(12, 'O', "a module built outside the kernel's tree was loaded"),
    by_module(13, 'E', "a module without a valid signature was loaded"),
    bit(14, 'L', "a processor was stuck in the kernel (soft lockup)"),
    by_module(15, 'K', "the kernel was patched while running"),
    by_module(16, 'X', "the distribution's own mark"),
    bit(17, 'T', "the kernel was built with randomised structures"),
    by_module(18, 'N', "a test of the kernel's own was run"),
    bit(19, 'J', "a program used a debug operation of fwctl that changes the device"),
];

/// The bits set in the mask; `None` when the text is no number.
pub fn taint_bits(content: &[u8]) -> Option<Vec<Taint>> {
    let mask: u64 = std::str::from_utf8(content).ok()?.trim().parse().ok()?;
    let set = (0..64_u8).filter(|bit| mask >> bit & 1 == 1);
    Some(
        set.map(|bit| {
            BITS.iter().find(|known| known.bit == bit).map_or_else(|| unknown(bit), Taint::from)
        })
        .collect(),
    )
}

fn unknown(bit: u8) -> Taint {
    Taint {
        bit,
        letter: '?',
        meaning: "a bit that this version does not know".to_owned(),
        from_module: false,
    }
}

impl From<&TaintBit> for Taint {
    fn from(known: &TaintBit) -> Self {
        let TaintBit { bit, letter, meaning, from_module } = *known;
        Self { bit, letter, meaning: meaning.to_owned(), from_module }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(content: &[u8]) -> Option<String> {
        Some(taint_bits(content)?.iter().map(|taint| taint.letter).collect())
    }

    #[test]
    fn the_mask_of_an_unsigned_foreign_module_is_o_and_e() {
        assert_eq!(letters(b"12288\n").unwrap(), "OE");
        assert_eq!(letters(b"0\n").unwrap(), "");
        assert_eq!(letters(b"1048576").unwrap(), "?");
        assert_eq!(letters(b"4611686018427387904").unwrap(), "?");
        assert_eq!(letters(b"x"), None);
    }

    #[test]
    fn the_table_is_in_order_and_without_holes() {
        assert!(BITS.iter().enumerate().all(|(at, known)| at == usize::from(known.bit)));
    }

    proptest::proptest! {
        #[test]
        fn every_mask_comes_back_from_its_bits(mask: u64) {
            let bits = taint_bits(mask.to_string().as_bytes()).unwrap();
            proptest::prop_assert_eq!(bits.iter().map(|taint| 1_u64 << taint.bit).sum::<u64>(), mask);
        }

        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = taint_bits(&bytes);
        }
    }
}
