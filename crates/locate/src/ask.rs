//! Who is asked, when, and over which time.

use std::time::Duration;

use coroner_core::Time;

use crate::Trouble;
use crate::answer::Series;

/// Something that answers questions as Prometheus does.
pub trait Prometheus {
    /// Values at a point in time, in seconds since 1970.
    ///
    /// # Errors
    /// When there is no answer.
    fn instant(&self, query: &str, at: f64) -> Result<Vec<Series>, Trouble>;

    /// Values between two points, by steps.
    ///
    /// # Errors
    /// When there is no answer.
    fn range(&self, query: &str, from: f64, to: f64, step: f64) -> Result<Vec<Series>, Trouble>;
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What the server is called in the answer.
    pub server: String,
    /// The point in time.
    pub at: Time,
    /// Over which rates are taken.
    pub window: Duration,
    /// With which they are compared.
    pub history: Duration,
}

impl Ask {
    #[allow(clippy::cast_precision_loss)] // seconds since 1970 fit
    pub(crate) fn seconds(&self) -> f64 {
        self.at.seconds() as f64
    }
}
