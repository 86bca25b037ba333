//! Eight files side by side: each lane takes the next file when its own has ended.

use super::avx2::Kernel;
use super::lane::{BLOCK, LANES, Lane, State};
use super::{BUFFER, Md5, Source};
use crate::Blocked;

/// RFC 1321, 3.3.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// What a lane without a file digests.
static IDLE: [u8; BUFFER] = [0; BUFFER];

pub(super) fn digest_side_by_side<Id, S: Source>(
    kernel: Kernel,
    mut sources: impl Iterator<Item = (Id, S)>,
    mut done: impl FnMut(Id, Result<Md5, Blocked>),
) {
    let mut lanes: [Lane<Id, S>; LANES] = std::array::from_fn(|_| Lane::new());
    let mut state: State = START.map(|word| [word; LANES]);
    loop {
        for (index, lane) in lanes.iter_mut().enumerate() {
            make_ready(lane, &mut sources, &mut state, index, &mut done);
        }
        let busy = lanes.iter().filter(|lane| lane.job.is_some());
        let Some(bytes) = busy.map(|lane| lane.blocks().len()).min() else { return };
        let bytes = bytes.min(BUFFER);
        let blocks = lanes.each_ref().map(|lane| match &lane.job {
            Some(_) => lane.blocks(),
            None => &IDLE,
        });
        kernel.compress(&mut state, blocks, bytes / BLOCK);
        for lane in lanes.iter_mut().filter(|lane| lane.job.is_some()) {
            lane.consume(bytes);
        }
    }
}

/// Leaves the lane with at least one block, or without a file when there are no more.
fn make_ready<Id, S: Source>(
    lane: &mut Lane<Id, S>,
    sources: &mut impl Iterator<Item = (Id, S)>,
    state: &mut State,
    index: usize,
    done: &mut impl FnMut(Id, Result<Md5, Blocked>),
) {
    while lane.blocks().is_empty() {
        let filled = if lane.job.is_some() && !lane.is_done() { lane.fill() } else { Ok(()) };
        if filled.is_ok() && !lane.is_done() && lane.job.is_some() {
            continue;
        }
        if let Some((id, _)) = lane.job.take() {
            done(id, filled.map(|()| digest_of(state, index)));
        }
        let Some(job) = sources.next() else { return };
        lane.begin(job);
        restart(state, index);
    }
}

fn restart(state: &mut State, index: usize) {
    for (words, start) in state.iter_mut().zip(START) {
        if let Some(word) = words.get_mut(index) {
            *word = start;
        }
    }
}

fn digest_of(state: &State, index: usize) -> Md5 {
    let mut digest = [0; 16];
    for (bytes, words) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = words.get(index).copied().unwrap_or_default().to_le_bytes();
    }
    digest
}
