//! A real process that a test starts, and what a report says of it.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coroner_core::{Finding, Report};

use crate::support::shown;

/// For what a loaded machine may take; nothing is said by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A child that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Without what cargo puts into the environment.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.env_remove("LD_LIBRARY_PATH");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self::start_as_it_is(command)
    }

    pub(crate) fn start_as_it_is(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits until a file of its own in /proc says so.
    pub(crate) fn until(&self, name: &str, says: impl Fn(&str) -> bool) {
        let path = format!("/proc/{}/{name}", self.pid());
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let link = std::fs::read_link(&path).map(|target| target.display().to_string());
            let text =
                link.or_else(|_| std::fs::read(&path).map(|t| String::from_utf8_lossy(&t).into()));
            if text.is_ok_and(|text| says(&text)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{path} never said what was waited for");
    }

    pub(crate) fn of(&self, report: &Report) -> Vec<Finding> {
        let pid = self.pid().to_string();
        let own = |finding: &&Finding| {
            finding.evidence.iter().any(|fact| fact.name == "pid" && fact.value == *pid.as_str())
        };
        report.findings.iter().filter(own).cloned().collect()
    }

    /// The finding of a rule about it.
    pub(crate) fn finding(&self, report: &Report, rule: &str) -> Finding {
        let own = self.of(report);
        let found = own.iter().find(|finding| finding.rule == rule).cloned();
        found
            .unwrap_or_else(|| panic!("no {rule} in {:#?}", shown(&own.iter().collect::<Vec<_>>())))
    }
}
