//! Since when: the point at which a series changed most.

/// Where a series splits into two levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    /// When the second level begins.
    pub(crate) at: f64,
    /// The middle value before and from then on.
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// A level needs so many points to be one.
const FEWEST: usize = 3;

/// The split that leaves the least spread on both sides (least squares of the logarithms, so that neither size nor
/// a single spike decides), when the second level is at least `times` the first.
pub(crate) fn split(points: &[(f64, f64)], times: f64) -> Option<Split> {
    let logs: Vec<f64> = points.iter().map(|point| (point.1.max(0.0) + 1.0).ln()).collect();
    let at = best(&logs)?;
    let (before, after) = points.split_at_checked(at)?;
    let found = Split { at: after.first()?.0, before: median(before)?, after: median(after)? };
    (found.after >= times * found.before.max(1.0)).then_some(found)
}

/// The greatest rise between two means, each weighed by how many points it is of.
fn best(values: &[f64]) -> Option<usize> {
    let all: f64 = values.iter().sum();
    let mut left = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for (index, value) in values.iter().enumerate() {
        let here = weight(index, left, values.len(), all);
        if let Some(gain) = here.filter(|gain| best.is_none_or(|(_, most)| *gain > most)) {
            best = Some((index, gain));
        }
        left += value;
    }
    best.map(|(index, _)| index)
}

#[allow(clippy::cast_precision_loss)] // a few thousand points
fn weight(index: usize, left: f64, count: usize, all: f64) -> Option<f64> {
    let rest = count.checked_sub(index)?;
    if index < FEWEST || rest < FEWEST {
        return None;
    }
    let (before, after) = (left / index as f64, (all - left) / rest as f64);
    let rise = after - before;
    (rise > 0.0).then(|| rise * rise * (index as f64 * rest as f64) / count as f64)
}

fn median(points: &[(f64, f64)]) -> Option<f64> {
    let mut values: Vec<f64> = points.iter().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss, clippy::cast_lossless, clippy::float_cmp)] // tests
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
        values.into_iter().enumerate().map(|(at, value)| (at as f64 * 60.0, value)).collect()
    }

    #[test]
    fn a_rise_is_found_where_it_begins_though_the_levels_are_noisy() {
        let noise = |at: usize| ((at * 7919) % 13) as f64 * 1000.0;
        let points = series((0..300).map(|at| noise(at) + if at < 220 { 2e5 } else { 1e8 }));
        let found = split(&points, 3.0).unwrap();
        assert_eq!(found.at, 220.0 * 60.0);
        assert!(found.before < 3e5 && found.after >= 1e8, "{found:?}");
    }

    #[test]
    fn one_spike_and_a_fall_and_a_steady_series_are_no_beginning() {
        let spike = series((0..100).map(|at| if at == 50 { 1e9 } else { 1e6 }));
        let fall = series((0..100).map(|at| if at < 50 { 1e9 } else { 1e6 }));
        let steady = series((0..100).map(|at| 1e6 + (at % 7) as f64 * 5e4));
        for points in [spike, fall, steady, series([]), series([1.0, 2.0])] {
            assert_eq!(split(&points, 3.0), None);
        }
    }

    #[test]
    fn a_flood_that_begins_from_nothing_is_found() {
        let points = series((0..60).map(|at| if at < 50 { 0.0 } else { 5e6 }));
        assert_eq!(split(&points, 3.0).unwrap().at, 3000.0);
    }

    proptest! {
        #[test]
        fn no_series_makes_it_panic(values in proptest::collection::vec(any::<f64>(), 0..80)) {
            let _ = split(&series(values), 3.0);
        }
    }
}
