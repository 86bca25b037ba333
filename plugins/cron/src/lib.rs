//! Scheduled work: user spools, crontabs, anacron, at jobs.
