//! Name services: libraries that every login loads.

use coroner_core::{Confidence, Findings, HostPath, Items, PackageState, Severity};

use crate::items::NssService;
use crate::rules;

/// Services of the C library, of systemd, of directories and of clouds.
const KNOWN: &[&str] = &[
    "files",
    "compat",
    "db",
    "dns",
    "systemd",
    "myhostname",
    "mymachines",
    "resolve",
    "mdns",
    "mdns4",
    "mdns6",
    "mdns_minimal",
    "mdns4_minimal",
    "mdns6_minimal",
    "sss",
    "ldap",
    "winbind",
    "wins",
    "nis",
    "nisplus",
    "hesiod",
    "cache",
    "extrausers",
    "altfiles",
    "usrfiles",
    "libvirt",
    "libvirt_guest",
    "gw_name",
    "oslogin",
    "cache_oslogin",
    "docker",
    "homectl",
    "ato",
    "role",
    "identity",
    "umich_ldap",
    "vas4",
    "centrifydc",
    "lsass",
    "aad",
    "himmelblau",
    "kanidm",
    "authd",
];

pub(super) fn judge(items: &Items, out: &mut Findings) {
    let file = HostPath::new("/etc/nsswitch.conf");
    for service in items.all::<NssService>() {
        let facts = service.library.as_ref().and_then(|library| items.file(library));
        if let Some(facts) = facts.filter(|facts| facts.state == PackageState::Unowned) {
            out.raise(&rules::NSS_UNOWNED_LIBRARY, &service)
                .at(&file, service.line)
                .evidence("library", &facts.path)
                .evidence("sha256", facts.sha256.unwrap_or_default());
        }
        let name = service.service.as_bytes();
        let known = KNOWN.iter().any(|known| known.as_bytes() == name);
        let path = name.contains(&b'/');
        if path || (!known && service.library.is_none()) {
            let draft = out.raise(&rules::NSS_UNUSUAL_SERVICE, &service).at(&file, service.line);
            draft.evidence("service", service.service.clone());
            if path {
                draft.graded(Severity::High, Confidence::Likely);
            }
        }
    }
}
