//! Who the host is, from its own files and, live, its kernel.

use coroner_host::{Host, HostPath, SystemFacts};
use coroner_parse::Text;

use crate::{HostIdentity, Options, OsIdentity, sha256_of};

const SMALL: usize = 64 << 10;

pub(crate) fn identify(host: &Host, options: &Options) -> HostIdentity {
    let system = host.has_kernel().then(SystemFacts::read);
    let named = first_line(host, "/etc/hostname");
    let kernel_name = system.as_ref().map(|facts| facts.name.clone());
    let name = if host.sources().root == std::path::Path::new("/") {
        kernel_name.or(named)
    } else {
        named.or(kernel_name)
    };
    let name = name.unwrap_or_default();
    HostIdentity {
        id: stable_id(first_line(host, "/etc/machine-id").as_ref().unwrap_or(&name)),
        name,
        os: os_release(host),
        kernel: system.map(|facts| facts.kernel),
        labels: options.labels.clone(),
    }
}

/// machine-id(5) asks not to publish the id itself; a hash of it names the host as well.
fn stable_id(of: &Text) -> String {
    let salted = [b"coroner host id\0", of.as_bytes()].concat();
    sha256_of(&salted).hex().get(..32).unwrap_or_default().to_owned()
}

fn read(host: &Host, path: &str) -> Option<Vec<u8>> {
    host.read(&HostPath::new(path), SMALL).ok().map(|content| content.bytes)
}

fn first_line(host: &Host, path: &str) -> Option<Text> {
    let bytes = read(host, path)?;
    let line = bytes.split(|&byte| byte == b'\n').next()?.trim_ascii();
    (!line.is_empty()).then(|| Text::from(line))
}

/// Which distribution a host is, by its os-release(5): shell-like assignments.
pub fn os_release(host: &Host) -> OsIdentity {
    let files = ["/etc/os-release", "/usr/lib/os-release"];
    let bytes = files.iter().find_map(|path| read(host, path)).unwrap_or_default();
    let value = |name: &str| {
        let mut lines = bytes.split(|&byte| byte == b'\n');
        let line = lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        let line = line.trim_ascii();
        let inner = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\""));
        Some(Text::from(inner.unwrap_or(line)))
    };
    OsIdentity {
        id: value("ID").unwrap_or_default(),
        version: value("VERSION_ID").unwrap_or_default(),
    }
}
