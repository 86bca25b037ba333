//! Scheduled work: crontabs, anacron, at jobs.

mod anacrontab;
mod at;
mod crontab;
mod environment;

pub use anacrontab::{AnacronJob, Anacrontab, anacrontab};
pub use at::{AtJob, AtName, at_job, at_name};
pub use crontab::{Crontab, CrontabEntry, Dialect, crontab};
pub use environment::Variable;
