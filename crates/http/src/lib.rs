//! HTTP to servers that are not trusted: names are looked up by coroner itself, TLS is made without C, nobody is
//! followed elsewhere, and nothing is waited for without end.

mod address;
mod agent;
mod failure;
mod resolve;
mod tls;

pub use address::{Unfit, address};
pub use agent::{Access, Patience};
pub use failure::{Failure, harmless};
pub use resolve::Resolver;
