//! Reports in an S3-compatible bucket: listed by pages, fetched one by one, never written to the disk.
//!
//! All that a server says is hostile. A key is a name to ask by and to show, never a path.

mod key;
mod list;
mod place;
mod settings;
mod trouble;

use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coroner_http::{Access, Failure, Patience, Resolver};
use rusty_s3::{Credentials, S3Action};
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

pub(crate) use place::Place;
pub use settings::BucketSettings;
pub use trouble::BucketError;

/// How long a signature holds: longer than any answer is waited for.
const SIGNED_FOR: Duration = Duration::from_mins(10);
const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(10), whole: Duration::from_mins(5) };
/// Once more when a kept connection was closed meanwhile, or the server is busy.
const TRIES: usize = 2;
/// Objects in a row that nobody answered for, after which no more are asked for.
const GONE: usize = 4;

/// A bucket that can be asked.
pub struct Bucket {
    agent: Agent,
    signer: rusty_s3::Bucket,
    credentials: Option<Credentials>,
    unanswered: AtomicUsize,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.signer.base_url().as_str()).finish()
    }
}

impl Bucket {
    /// Prepares the connection; nothing is sent yet.
    pub(crate) fn new(name: &str, settings: &BucketSettings) -> Result<Self, BucketError> {
        let signer = settings.signer(name)?;
        let uri: Uri = signer.base_url().as_str().parse().map_err(|_| {
            BucketError::Address(name.to_owned(), "no address has that name".into())
        })?;
        let access = Access {
            authorities: settings.authorities.clone(),
            patience: PATIENCE,
            resolver: Resolver::of_this_machine(),
        };
        let agent = access.agent(&uri)?;
        let credentials = settings.credentials.clone();
        Ok(Self { agent, signer, credentials, unanswered: AtomicUsize::new(0) })
    }

    /// What an object is called.
    pub(crate) fn name_of(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.signer.name())
    }

    /// The content of an object, which the reader must bound.
    pub(crate) fn open(&self, key: &str) -> Result<impl Read + use<>, BucketError> {
        if self.unanswered.load(Ordering::Relaxed) >= GONE {
            return Err(BucketError::Gone(GONE));
        }
        let action = self.signer.get_object(self.credentials.as_ref(), key);
        let answer = self.ask(&action);
        match &answer {
            Err(BucketError::Unreached(Failure::NoServer(..))) => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.unanswered.store(0, Ordering::Relaxed),
        }
        Ok(answer?.into_body().into_reader())
    }

    fn ask<'a>(&self, action: &impl S3Action<'a>) -> Result<Response<Body>, BucketError> {
        let mut answer = self.ask_once(action);
        for _ in 1..TRIES {
            if !answer.as_ref().is_err_and(BucketError::may_pass) {
                break;
            }
            answer = self.ask_once(action);
        }
        answer
    }

    fn ask_once<'a>(&self, action: &impl S3Action<'a>) -> Result<Response<Body>, BucketError> {
        let url = action.sign(SIGNED_FOR);
        let server = url.host_str().unwrap_or_default();
        let answer = self.agent.get(url.as_str()).call();
        let answer = answer.map_err(|error| Failure::of(server, &error))?;
        if answer.status().as_u16() == 200 {
            return Ok(answer);
        }
        Err(BucketError::of(self.signer.name(), self.credentials.is_some(), answer))
    }
}
