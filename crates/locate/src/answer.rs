//! What Prometheus' HTTP interface answers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Labels and their values; bytes of a stranger.
pub type Labels = BTreeMap<String, String>;

/// One series of an answer: the last value, or all of them with their times.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is of.
    pub labels: Labels,
    /// Times in seconds since 1970, and values; never NaN or infinite.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn last(&self) -> Option<f64> {
        self.points.last().map(|point| point.1)
    }

    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Raw>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    metric: Labels,
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads an answer.
///
/// # Errors
/// `Ok(Err)` what Prometheus calls the error; `Err` when this is no answer of a Prometheus.
pub(crate) fn read(body: &[u8]) -> Result<Result<Vec<Series>, String>, String> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match (envelope.status.as_str(), envelope.data) {
        ("success", Some(data)) => Ok(Ok(data.result.into_iter().filter_map(series).collect())),
        ("error", _) => Ok(Err(envelope.error)),
        _ => Err("neither success nor error".to_owned()),
    }
}

/// NaN and infinities say nothing, and a series of them alone is none.
fn series(raw: Raw) -> Option<Series> {
    let point = |(at, value): (f64, String)| {
        let value: f64 = value.parse().ok()?;
        (at.is_finite() && value.is_finite()).then_some((at, value))
    };
    let points: Vec<_> = raw.value.into_iter().chain(raw.values).filter_map(point).collect();
    (!points.is_empty()).then_some(Series { labels: raw.metric, points })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_and_matrices_are_read_and_what_is_no_number_is_left_out() {
        let vector = br#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"instance":"a"},"value":[1.5,"2"]},{"metric":{},"value":[1,"NaN"]}]}}"#;
        let read = read(vector).unwrap().unwrap();
        assert_eq!((read.len(), read[0].last(), read[0].label("instance")), (1, Some(2.0), "a"));
        let matrix = br#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{},"values":[[1,"1"],[2,"+Inf"],[3,"3"]]}]}}"#;
        assert_eq!(super::read(matrix).unwrap().unwrap()[0].points, [(1.0, 1.0), (3.0, 3.0)]);
    }

    #[test]
    fn an_error_and_another_program_are_told_apart() {
        let error = br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert_eq!(read(error).unwrap().unwrap_err(), "parse error");
        for foreign in [&b"<html>"[..], b"{}", b"[]", br#"{"status":"success"}"#, b""] {
            assert!(read(foreign).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body);
        }
    }
}
