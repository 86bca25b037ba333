//! Where a module file lies, and who puts files there.

use coroner_core::HostPath;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Directories of a release into which administrators and vendors install modules.
const ADDED: [&[u8]; 6] =
    [b"updates", b"extra", b"misc", b"weak-updates", b"extramodules", b"external"];

/// Who puts module files into this place.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The kernel's own tree: packages alone.
    Kernel,
    /// DKMS's directory, and DKMS knows the module.
    Dkms,
    /// DKMS's directory, and DKMS knows nothing of it.
    DkmsUnknown,
    /// A directory for modules of an administrator or a vendor.
    Added,
    /// The release's directory itself, or one that nobody uses.
    Odd,
    /// Not below the release's directory at all.
    Outside,
}

impl Place {
    /// Of a file, by the release's directory. `dkms` tells whether DKMS built a module of the name.
    pub(crate) fn of(file: &HostPath, release: &HostPath, dkms: bool) -> Self {
        if !file.is_below(release) || file.components().any(|part| part == b"..") {
            return Self::Outside;
        }
        let mut below = file.components().skip(release.components().count());
        let (first, second) = (below.next().unwrap_or_default(), below.next().unwrap_or_default());
        match (first, second) {
            (b"updates", b"dkms") | (b"dkms", _) if dkms => Self::Dkms,
            (b"updates", b"dkms") | (b"dkms", _) => Self::DkmsUnknown,
            (b"kernel", _) => Self::Kernel,
            // Fedora's DKMS and akmods build into extra/.
            (first, _) if ADDED.contains(&first) && !second.is_empty() => Self::Added,
            _ => Self::Odd,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directory_of_a_release_has_its_owner() {
        let place = |path: &str, dkms| {
            let release = HostPath::new("/lib/modules/6.1.0");
            Place::of(&release.join(path), &release, dkms)
        };
        assert_eq!(place("kernel/drivers/panix.ko", false), Place::Kernel);
        assert_eq!(place("updates/dkms/zfs.ko", true), Place::Dkms);
        assert_eq!(place("updates/dkms/x.ko", false), Place::DkmsUnknown);
        assert_eq!(place("misc/vmmon.ko", false), Place::Added);
        assert_eq!(place("x.ko", false), Place::Odd);
        assert_eq!(place("/dev/shm/x.ko", false), Place::Outside);
        assert_eq!(place("kernel/../../../tmp/x.ko", false), Place::Outside);
    }
}
