//! Where systemd looks for units, the strongest place first.
//!
//! systemd.unit(5), tables 1 and 2 (`systemd-analyze unit-paths` prints the same order).

/// Who writes to a place, which says what a unit found there means.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UnitPlace {
    /// `systemctl set-property`: `system.control`.
    Control,
    /// `systemd-run` and other callers of the manager: `/run/systemd/transient`.
    Transient,
    /// Written by a generator at boot.
    Generated,
    /// Belongs to the administrator: `/etc/systemd/system`.
    Administrator,
    /// Portable services: `system.attached`.
    Attached,
    /// Gone after a reboot: `/run/systemd/system`.
    Runtime,
    /// Software the administrator installed: `/usr/local/lib/systemd/system`.
    Local,
    /// Belongs to packages: `/usr/lib/systemd/system`.
    Vendor,
    /// Belongs to one account: below its home.
    Home,
}

/// A directory that holds units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitDirectory {
    /// Absolute, or below a home when the place is [`UnitPlace::Home`].
    pub path: &'static str,
    /// Who writes there.
    pub place: UnitPlace,
}

const fn at(path: &'static str, place: UnitPlace) -> UnitDirectory {
    UnitDirectory { path, place }
}

/// Of the system's manager.
pub const SYSTEM: &[UnitDirectory] = &[
    at("/etc/systemd/system.control", UnitPlace::Control),
    at("/run/systemd/system.control", UnitPlace::Control),
    at("/run/systemd/transient", UnitPlace::Transient),
    at("/run/systemd/generator.early", UnitPlace::Generated),
    at("/etc/systemd/system", UnitPlace::Administrator),
    at("/etc/systemd/system.attached", UnitPlace::Attached),
    at("/run/systemd/system", UnitPlace::Runtime),
    at("/run/systemd/system.attached", UnitPlace::Attached),
    at("/run/systemd/generator", UnitPlace::Generated),
    at("/usr/local/lib/systemd/system", UnitPlace::Local),
    at("/lib/systemd/system", UnitPlace::Vendor),
    at("/usr/lib/systemd/system", UnitPlace::Vendor),
    at("/run/systemd/generator.late", UnitPlace::Generated),
];

/// Of the managers of all users, outside their homes.
pub const USER: &[UnitDirectory] = &[
    at("/etc/xdg/systemd/user", UnitPlace::Administrator),
    at("/etc/systemd/user", UnitPlace::Administrator),
    at("/run/systemd/user", UnitPlace::Runtime),
    at("/usr/local/share/systemd/user", UnitPlace::Local),
    at("/usr/share/systemd/user", UnitPlace::Vendor),
    at("/usr/local/lib/systemd/user", UnitPlace::Local),
    at("/lib/systemd/user", UnitPlace::Vendor),
    at("/usr/lib/systemd/user", UnitPlace::Vendor),
];

/// Below a home: `XDG_CONFIG_HOME` and `XDG_DATA_HOME` where they usually are.
pub const HOME: &[UnitDirectory] = &[
    at(".config/systemd/user.control", UnitPlace::Home),
    at(".config/systemd/user", UnitPlace::Home),
    at(".local/share/systemd/user", UnitPlace::Home),
];

/// Below `/run/user/UID`.
pub const RUNTIME_OF_USER: &[UnitDirectory] = &[
    at("systemd/user.control", UnitPlace::Control),
    at("systemd/transient", UnitPlace::Transient),
    at("systemd/generator.early", UnitPlace::Generated),
    at("systemd/user", UnitPlace::Runtime),
    at("systemd/generator", UnitPlace::Generated),
    at("systemd/generator.late", UnitPlace::Generated),
];

/// A kind of program that systemd runs out of a directory, and who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookDirectory {
    /// Absolute.
    pub path: &'static str,
    /// Only packages write there.
    pub vendor: bool,
}

const fn hook(path: &'static str, vendor: bool) -> HookDirectory {
    HookDirectory { path, vendor }
}

/// systemd.generator(7) and systemd.environment-generator(7).
pub const GENERATORS: &[HookDirectory] = &[
    hook("/run/systemd/system-generators", false),
    hook("/etc/systemd/system-generators", false),
    hook("/usr/local/lib/systemd/system-generators", false),
    hook("/lib/systemd/system-generators", true),
    hook("/usr/lib/systemd/system-generators", true),
    hook("/run/systemd/user-generators", false),
    hook("/etc/systemd/user-generators", false),
    hook("/usr/local/lib/systemd/user-generators", false),
    hook("/lib/systemd/user-generators", true),
    hook("/usr/lib/systemd/user-generators", true),
    hook("/run/systemd/system-environment-generators", false),
    hook("/etc/systemd/system-environment-generators", false),
    hook("/usr/local/lib/systemd/system-environment-generators", false),
    hook("/usr/lib/systemd/system-environment-generators", true),
    hook("/run/systemd/user-environment-generators", false),
    hook("/etc/systemd/user-environment-generators", false),
    hook("/usr/local/lib/systemd/user-environment-generators", false),
    hook("/usr/lib/systemd/user-environment-generators", true),
];

/// systemd-shutdown(8) and systemd-sleep(8).
pub const POWER_HOOKS: &[HookDirectory] = &[
    hook("/usr/lib/systemd/system-shutdown", true),
    hook("/lib/systemd/system-shutdown", true),
    hook("/etc/systemd/system-shutdown", false),
    hook("/usr/lib/systemd/system-sleep", true),
    hook("/lib/systemd/system-sleep", true),
    hook("/etc/systemd/system-sleep", false),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(path: &str) -> usize {
        SYSTEM.iter().position(|directory| directory.path == path).unwrap()
    }

    #[test]
    fn the_administrator_wins_over_runtime_over_local_over_vendor() {
        let order = [
            "/run/systemd/transient",
            "/etc/systemd/system",
            "/run/systemd/system",
            "/run/systemd/generator",
            "/usr/local/lib/systemd/system",
            "/usr/lib/systemd/system",
            "/run/systemd/generator.late",
        ];
        assert!(order.map(rank).is_sorted());
    }
}
