//! Where the scheduler of a cluster listens.

use std::net::SocketAddr;
use std::str::FromStr;

/// Its address: `df://192.0.2.7:50050`. Never a name: names are resolved by libraries that a static
/// binary does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduler(pub SocketAddr);

impl FromStr for Scheduler {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.strip_prefix("df://").and_then(|address| address.parse().ok());
        address.map(Self).ok_or("say df://ADDRESS:PORT, with an address and not a name")
    }
}

impl std::fmt::Display for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "df://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduler_is_an_address_and_a_port() {
        let read: Scheduler = "df://192.0.2.7:50050".parse().unwrap();
        assert_eq!(read.to_string(), "df://192.0.2.7:50050");
        assert!("df://[2001:db8::7]:50050".parse::<Scheduler>().is_ok());
        for wrong in ["192.0.2.7:50050", "df://192.0.2.7", "df://scheduler:50050", "http://a:1"] {
            assert!(wrong.parse::<Scheduler>().is_err(), "{wrong}");
        }
    }
}
