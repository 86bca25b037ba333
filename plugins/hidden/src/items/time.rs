//! Processor time.

use coroner_core::{ItemKind, Nature, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Processor time in one window, in clock ticks (a hundredth of a second of one processor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// What the kernel counts for tasks.
    pub busy: u64,
    /// What processes have, those that ended and were waited for included.
    pub accounted: u64,
    /// What processes may have had that ended unseen and for which nobody waited.
    pub doubt: u64,
    /// Processes that were seen.
    pub processes: u32,
    /// Processors.
    pub processors: u32,
}

impl Window {
    /// Ticks that neither a process has nor any that ended unseen could have had.
    pub fn missing(&self) -> u64 {
        self.busy.saturating_sub(self.accounted).saturating_sub(self.doubt)
    }

    /// Less than this is the coarseness of the two counts: half a processor (the kernel counts whole
    /// ticks of whoever runs at their end), one hundredth of all, and the parts of ticks that each
    /// process keeps to itself.
    pub fn least_told(&self) -> u64 {
        50_u64.saturating_add(self.processors.into()).saturating_add(u64::from(self.processes) / 10)
    }

    /// There is too little to be coarseness.
    pub fn is_short(&self) -> bool {
        self.missing() >= self.least_told()
    }

    /// Ticks that a hidden process could use without being noticed: what the answer is worth. A
    /// processor has some hundred in a window.
    pub fn blind(&self) -> u64 {
        self.doubt.saturating_add(self.least_told())
    }
}

/// Processor time that the kernel counts, beside what processes have: one window in which they
/// agree, or three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessorTime {
    /// Of about a second each.
    pub windows: Vec<Window>,
}

impl ItemKind for ProcessorTime {
    const KIND: &'static str = "hidden.processor-time";
    const NATURE: Nature = Nature::RUNNING.moving(&["windows"]);

    fn key(&self) -> Text {
        Text::from("/proc/stat")
    }
}
