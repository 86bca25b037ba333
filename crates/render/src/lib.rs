//! A report as text and as a page for people, and as JSON, NDJSON, OCSF, syslog and Prometheus text for programs.
//!
//! Whatever came from the host is printed escaped; JSON carries it without loss.

mod html;
mod json;
mod lang;
mod ocsf;
pub mod page;
mod prometheus;
mod syslog;
mod text;

pub use html::html;
pub use json::{json, ndjson};
pub use lang::Lang;
pub use ocsf::ocsf;
pub use prometheus::prometheus;
pub use syslog::syslog;
pub use text::{TextStyle, cross_view_text, diff_text, text};
