//! Sessions: logins and what ended them.

use std::collections::HashMap;

use super::record::{Kind, Record};
use crate::Text;

/// A session, from its login to whatever ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: Text,
    /// The terminal.
    pub line: Text,
    /// The address, else the host as written.
    pub from: Text,
    /// Seconds since 1970.
    pub login: i64,
    /// When it ended; `None` while it lasts, or when no record says so.
    pub logout: Option<i64>,
}

/// More terminals than this in use at once are not a host's: the records are forged.
const MOST_OPEN: usize = 16 * 1024;

/// Pairs logins with logouts, terminal by terminal, as last(1) does.
#[derive(Debug, Default)]
pub struct Pairing {
    open: HashMap<Vec<u8>, Session>,
}

impl Pairing {
    /// Takes the next record; gives the sessions it ends.
    pub fn see(&mut self, record: &Record<'_>) -> Vec<Session> {
        match record.kind {
            Kind::Boot => self.finish(Some(record.seconds)),
            Kind::RunLevel if record.user == b"shutdown" => self.finish(Some(record.seconds)),
            Kind::User => self.open(record).into_iter().collect(),
            Kind::Dead => self.close(record.line, record.seconds).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Gives the sessions that are still open, ended at `when`.
    pub fn finish(&mut self, when: Option<i64>) -> Vec<Session> {
        let mut ended: Vec<Session> = self.open.drain().map(|(_, session)| session).collect();
        ended.sort_by(|a, b| (a.login, &a.line).cmp(&(b.login, &b.line)));
        for session in &mut ended {
            session.logout = when;
        }
        ended
    }

    fn open(&mut self, record: &Record<'_>) -> Option<Session> {
        let before = self.close(record.line, record.seconds);
        if self.open.len() < MOST_OPEN {
            let session = Session {
                user: Text::from(record.user),
                line: Text::from(record.line),
                from: record.from(),
                login: record.seconds,
                logout: None,
            };
            self.open.insert(record.line.to_vec(), session);
        }
        before
    }

    fn close(&mut self, line: &[u8], when: i64) -> Option<Session> {
        let mut session = self.open.remove(line)?;
        session.logout = Some(when);
        Some(session)
    }
}
