//! What is known of a device before a plan is made.

use crate::ability::Abilities;
use crate::device::{Device, devices};
use crate::netlink::Link;
use crate::trouble::Trouble;
use crate::units::Rate;

/// What a plan needs to know of the device and the kernel.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The device's number.
    pub index: i32,
    /// Its longest packet.
    pub mtu: u32,
    /// What the hardware says that it can send.
    pub speed: Option<Rate>,
    /// Whether other devices are VLANs on it.
    pub has_vlans: bool,
    /// What the kernel can do.
    pub abilities: Abilities,
}

/// The device of this name, and what a plan needs to know of it.
///
/// # Errors
/// There is no such device.
pub fn facts(name: &str, abilities: Abilities) -> Result<(Device, Facts), Trouble> {
    let all = devices(&mut Link::open()?)?;
    let Some(device) = all.iter().find(|device| device.name == name) else {
        let names: Vec<String> = all.iter().map(|d| d.name.escape_debug().to_string()).collect();
        return Err(Trouble::NoDevice(name.escape_debug().to_string(), names.join(", ")));
    };
    let facts = Facts {
        index: device.index,
        mtu: device.mtu,
        speed: device.speed(),
        has_vlans: device.has_vlans(&all),
        abilities,
    };
    Ok((device.clone(), facts))
}
