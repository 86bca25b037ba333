//! Qdiscs that the kernel shows otherwise than it was asked for: what to ask for, so that it shows
//! again what it showed.

use crate::object::{Object, Sort, attributes_of, put, word};

/// Packets that an sfq holds when nobody says how many (`SFQ_MAX_DEPTH` in `net/sched/sch_sfq.c`).
const SFQ_DEFAULT_LIMIT: u32 = 127;

/// The object as it must be asked for.
pub(crate) fn as_asked(object: Object) -> Object {
    let options = match (object.sort, object.kind.as_str()) {
        // TCA_FQ_CODEL_TARGET, _INTERVAL, _CE_THRESHOLD
        (Sort::Qdisc, "fq_codel") => object.options.map(|bytes| with_times(&bytes, [1, 3, 7])),
        // TCA_CODEL_TARGET, _INTERVAL, _CE_THRESHOLD
        (Sort::Qdisc, "codel") => object.options.map(|bytes| with_times(&bytes, [1, 3, 5])),
        (Sort::Qdisc, "sfq") => object.options.map(|bytes| sfq(&bytes).unwrap_or(bytes)),
        _ => object.options,
    };
    Object { options, ..object }
}

fn with_times(options: &[u8], times: [u16; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in attributes_of(options) {
        match word(value) {
            Some((shown, [])) if times.contains(&kind) => {
                put(&mut bytes, kind, &codel_time(shown).to_ne_bytes());
            }
            _ => put(&mut bytes, kind, value),
        }
    }
    bytes
}

/// `CoDel` keeps times in units of 1024 ns and rounds down on the way in and on the way out
/// (`include/net/codel.h`), so that 5000 us is shown as 4999, and 4999 as 4998. This is the
/// shortest time, in microseconds, that is shown as `shown`.
fn codel_time(shown: u32) -> u32 {
    let kept = (u64::from(shown) * 1_000).div_ceil(1_024);
    u32::try_from((kept * 1_024).div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// struct `tc_sfq_qopt`: quantum, perturb, limit, divisor, flows. A limit that is named makes flows
/// no more than that; the one that nobody named is smaller than the flows that nobody named.
fn sfq(options: &[u8]) -> Option<Vec<u8>> {
    let (limit, _) = word(options.get(8..)?)?;
    let (flows, _) = word(options.get(16..)?)?;
    if limit != SFQ_DEFAULT_LIMIT || flows <= limit {
        return None;
    }
    let (before, after) = (options.get(..8)?, options.get(12..)?);
    Some([before, &[0; 4], after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Handle;
    use proptest::prelude::*;

    /// What the kernel keeps of a time, and what it shows of that.
    fn kept(microseconds: u32) -> u32 {
        u32::try_from((u64::from(microseconds) * 1_000) >> 10).unwrap()
    }

    fn shown(kept: u32) -> u32 {
        u32::try_from((u64::from(kept) << 10) / 1_000).unwrap()
    }

    fn asked(kind: &str, options: Vec<u8>) -> Vec<u8> {
        let (sort, handle, parent) = (Sort::Qdisc, Handle::new(1, 0), Handle::ROOT);
        let kind = kind.to_owned();
        let object = Object { sort, handle, parent, info: 0, kind, options: Some(options) };
        as_asked(object).options.unwrap()
    }

    #[test]
    fn fq_codels_defaults_are_asked_for_as_they_were_set() {
        assert_eq!(shown(kept(5_000)), 4_999);
        let words = |target: u32, interval: u32| {
            let mut bytes = Vec::new();
            put(&mut bytes, 1, &target.to_ne_bytes());
            put(&mut bytes, 2, &4_999_u32.to_ne_bytes());
            put(&mut bytes, 3, &interval.to_ne_bytes());
            bytes
        };
        assert_eq!(asked("fq_codel", words(4_999, 99_999)), words(5_000, 100_000));
        assert_eq!(asked("pfifo", words(4_999, 99_999)), words(4_999, 99_999));
    }

    #[test]
    fn an_sfq_without_a_limit_of_its_own_is_asked_for_without_one() {
        let words = |words: [u32; 6]| words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        let of = |options: [u32; 6]| asked("sfq", words(options));
        let unnamed: Vec<u8> = words([1_514, 10, 0, 1_024, 128, 127]);
        assert_eq!(of([1_514, 10, 127, 1_024, 128, 127]), unnamed);
        for as_it_is in [[1_514, 0, 127, 1_024, 127, 127], [1_514, 0, 50, 1_024, 50, 127]] {
            let same: Vec<u8> = words(as_it_is);
            assert_eq!(of(as_it_is), same);
        }
    }

    proptest! {
        #[test]
        fn what_codel_shows_comes_back(microseconds in 0..u32::MAX - 2_000) {
            let before = kept(microseconds);
            prop_assert_eq!(kept(codel_time(shown(before))), before);
        }

        #[test]
        fn no_options_make_it_panic(bytes: Vec<u8>) {
            for kind in ["fq_codel", "codel", "sfq"] {
                let _ = asked(kind, bytes.clone());
            }
        }
    }
}
