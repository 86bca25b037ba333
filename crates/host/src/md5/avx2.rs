//! MD5's compression function on eight messages at once (RFC 1321, 3.4), one in each 32-bit part of
//! AVX2's registers.

#![expect(unsafe_code, reason = "loads and stores of vector registers, after detecting AVX2")]
#![expect(clippy::many_single_char_names, reason = "the names of RFC 1321, and of rows")]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_andnot_si256, _mm256_loadu_si256,
    _mm256_or_si256, _mm256_permute2x128_si256, _mm256_set1_epi32, _mm256_slli_epi32,
    _mm256_srli_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi32, _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use super::lane::{BLOCK, LANES, State};

/// Proof that this processor has AVX2.
#[derive(Clone, Copy)]
pub(super) struct Kernel(());

impl Kernel {
    /// Asks the processor.
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// Takes `count` blocks of each lane into the state.
    #[expect(clippy::unused_self, reason = "having one is the proof that it may be called")]
    pub(super) fn compress(self, state: &mut State, lanes: [&[u8]; LANES], count: usize) {
        let blocks = lanes.map(|lane| lane.as_chunks::<BLOCK>().0);
        let count = blocks.iter().fold(count, |count, lane| count.min(lane.len()));
        // SAFETY: a Kernel exists only where AVX2 was detected.
        unsafe { compress(state, blocks, count) }
    }
}

type Words = [__m256i; 16];
type Registers = [__m256i; 4];

#[target_feature(enable = "avx2")]
fn compress(state: &mut State, lanes: [&[[u8; BLOCK]]; LANES], count: usize) {
    let mut sum = state.each_ref().map(|words| load(words));
    for at in 0..count {
        let block = lanes.map(|lane| lane.get(at).unwrap_or(&[0; BLOCK]));
        let words = words(block);
        let mut now = sum;
        now = round_f(now, &words);
        now = round_g(now, &words);
        now = round_h(now, &words);
        now = round_i(now, &words);
        for (sum, now) in sum.iter_mut().zip(now) {
            *sum = _mm256_add_epi32(*sum, now);
        }
    }
    for (words, sum) in state.iter_mut().zip(sum) {
        // SAFETY: `words` is 32 bytes that may be written; the store needs no alignment.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), sum) }
    }
}

/// The message words of a block of each lane: word 0 of all lanes, word 1 of all lanes, ...
#[target_feature(enable = "avx2")]
#[inline]
fn words(block: [&[u8; BLOCK]; LANES]) -> Words {
    let half = |second: bool| {
        block.map(|bytes| {
            let (halves, _) = bytes.as_chunks::<32>();
            let half = if second { halves.last() } else { halves.first() };
            load_bytes(half.unwrap_or(&[0; 32]))
        })
    };
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) =
        (transpose(half(false)), transpose(half(true)));
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(words: &[u32; LANES]) -> __m256i {
    // SAFETY: `words` is 32 readable bytes; the load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_bytes(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: `bytes` is 32 readable bytes; the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Rows of eight words to columns.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose(rows: [__m256i; 8]) -> [__m256i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pairs = |x, y| (_mm256_unpacklo_epi32(x, y), _mm256_unpackhi_epi32(x, y));
    let fours = |x, y| (_mm256_unpacklo_epi64(x, y), _mm256_unpackhi_epi64(x, y));
    let ((ab, ab_high), (cd, cd_high)) = (pairs(a, b), pairs(c, d));
    let ((ef, ef_high), (gh, gh_high)) = (pairs(e, f), pairs(g, h));
    let ((top0, top1), (top2, top3)) = (fours(ab, cd), fours(ab_high, cd_high));
    let ((low0, low1), (low2, low3)) = (fours(ef, gh), fours(ef_high, gh_high));
    [
        _mm256_permute2x128_si256::<0x20>(top0, low0),
        _mm256_permute2x128_si256::<0x20>(top1, low1),
        _mm256_permute2x128_si256::<0x20>(top2, low2),
        _mm256_permute2x128_si256::<0x20>(top3, low3),
        _mm256_permute2x128_si256::<0x31>(top0, low0),
        _mm256_permute2x128_si256::<0x31>(top1, low1),
        _mm256_permute2x128_si256::<0x31>(top2, low2),
        _mm256_permute2x128_si256::<0x31>(top3, low3),
    ]
}

/// One step: `a + f(b, c, d) + word + constant`, turned left, plus `b`; the registers then change
/// places.
macro_rules! step {
    ($registers:ident, $words:ident, $mix:ident, $word:literal, $left:literal, $constant:literal) => {
        let [a, b, c, d] = $registers;
        let known = _mm256_add_epi32($words[$word], _mm256_set1_epi32(u32::cast_signed($constant)));
        let sum = _mm256_add_epi32(_mm256_add_epi32(a, known), $mix(b, c, d));
        let high = _mm256_slli_epi32::<$left>(sum);
        let turned = _mm256_or_si256(high, _mm256_srli_epi32::<{ 32 - $left }>(sum));
        let $registers = [d, _mm256_add_epi32(b, turned), b, c];
    };
}

/// `c` where `b` has ones, else `d`.
#[target_feature(enable = "avx2")]
#[inline]
fn mix_f(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn round_f(now: Registers, words: &Words) -> Registers {
    step!(now, words, mix_f, 0, 7, 0xd76a_a478);
    step!(now, words, mix_f, 1, 12, 0xe8c7_b756);
    step!(now, words, mix_f, 2, 17, 0x2420_70db);
    step!(now, words, mix_f, 3, 22, 0xc1bd_ceee);
    step!(now, words, mix_f, 4, 7, 0xf57c_0faf);
    step!(now, words, mix_f, 5, 12, 0x4787_c62a);
    step!(now, words, mix_f, 6, 17, 0xa830_4613);
    step!(now, words, mix_f, 7, 22, 0xfd46_9501);
    step!(now, words, mix_f, 8, 7, 0x6980_98d8);
    step!(now, words, mix_f, 9, 12, 0x8b44_f7af);
    step!(now, words, mix_f, 10, 17, 0xffff_5bb1);
    step!(now, words, mix_f, 11, 22, 0x895c_d7be);
    step!(now, words, mix_f, 12, 7, 0x6b90_1122);
    step!(now, words, mix_f, 13, 12, 0xfd98_7193);
    step!(now, words, mix_f, 14, 17, 0xa679_438e);
    step!(now, words, mix_f, 15, 22, 0x49b4_0821);
    now
}

/// `b` where `d` has ones, else `c`. The two have no bit in common, so they may be added.
#[target_feature(enable = "avx2")]
#[inline]
fn mix_g(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_add_epi32(_mm256_and_si256(d, b), _mm256_andnot_si256(d, c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn round_g(now: Registers, words: &Words) -> Registers {
    step!(now, words, mix_g, 1, 5, 0xf61e_2562);
    step!(now, words, mix_g, 6, 9, 0xc040_b340);
    step!(now, words, mix_g, 11, 14, 0x265e_5a51);
    step!(now, words, mix_g, 0, 20, 0xe9b6_c7aa);
    step!(now, words, mix_g, 5, 5, 0xd62f_105d);
    step!(now, words, mix_g, 10, 9, 0x0244_1453);
    step!(now, words, mix_g, 15, 14, 0xd8a1_e681);
    step!(now, words, mix_g, 4, 20, 0xe7d3_fbc8);
    step!(now, words, mix_g, 9, 5, 0x21e1_cde6);
    step!(now, words, mix_g, 14, 9, 0xc337_07d6);
    step!(now, words, mix_g, 3, 14, 0xf4d5_0d87);
    step!(now, words, mix_g, 8, 20, 0x455a_14ed);
    step!(now, words, mix_g, 13, 5, 0xa9e3_e905);
    step!(now, words, mix_g, 2, 9, 0xfcef_a3f8);
    step!(now, words, mix_g, 7, 14, 0x676f_02d9);
    step!(now, words, mix_g, 12, 20, 0x8d2a_4c8a);
    now
}

/// The parity of the three.
#[target_feature(enable = "avx2")]
#[inline]
fn mix_h(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(b, _mm256_xor_si256(c, d))
}

#[target_feature(enable = "avx2")]
#[inline]
fn round_h(now: Registers, words: &Words) -> Registers {
    step!(now, words, mix_h, 5, 4, 0xfffa_3942);
    step!(now, words, mix_h, 8, 11, 0x8771_f681);
    step!(now, words, mix_h, 11, 16, 0x6d9d_6122);
    step!(now, words, mix_h, 14, 23, 0xfde5_380c);
    step!(now, words, mix_h, 1, 4, 0xa4be_ea44);
    step!(now, words, mix_h, 4, 11, 0x4bde_cfa9);
    step!(now, words, mix_h, 7, 16, 0xf6bb_4b60);
    step!(now, words, mix_h, 10, 23, 0xbebf_bc70);
    step!(now, words, mix_h, 13, 4, 0x289b_7ec6);
    step!(now, words, mix_h, 0, 11, 0xeaa1_27fa);
    step!(now, words, mix_h, 3, 16, 0xd4ef_3085);
    step!(now, words, mix_h, 6, 23, 0x0488_1d05);
    step!(now, words, mix_h, 9, 4, 0xd9d4_d039);
    step!(now, words, mix_h, 12, 11, 0xe6db_99e5);
    step!(now, words, mix_h, 15, 16, 0x1fa2_7cf8);
    step!(now, words, mix_h, 2, 23, 0xc4ac_5665);
    now
}

/// `c` against `b` or not `d`.
#[target_feature(enable = "avx2")]
#[inline]
fn mix_i(b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_xor_si256(c, _mm256_or_si256(b, _mm256_xor_si256(d, _mm256_set1_epi32(-1))))
}

#[target_feature(enable = "avx2")]
#[inline]
fn round_i(now: Registers, words: &Words) -> Registers {
    step!(now, words, mix_i, 0, 6, 0xf429_2244);
    step!(now, words, mix_i, 7, 10, 0x432a_ff97);
    step!(now, words, mix_i, 14, 15, 0xab94_23a7);
    step!(now, words, mix_i, 5, 21, 0xfc93_a039);
    step!(now, words, mix_i, 12, 6, 0x655b_59c3);
    step!(now, words, mix_i, 3, 10, 0x8f0c_cc92);
    step!(now, words, mix_i, 10, 15, 0xffef_f47d);
    step!(now, words, mix_i, 1, 21, 0x8584_5dd1);
    step!(now, words, mix_i, 8, 6, 0x6fa8_7e4f);
    step!(now, words, mix_i, 15, 10, 0xfe2c_e6e0);
    step!(now, words, mix_i, 6, 15, 0xa301_4314);
    step!(now, words, mix_i, 13, 21, 0x4e08_11a1);
    step!(now, words, mix_i, 4, 6, 0xf753_7e82);
    step!(now, words, mix_i, 11, 10, 0xbd3a_f235);
    step!(now, words, mix_i, 2, 15, 0x2ad7_d2bb);
    step!(now, words, mix_i, 9, 21, 0xeb86_d391);
    now
}
