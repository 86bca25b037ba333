//! Network devices, by rtnetlink (`linux/if_link.h`).

use crate::Rate;
use crate::netlink::{Link, Refusal};
use crate::object::{attributes_of, text, word};

const GET_LINK: u16 = 18;
const NAME: u16 = 3;
const MTU: u16 = 4;
const LOWER: u16 = 5;
const LINK_INFO: u16 = 18;
const INFO_KIND: u16 = 1;
const UP: u32 = 1;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its number.
    pub index: i32,
    /// Its name.
    pub name: String,
    /// Its longest packet.
    pub mtu: u32,
    /// Whether it is switched on.
    pub up: bool,
    lower: Option<u32>,
    vlan: bool,
}

/// All devices of the network namespace.
pub(crate) fn devices(link: &mut Link) -> Result<Vec<Device>, Refusal> {
    let answers = link.dump(GET_LINK, &[0; 16])?;
    Ok(answers.iter().filter_map(|payload| parse(payload)).collect())
}

impl Device {
    /// Whether other devices are VLANs on this one.
    pub(crate) fn has_vlans(&self, all: &[Self]) -> bool {
        all.iter().any(|d| d.vlan && d.lower == Some(self.index.cast_unsigned()))
    }

    /// What the hardware says; devices without hardware say nothing worth knowing.
    pub(crate) fn speed(&self) -> Option<Rate> {
        let folder = std::path::Path::new("/sys/class/net").join(&self.name);
        if !folder.join("device").exists() {
            return None;
        }
        let text = std::fs::read_to_string(folder.join("speed")).ok()?;
        text.trim().parse().ok().filter(|&megabits: &u64| megabits > 0).map(Rate::from_megabits)
    }
}

/// struct `ifinfomsg` and its attributes.
fn parse(payload: &[u8]) -> Option<Device> {
    let (_, rest) = payload.split_at_checked(4)?;
    let (index, rest) = word(rest)?;
    let (flags, rest) = word(rest)?;
    let (_, attributes) = word(rest)?;
    let index = index.cast_signed();
    let up = flags & UP != 0;
    let mut device =
        Device { index, name: String::new(), mtu: 1_500, up, lower: None, vlan: false };
    for (kind, value) in attributes_of(attributes) {
        let number = word(value).map(|(number, _)| number);
        match kind {
            NAME => device.name = text(value),
            MTU => device.mtu = number.unwrap_or(1_500),
            LOWER => device.lower = number,
            LINK_INFO => device.vlan = is_vlan(value),
            _ => {}
        }
    }
    Some(device)
}

fn is_vlan(info: &[u8]) -> bool {
    attributes_of(info).iter().any(|&(kind, value)| kind == INFO_KIND && text(value) == "vlan")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn loopback_is_there() {
        let mut link = Link::open().unwrap();
        let all = devices(&mut link).unwrap();
        assert!(all.iter().any(|device| device.name == "lo" && device.index == 1));
    }

    proptest! {
        #[test]
        fn no_message_makes_the_reader_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
