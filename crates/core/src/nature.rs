//! How a kind of item behaves from one audit of a host to the next: what comparing reports must know.

/// How long what an item tells of lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// It stands until somebody changes it: a file, a unit, an account, a firewall rule.
    Standing,
    /// It comes and goes in ordinary life: a login, a process, a log that grows.
    Passing,
}

/// What an item was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The disk: an offline audit has it too.
    Disk,
    /// The running kernel: an offline audit cannot have it.
    Kernel,
}

/// How a kind of item behaves. Lines of files need not be named: they are never a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// See [`Course`].
    pub course: Course,
    /// See [`View`].
    pub view: View,
    /// A field and its values that say that this one item comes from the running kernel.
    pub kernel_where: Option<(&'static str, &'static [&'static str])>,
    /// Fields (dots lead into them) that differ from run to run and are no change by themselves:
    /// times, process ids, counters, places among neighbours.
    pub moving: &'static [&'static str],
    /// Fields that only an audit of a running host can fill.
    pub live: &'static [&'static str],
}

impl Nature {
    /// What stands on the disk: the usual case.
    pub const STANDING: Self = Self {
        course: Course::Standing,
        view: View::Disk,
        kernel_where: None,
        moving: &[],
        live: &[],
    };
    /// What the disk records of ordinary life.
    pub const PASSING: Self = Self { course: Course::Passing, ..Self::STANDING };
    /// What stands in the running kernel.
    pub const KERNEL: Self = Self { view: View::Kernel, ..Self::STANDING };
    /// What comes and goes in the running kernel.
    pub const RUNNING: Self = Self { view: View::Kernel, ..Self::PASSING };

    /// With fields that are no change by themselves.
    #[must_use]
    pub const fn moving(self, moving: &'static [&'static str]) -> Self {
        Self { moving, ..self }
    }

    /// With fields that only a running host fills.
    #[must_use]
    pub const fn live(self, live: &'static [&'static str]) -> Self {
        Self { live, ..self }
    }

    /// With a field and its values that say that an item comes from the running kernel.
    #[must_use]
    pub const fn kernel_where(self, field: &'static str, values: &'static [&'static str]) -> Self {
        Self { kernel_where: Some((field, values)), ..self }
    }
}
