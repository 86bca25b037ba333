//! Scheduled work: crontabs, anacron, at jobs.
