//! Why a bucket says nothing, in one line each.

use std::io::Read;

use coroner_http::{Failure, harmless};
use ureq::Body;
use ureq::http::Response;

const LONGEST_ERROR: u64 = 64 << 10;

/// Why a bucket was not listed, or an object not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// What was named cannot be asked.
    #[error("{0}: {1}")]
    Address(String, String),
    /// A key without its secret, or a secret without its key.
    #[error(
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or none to ask as nobody"
    )]
    HalfCredentials,
    /// The server was not reached.
    #[error("{0}")]
    Unreached(#[from] Failure),
    /// The server knows who asks, and says no, or does not know.
    #[error("s3://{0}: refused ({1}): {2}")]
    Denied(String, String, &'static str),
    /// There is nothing of that name.
    #[error("s3://{0}: there is no such bucket or object ({1})")]
    Absent(String, String),
    /// It is in another region, or at another server.
    #[error(
        "s3://{0}: the server sends us elsewhere; set AWS_REGION to the bucket's region, or give its address with --s3-endpoint"
    )]
    Elsewhere(String),
    /// Any other answer.
    #[error("s3://{0}: the server could not answer ({1}, {2})")]
    Failed(String, u16, String),
    /// The server does not answer as S3 does.
    #[error("s3://{0}: the server does not answer as S3 does: {1}")]
    Foreign(String, String),
    /// The keys do not fit into the memory that they may have.
    #[error("its keys take more than {0} MiB; name a longer prefix")]
    TooMany(usize),
    /// It was not asked for any more.
    #[error("not asked for: the server was silent {0} times in a row")]
    Gone(usize),
}

impl BucketError {
    /// Whether the person who asked can mend it.
    pub fn is_usage(&self) -> bool {
        !matches!(
            self,
            Self::Unreached(Failure::NoServer(..))
                | Self::Failed(..)
                | Self::Foreign(..)
                | Self::Gone(_)
        )
    }

    /// Whether asking again may help.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreached(Failure::NoServer(..)) => true,
            Self::Failed(_, status, _) => *status >= 500,
            _ => false,
        }
    }

    /// Of an answer that is not what was asked for.
    pub(super) fn of(bucket: &str, known: bool, answer: Response<Body>) -> Self {
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        let reader = answer.into_body().into_reader();
        // What is not there says nothing.
        let _ = reader.take(LONGEST_ERROR).read_to_end(&mut bytes);
        said(bucket, known, status, &code(&bytes))
    }
}

fn said(bucket: &str, known: bool, status: u16, code: &str) -> BucketError {
    let (name, code) = (bucket.to_owned(), harmless(code));
    match (status, code.as_str()) {
        (300..=399, _)
        | (400, "AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError") => {
            BucketError::Elsewhere(name)
        }
        (_, "RequestTimeTooSkewed") => {
            BucketError::Denied(name, code, "this machine's clock is not the server's; set it")
        }
        (_, "ExpiredToken") => {
            BucketError::Denied(name, code, "AWS_SESSION_TOKEN has expired; get new credentials")
        }
        (401 | 403, _) if known => BucketError::Denied(
            name,
            code,
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are wrong, or may not list or read it",
        ),
        (401 | 403, _) => BucketError::Denied(
            name,
            code,
            "nobody in particular may not read it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (404, _) => BucketError::Absent(name, code),
        _ => BucketError::Failed(name, status, code),
    }
}

/// The name that S3 gives to what is wrong.
fn code(bytes: &[u8]) -> String {
    let unnamed = || "no reason given".to_owned();
    let Ok(text) = std::str::from_utf8(bytes) else { return unnamed() };
    // Errors are three or four elements in one; more deeply nested ones are none of S3's.
    let Ok(document) = roxmltree::Document::parse(text) else { return unnamed() };
    let found = document.root_element().children().find(|child| child.has_tag_name("Code"));
    found.and_then(|code| code.text()).map_or_else(unnamed, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(known: bool, status: u16, body: &str) -> String {
        let said = said("b", known, status, &code(body.as_bytes())).to_string();
        assert!(!said.contains('\n') && !said.contains('\u{1b}'), "{said}");
        said
    }

    #[test]
    fn each_answer_tells_what_to_do_in_one_line() {
        let error =
            |code: &str| format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code></Error>");
        assert!(says(true, 403, &error("SignatureDoesNotMatch")).contains("are wrong"));
        assert!(says(false, 403, &error("AccessDenied")).contains("set AWS_ACCESS_KEY_ID"));
        assert!(says(true, 403, &error("RequestTimeTooSkewed")).contains("clock"));
        assert!(says(true, 400, &error("ExpiredToken")).contains("AWS_SESSION_TOKEN"));
        assert!(says(true, 404, &error("NoSuchBucket")).contains("(NoSuchBucket)"));
        assert!(says(true, 301, &error("PermanentRedirect")).contains("AWS_REGION"));
        assert!(says(true, 503, &error("SlowDown")).contains("(503, SlowDown)"));
    }

    #[test]
    fn hostile_answers_are_escaped_short_and_no_panic() {
        let long = format!("<Error><Code>{}</Code></Error>", "x\u{202e}".repeat(10_000));
        assert!(says(true, 403, &long).len() < 3000);
        assert!(says(true, 403, "<Error><Code>a&#10;b</Code></Error>").contains("refused"));
        for bad in
            ["", "<html>", &"<a>".repeat(20_000), "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"]
        {
            assert!(says(true, 403, bad).contains("no reason given"));
        }
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        assert!(said("b", true, 503, "SlowDown").may_pass());
        assert!(!said("b", true, 403, "AccessDenied").may_pass());
        assert!(BucketError::from(Failure::NoServer(String::new(), String::new())).may_pass());
    }
}
