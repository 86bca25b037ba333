//! `s3://BUCKET/PREFIX`.

use super::BucketError;

const SCHEME: &str = "s3://";
const LONGEST_NAME: usize = 255;

/// Where reports lie.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'n> {
    pub(crate) bucket: &'n str,
    pub(crate) prefix: &'n str,
}

impl<'n> Place<'n> {
    /// Nothing when the name is that of a file.
    pub(crate) fn of(name: &'n str) -> Option<Result<Self, BucketError>> {
        let rest = name.strip_prefix(SCHEME)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let named = !bucket.is_empty() && bucket.len() <= LONGEST_NAME && bucket.bytes().all(fits);
        // `.` and `..` would be taken out of the address.
        if named && bucket.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return Some(Ok(Self { bucket, prefix }));
        }
        let why = "is no bucket; write s3://BUCKET or s3://BUCKET/PREFIX".to_owned();
        Some(Err(BucketError::Address(coroner_http::harmless(name), why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_perhaps_a_prefix() {
        let place =
            |name| Place::of(name).unwrap().map(|place| (place.bucket, place.prefix)).unwrap();
        assert_eq!(place("s3://reports"), ("reports", ""));
        assert_eq!(place("s3://reports/"), ("reports", ""));
        assert_eq!(place("s3://my.reports/2026/06-"), ("my.reports", "2026/06-"));
        assert!(Place::of("reports/").is_none());
    }

    #[test]
    fn what_is_no_bucket_is_said_so() {
        for bad in ["s3://", "s3:///x", "s3://..", "s3://a b", "s3://user:word@host/x", "s3://a?b"]
        {
            let said = Place::of(bad).unwrap().unwrap_err().to_string();
            assert!(said.contains("s3://BUCKET/PREFIX"), "{said}");
        }
    }
}
