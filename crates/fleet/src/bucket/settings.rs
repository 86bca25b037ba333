//! Who asks, and whom: from the environment, as AWS' own tools take it.

use std::path::PathBuf;

use rusty_s3::{Credentials, UrlStyle};

use super::BucketError;

const USUAL_REGION: &str = "us-east-1";

/// How buckets are reached.
#[derive(Debug, Clone, Default)]
pub struct BucketSettings {
    /// The server, when it is not AWS.
    pub endpoint: Option<String>,
    /// The authorities that the server's certificate is checked against; those of this machine by default.
    pub authorities: Option<PathBuf>,
    pub(super) region: Option<String>,
    pub(super) credentials: Option<Credentials>,
    /// A key without its secret, or a secret without its key.
    half: bool,
}

impl BucketSettings {
    /// Of the environment's `AWS_` variables, given by `variable`; empty ones count as not set.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let (key, secret) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY"));
        let half = key.is_some() != secret.is_some();
        let credentials = key.zip(secret).map(|(key, secret)| match set("AWS_SESSION_TOKEN") {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        });
        Self {
            endpoint: set("AWS_ENDPOINT_URL"),
            authorities: None,
            region: set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")),
            credentials,
            half,
        }
    }

    /// What signs for a bucket.
    pub(super) fn signer(&self, name: &str) -> Result<rusty_s3::Bucket, BucketError> {
        if self.half {
            // Asking as nobody would hide a mistake.
            return Err(BucketError::HalfCredentials);
        }
        let region = self.region.as_deref().unwrap_or(USUAL_REGION);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !region.bytes().all(fits) {
            let region = coroner_http::harmless(region);
            return Err(BucketError::Address(region, "is no region; see AWS_REGION".into()));
        }
        let (endpoint, style) = match &self.endpoint {
            Some(endpoint) => (endpoint.clone(), UrlStyle::Path),
            None => (of_aws(region), style(name)),
        };
        let wrong = |why: &dyn std::fmt::Display| {
            BucketError::Address(coroner_http::harmless(&endpoint), why.to_string())
        };
        if let Err(unfit) = coroner_http::address(&endpoint) {
            return Err(match unfit {
                // Not shown: there is a password in it.
                coroner_http::Unfit::Secret => {
                    BucketError::Address("the server's address".into(), unfit.to_string())
                }
                unfit => wrong(&format!("{unfit}; write it as https://name:port")),
            });
        }
        let url = endpoint.parse().map_err(|error: url::ParseError| wrong(&error))?;
        rusty_s3::Bucket::new(url, style, name.to_owned(), region.to_owned())
            .map_err(|error| wrong(&error))
    }
}

fn of_aws(region: &str) -> String {
    let country = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://s3.{region}.amazonaws.com{country}")
}

/// By the name in the host, unless no certificate of AWS has such a host.
fn style(bucket: &str) -> UrlStyle {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if bucket.bytes().all(plain) { UrlStyle::VirtualHost } else { UrlStyle::Path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(set: &[(&str, &str)]) -> BucketSettings {
        BucketSettings::of(|name| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn url(set: &[(&str, &str)], bucket: &str) -> String {
        let signer = settings(set).signer(bucket).unwrap();
        signer.object_url("a b/ü?").to_string()
    }

    #[test]
    fn aws_is_asked_by_host_and_others_by_path() {
        let key = "a%20b/%C3%BC%3F";
        assert_eq!(url(&[], "b"), format!("https://b.s3.us-east-1.amazonaws.com/{key}"));
        let region = [("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "cn-north-1")];
        assert_eq!(url(&region, "b"), format!("https://b.s3.cn-north-1.amazonaws.com.cn/{key}"));
        assert_eq!(url(&[], "a.b"), format!("https://s3.us-east-1.amazonaws.com/a.b/{key}"));
        let own = [("AWS_ENDPOINT_URL", "http://192.0.2.1:9000/s3")];
        assert_eq!(url(&own, "b"), format!("http://192.0.2.1:9000/s3/b/{key}"));
    }

    #[test]
    fn half_of_the_credentials_is_a_mistake_and_none_is_nobody() {
        assert!(settings(&[("AWS_ACCESS_KEY_ID", "k")]).signer("b").is_err());
        assert!(
            settings(&[("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_ACCESS_KEY_ID", " ")])
                .signer("b")
                .is_err()
        );
        assert!(settings(&[]).credentials.is_none());
        let set = [
            ("AWS_ACCESS_KEY_ID", "k"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_SESSION_TOKEN", "t"),
        ];
        let settings = settings(&set);
        assert_eq!(settings.credentials.as_ref().unwrap().token(), Some("t"));
        assert!(!format!("{settings:?}").contains("\"s\""), "a secret is shown");
    }

    #[test]
    fn a_server_that_cannot_be_asked_is_named_without_its_password() {
        for (endpoint, says) in [("ftp://x", "neither http"), ("http://", "not an address")] {
            let said = settings(&[("AWS_ENDPOINT_URL", endpoint)]).signer("b").unwrap_err();
            assert!(said.to_string().contains(says), "{said}");
        }
        let secret = settings(&[("AWS_ENDPOINT_URL", "http://me:word@192.0.2.1")]);
        let said = secret.signer("b").unwrap_err().to_string();
        assert!(said.contains("no name or password") && !said.contains("word@"), "{said}");
        let said = settings(&[("AWS_REGION", "a.evil/")]).signer("b").unwrap_err();
        assert!(said.to_string().contains("is no region"), "{said}");
    }
}
