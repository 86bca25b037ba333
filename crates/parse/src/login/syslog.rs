//! Lines of a syslog file: the traditional form without a year (RFC 3164 §4.1.2) and the form with
//! an RFC 3339 time that rsyslog writes since Debian 12.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// One line, borrowing its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When, as far as the line says.
    pub stamp: Stamp,
    /// The host that logged.
    pub host: &'a [u8],
    /// The program's own name for itself: anyone may log under any name.
    pub program: &'a [u8],
    /// Its process, when it said so.
    pub pid: Option<u32>,
    /// The rest.
    pub message: &'a [u8],
}

/// The time of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// Seconds since 1970.
    Full(i64),
    /// Local time without a year.
    Yearless {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
        /// The time of day.
        time: Time,
    },
}

/// Splits a line; `None` when it is not in one of the two forms.
pub fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let (stamp, rest) = full_stamp(line).or_else(|| yearless_stamp(line))?;
    let (host, rest) = word(rest)?;
    let colon = memchr::memmem::find(rest, b": ");
    let (tag, message) = match colon {
        Some(at) => (rest.get(..at)?, rest.get(at.checked_add(2)?..)?),
        None => (rest.strip_suffix(b":").unwrap_or(rest), &[][..]),
    };
    let (program, pid) = split_tag(tag);
    Some(Entry { stamp, host, program, pid, message })
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    Some((text.get(..end)?, text.get(end.checked_add(1)?..)?))
}

fn split_tag(tag: &[u8]) -> (&[u8], Option<u32>) {
    let inside = tag.strip_suffix(b"]").and_then(|open| {
        let bracket = memchr::memrchr(b'[', open)?;
        Some((tag.get(..bracket)?, open.get(bracket.checked_add(1)?..)?))
    });
    match inside {
        Some((program, digits)) => (program, parse_number(digits)),
        None => (tag, None),
    }
}

fn parse_number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn full_stamp(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = word(line)?;
    if stamp.get(4) != Some(&b'-') {
        return None;
    }
    let time: Timestamp = std::str::from_utf8(stamp).ok()?.parse().ok()?;
    Some((Stamp::Full(time.as_second()), rest))
}

fn yearless_stamp(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = line.split_at_checked(15)?;
    let [a, b, c, b' ', d1, d2, b' ', h1, h2, b':', m1, m2, b':', s1, s2] = *stamp else {
        return None;
    };
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == [a, b, c])?.1;
    let pair = |high: u8, low: u8| i8::try_from(parse_number(&[high, low])?).ok();
    let day = if d1 == b' ' { pair(b'0', d2)? } else { pair(d1, d2)? };
    // A leap second (:60) is the last one of its minute here.
    let time = Time::new(pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?.min(59), 0).ok()?;
    Some((Stamp::Yearless { month, day, time }, rest.strip_prefix(b" ")?))
}

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

/// A day: a file's time may come from a clock that was set since.
const SLACK: i64 = 86_400;

/// Gives lines without a year their year: the latest that lies before the file's last change.
///
/// A file that holds more than a year of such lines cannot be dated from within; its older lines
/// come out a year or more too late.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    last_change: i64,
}

impl Calendar {
    /// `zone` is the host's `/etc/localtime` (`TZif`, RFC 9636); UTC without it. `last_change` is the
    /// file's modification time.
    pub fn new(zone: Option<&[u8]>, last_change: i64) -> Self {
        let zone = zone.and_then(|bytes| TimeZone::tzif("host", bytes).ok());
        Self { zone: zone.unwrap_or(TimeZone::UTC), last_change }
    }

    /// The same zone for another file.
    #[must_use]
    pub fn at(&self, last_change: i64) -> Self {
        Self { zone: self.zone.clone(), last_change }
    }

    /// Seconds since 1970; `None` for a day that no near year has.
    pub fn seconds(&self, stamp: Stamp) -> Option<i64> {
        let (month, day, time) = match stamp {
            Stamp::Full(seconds) => return Some(seconds),
            Stamp::Yearless { month, day, time } => (month, day, time),
        };
        let limit = self.last_change.saturating_add(SLACK);
        let latest = self.zone.to_datetime(Timestamp::from_second(limit).ok()?).year();
        // Eight years back, as the 29th of February needs it around a century.
        let years = (0..=8).map(|back| latest.saturating_sub(back));
        let moments = years.filter_map(|year| {
            let date = Date::new(year, month, day).ok()?;
            let moment = self.zone.to_timestamp(date.to_datetime(time)).ok()?;
            Some(moment.as_second())
        });
        moments.into_iter().find(|&seconds| seconds <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn both_forms_give_program_pid_and_message() {
        let old =
            entry(b"Jan  5 03:04:05 web1 sshd[812]: Server listening on :: port 22.").unwrap();
        assert_eq!((old.host, old.program, old.pid), (&b"web1"[..], &b"sshd"[..], Some(812)));
        assert_eq!(old.message, b"Server listening on :: port 22.");
        let new = entry(b"2024-02-03T04:05:06.789012+01:00 web1 sudo: pam_unix(sudo:session): x");
        let new = new.unwrap();
        assert_eq!(new.stamp, Stamp::Full(at("2024-02-03T03:05:06Z")));
        assert_eq!((new.program, new.pid), (&b"sudo"[..], None));
    }

    #[test]
    fn lines_of_neither_form_are_refused() {
        for line in
            ["", "x", "Foo  5 03:04:05 h p: m", "Jan  5 93:04:05 h p: m", "2024-99-01T h p: m"]
        {
            assert_eq!(entry(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_year_is_the_latest_before_the_file_changed() {
        let calendar = Calendar::new(None, at("2024-01-07T00:00:00Z"));
        let year = |line: &[u8]| calendar.seconds(entry(line).unwrap().stamp).unwrap();
        assert_eq!(year(b"Jan  5 03:04:05 h p: m"), at("2024-01-05T03:04:05Z"));
        assert_eq!(year(b"Dec 31 23:59:59 h p: m"), at("2023-12-31T23:59:59Z"));
        assert_eq!(year(b"Feb 29 00:00:00 h p: m"), at("2020-02-29T00:00:00Z"));
    }

    #[test]
    fn a_damaged_zone_falls_back_to_utc() {
        let calendar = Calendar::new(Some(b"TZif2garbage"), at("2024-01-07T00:00:00Z"));
        let stamp = entry(b"Jan  5 03:04:05 h p: m").unwrap().stamp;
        assert_eq!(calendar.seconds(stamp), Some(at("2024-01-05T03:04:05Z")));
    }

    proptest! {
        #[test]
        fn any_line_any_zone_any_time_do_not_panic(line: Vec<u8>, zone: Vec<u8>, change: i64) {
            let _ = entry(&line);
            let calendar = Calendar::new(Some(&zone), change);
            let stamp = entry(b"Feb 29 03:04:05 h p: m").unwrap().stamp;
            let _ = calendar.seconds(stamp);
        }

        #[test]
        fn a_line_shaped_like_syslog_does_not_panic(
            line in "(Jan|Feb|Dec) [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} .{0,8} .{0,40}"
        ) {
            let _ = entry(line.as_bytes());
        }
    }
}
