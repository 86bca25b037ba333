//! What is being done, on standard error, when a person watches.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

/// How much is said beside the answer.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Voice {
    /// Say nothing on standard error but what went wrong
    #[arg(short, long)]
    quiet: bool,
}

impl Voice {
    /// The line of the present step.
    pub(crate) fn progress(self) -> Progress {
        if self.quiet { Progress(ProgressBar::hidden()) } else { Progress::start() }
    }

    /// Something that a person should know, though nothing failed.
    pub(crate) fn note(self, words: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "coroner: {words}");
        }
    }
}

/// A line that shows the present step; silent when standard error is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        if std::io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self(bar)
    }

    pub(crate) fn say(&self, step: &str) {
        self.0.set_message(step.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
