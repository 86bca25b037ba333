//! Points in time: exact in memory, RFC 3339 in UTC in reports.

use std::fmt;

use coroner_host::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, to the nanosecond, in UTC. Reports hold it as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(jiff::Timestamp);

impl Time {
    /// Seconds since 1970; times outside years -9999 to 9999 are moved to the nearest one inside.
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_parts(seconds, 0)
    }

    /// Seconds since 1970 and the nanoseconds after them.
    pub fn from_parts(seconds: i64, nanoseconds: u32) -> Self {
        let nanoseconds = i32::try_from(nanoseconds.min(999_999_999)).unwrap_or(0);
        let outside = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::new(seconds, nanoseconds).unwrap_or(outside))
    }

    /// The auditor's clock.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// Reads RFC 3339, as reports and policies hold it.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Nanoseconds within the second; package files and forged times often have zero.
    pub fn nanoseconds(self) -> i32 {
        self.0.subsec_nanosecond()
    }
}

impl From<Timestamp> for Time {
    fn from(stamp: Timestamp) -> Self {
        Self::from_parts(stamp.seconds, stamp.nanoseconds)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Rfc3339)
    }
}

/// Reads the text where it lies: reports hold many thousands of times.
struct Rfc3339;

impl serde::de::Visitor<'_> for Rfc3339 {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
        Time::parse(text).ok_or_else(|| E::custom("not an RFC 3339 time"))
    }
}

impl schemars::JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc_and_come_back_exactly() {
        let time = Time::from_parts(1_767_225_600, 5);
        assert_eq!(time.to_string(), "2026-01-01T00:00:00.000000005Z");
        assert_eq!(Time::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn a_time_that_no_calendar_holds_is_moved_inside() {
        assert_eq!(Time::from_seconds(i64::MIN).to_string(), "-009999-01-02T01:59:59Z");
    }
}
