//! From how far away an address can be reached.

use std::net::IpAddr;

use coroner_core::{Network, Text};
use coroner_parse::virt::Listen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From how far away a listener can be reached, firewalls left aside.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Only through libvirt or a Unix socket.
    Socket,
    /// From this host.
    Host,
    /// From a private network.
    Private,
    /// A name, or a libvirt network: where it leads is not known.
    Unknown,
    /// A public address.
    Public,
    /// All addresses of the host.
    Everywhere,
}

impl Reach {
    /// Strangers can knock.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::Everywhere)
    }

    /// Of one address, as a configuration writes it.
    pub fn of_address(address: &Text) -> Self {
        let text = address.lossy();
        if matches!(&*text, "localhost" | "localhost.localdomain" | "ip6-localhost") {
            return Self::Host;
        }
        if matches!(&*text, "" | "*") {
            return Self::Everywhere;
        }
        match text.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(ip) if ip.is_unspecified() => Self::Everywhere,
            Ok(ip) if ip.is_loopback() => Self::Host,
            Ok(ip) if Network::is_public(ip) => Self::Public,
            Ok(_) => Self::Private,
            Err(_) => Self::Unknown,
        }
    }

    /// Of a console's listener.
    pub fn of(listen: &Listen) -> Self {
        match listen {
            Listen::Socket(_) | Listen::Nothing | Listen::Reverse(_) => Self::Socket,
            Listen::AllAddresses => Self::Everywhere,
            Listen::Address(address) | Listen::Network { address: Some(address), .. } => {
                Self::of_address(address)
            }
            Listen::Network { address: None, .. } | Listen::Unsaid => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_graded_by_who_can_reach_them() {
        let reach = |text: &str| Reach::of_address(&Text::from(text));
        assert_eq!(reach("0.0.0.0"), Reach::Everywhere);
        assert_eq!(reach("::"), Reach::Everywhere);
        assert_eq!(reach(""), Reach::Everywhere);
        assert_eq!(reach("127.0.0.1"), Reach::Host);
        assert_eq!(reach("::ffff:127.0.0.1"), Reach::Host);
        assert_eq!(reach("203.0.113.7"), Reach::Public);
        assert_eq!(reach("10.0.0.7"), Reach::Private);
        assert_eq!(reach("kvm1.example"), Reach::Unknown);
    }
}
