//! Login records: utmp, lastlog, authentication logs.
