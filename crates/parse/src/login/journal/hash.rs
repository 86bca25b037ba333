//! The two hashes of DATA payloads.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

/// `SipHash`-2-4 keyed with the file's id.
pub(super) fn keyed(file_id: &[u8; 16], payload: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(file_id);
    hasher.write(payload);
    hasher.finish()
}

/// Bob Jenkins' `hashlittle2` with both seeds 0, as two halves of one number.
pub(super) fn jenkins(payload: &[u8]) -> u64 {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let seed = 0xdead_beef_u32.wrapping_add(length);
    let mut words = [seed; 3];
    if let Some((blocks, tail)) = blocks_and_tail(payload) {
        for block in blocks.chunks_exact(12) {
            add(&mut words, block);
            mix(&mut words);
        }
        add(&mut words, tail);
        finish(&mut words);
    }
    let [_, b, c] = words;
    u64::from(c) << 32 | u64::from(b)
}

/// All blocks of 12 bytes but the last, and the last, which may be shorter; nothing of nothing.
fn blocks_and_tail(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let before_tail = payload.len().checked_sub(1)? / 12 * 12;
    payload.split_at_checked(before_tail)
}

fn add(words: &mut [u32; 3], block: &[u8]) {
    for (word, bytes) in words.iter_mut().zip(block.chunks(4)) {
        let mut raw = [0; 4];
        for (to, from) in raw.iter_mut().zip(bytes) {
            *to = *from;
        }
        *word = word.wrapping_add(u32::from_le_bytes(raw));
    }
}

fn mix(words: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *words;
    for (first, second, third) in [(4, 6, 8), (16, 19, 4)] {
        a = a.wrapping_sub(c) ^ c.rotate_left(first);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(second);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(third);
        b = b.wrapping_add(a);
    }
    *words = [a, b, c];
}

fn finish(words: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *words;
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    *words = [a, b, c];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the self-test of Jenkins' published lookup3.c (`driver5`).
    #[test]
    fn jenkins_agrees_with_the_published_values() {
        assert_eq!(jenkins(b""), 0xdead_beef_dead_beef);
        assert_eq!(jenkins(b"Four score and seven years ago"), 0x1777_0551_ce72_26e6);
    }
}
