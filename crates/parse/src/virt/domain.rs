//! libvirt's domain XML (<https://libvirt.org/formatdomain.html>), defined and running.

use memchr::memchr_iter;
use roxmltree::{Document, Node, ParsingOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::console::{Console, Listen, Protocol};
use crate::Text;

/// No real domain has more nodes; libvirt's own files stay in the hundreds.
const MOST_NODES: u32 = 200_000;
/// Devices of one kind beyond this many are not read: qemu cannot start with so many.
const MOST_DEVICES: usize = 1024;

/// Why an XML file is no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// libvirt writes UTF-8 only.
    #[error("not UTF-8")]
    NotUtf8,
    /// Not well formed, too many nodes, or with a DTD, which libvirt never writes.
    #[error("not well-formed XML: {0}")]
    Malformed(Text),
    /// Well formed, but without a `<domain>` at its top (a network or a pool, for one).
    #[error("no <domain> in it")]
    NoDomain,
}

/// What a running domain's status file adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Running {
    /// The qemu process.
    pub pid: i32,
    /// `running`, `paused`, ...
    pub state: Text,
}

/// One virtual disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// `disk`, `cdrom`, `lun`, `floppy`.
    pub device: Text,
    /// The name in the guest: `vda`.
    pub target: Text,
    /// What it is made of.
    pub source: DiskSource,
}

/// What a virtual disk is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskSource {
    /// An image file on the host.
    File(Text),
    /// A block device of the host.
    Block(Text),
    /// A volume, a network disk, or an empty drive, as `type` and name.
    Other(Text),
}

/// One network card.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// `network`, `bridge`, `direct`, `user`, ...
    pub kind: Text,
    /// The card's address in the guest.
    pub mac: Option<Text>,
    /// The network, bridge or device it is plugged into.
    pub source: Option<Text>,
    /// The host's device of a running domain: `vnet0`.
    pub tap: Option<Text>,
}

/// A directory of the host that the guest can mount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SharedDirectory {
    /// Line of the XML.
    pub line: u32,
    /// The host's directory.
    pub source: Text,
    /// The guest may not write.
    pub read_only: bool,
}

/// A libvirt domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Line of its `<name>`.
    pub line: u32,
    /// The name, unique on its host.
    pub name: Text,
    /// The identity that survives a rename.
    pub uuid: Text,
    /// `kvm`, `qemu`, `xen`, `lxc`, ...
    pub kind: Text,
    /// The program that runs it.
    pub emulator: Option<Text>,
    /// Line of the `<emulator>`.
    pub emulator_line: u32,
    /// Of a status file only.
    pub running: Option<Running>,
    /// Screens.
    pub consoles: Vec<Console>,
    /// Disks.
    pub disks: Vec<Disk>,
    /// Network cards.
    pub interfaces: Vec<Interface>,
    /// Directories of the host shared with the guest.
    pub shared: Vec<SharedDirectory>,
    /// `<qemu:arg value=...>`: handed to qemu behind libvirt's back.
    pub qemu_arguments: Vec<Text>,
    /// There were more devices of one kind than anybody reads.
    pub truncated: bool,
}

/// Reads `/etc/libvirt/qemu/NAME.xml` or `/run/libvirt/qemu/NAME.xml`.
///
/// # Errors
/// When it is not XML, has a DTD, or holds no domain.
pub fn domain(content: &[u8]) -> Result<Domain, XmlError> {
    let text = std::str::from_utf8(content).map_err(|_| XmlError::NotUtf8)?;
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| XmlError::Malformed(Text::from(error.to_string())))?;
    let top = document.root_element();
    let (node, running) = match top.tag_name().name() {
        "domain" => (Some(top), None),
        "domstatus" => (child(top, "domain"), running(top)),
        _ => (None, None),
    };
    let reader = Reader { newlines: memchr_iter(b'\n', content).collect() };
    node.map(|node| reader.domain(node, running)).ok_or(XmlError::NoDomain)
}

fn running(status: Node<'_, '_>) -> Option<Running> {
    let pid = status.attribute("pid")?.parse().ok().filter(|&pid| pid > 0)?;
    Some(Running { pid, state: attribute(status, "state").unwrap_or_default() })
}

struct Reader {
    newlines: Vec<usize>,
}

impl Reader {
    /// The line on which `node` starts, counted from 1; roxmltree's own answer scans the whole text.
    fn line(&self, node: Node<'_, '_>) -> u32 {
        let before = self.newlines.partition_point(|&newline| newline < node.range().start);
        u32::try_from(before).unwrap_or(u32::MAX - 1) + 1
    }

    fn domain(&self, node: Node<'_, '_>, running: Option<Running>) -> Domain {
        let devices = child(node, "devices");
        let emulator = devices.and_then(|devices| child(devices, "emulator"));
        let mut truncated = false;
        let mut each = |name| take(devices, name, &mut truncated);
        let (graphics, disks) = (each("graphics"), each("disk"));
        let (interfaces, filesystems) = (each("interface"), each("filesystem"));
        Domain {
            line: child(node, "name").map_or(0, |name| self.line(name)),
            name: content_of(child(node, "name")),
            uuid: content_of(child(node, "uuid")),
            kind: attribute(node, "type").unwrap_or_default(),
            emulator: emulator.map(|emulator| content_of(Some(emulator))),
            emulator_line: emulator.map_or(0, |emulator| self.line(emulator)),
            running,
            consoles: graphics.into_iter().map(|graphics| self.console(graphics)).collect(),
            disks: disks.into_iter().map(disk).collect(),
            interfaces: interfaces.into_iter().map(interface).collect(),
            shared: filesystems.into_iter().filter_map(|node| self.shared(node)).collect(),
            qemu_arguments: qemu_arguments(node),
            truncated,
        }
    }

    fn console(&self, node: Node<'_, '_>) -> Console {
        let port = |name| node.attribute(name).and_then(port_number);
        let mut console = Console::new(Protocol::named(node.attribute("type").unwrap_or("")));
        console.line = self.line(node);
        console.listens = listens(node);
        console.port = port("port");
        console.tls_port = port("tlsPort");
        console.websocket = port("websocket");
        console.autoport =
            node.attribute("autoport") == Some("yes") || node.attribute("port") == Some("-1");
        console.password = node.has_attribute("passwd");
        console.password_valid_to = attribute(node, "passwdValidTo");
        console.tls = node.attribute("defaultMode") == Some("secure");
        console
    }

    fn shared(&self, node: Node<'_, '_>) -> Option<SharedDirectory> {
        let source = attribute(child(node, "source")?, "dir")?;
        let read_only = child(node, "readonly").is_some();
        Some(SharedDirectory { line: self.line(node), source, read_only })
    }
}

/// libvirt writes `<listen>` elements and, for old readers, the first address again as `listen=`.
fn listens(node: Node<'_, '_>) -> Vec<Listen> {
    let elements = node.children().filter(|child| child.has_tag_name("listen"));
    let mut listens: Vec<_> = elements.take(MOST_DEVICES).map(listen).collect();
    if listens.is_empty() {
        let address = attribute(node, "listen").filter(|address| !address.is_empty());
        let socket = attribute(node, "socket").map(|path| Listen::Socket(Some(path)));
        listens.push(socket.or(address.map(Listen::Address)).unwrap_or(Listen::Unsaid));
    }
    listens
}

fn listen(node: Node<'_, '_>) -> Listen {
    let address = attribute(node, "address").filter(|address| !address.is_empty());
    match node.attribute("type") {
        Some("network") => {
            Listen::Network { name: attribute(node, "network").unwrap_or_default(), address }
        }
        Some("socket") => Listen::Socket(attribute(node, "socket")),
        Some("none") => Listen::Nothing,
        _ => address.map_or(Listen::Unsaid, Listen::Address),
    }
}

fn disk(node: Node<'_, '_>) -> Disk {
    let source = child(node, "source");
    let of = |name| source.and_then(|source| attribute(source, name));
    let source = match (node.attribute("type"), of("file"), of("dev")) {
        (_, Some(file), _) => DiskSource::File(file),
        (_, _, Some(device)) => DiskSource::Block(device),
        (kind, ..) => DiskSource::Other(other_disk(kind, of("name").or_else(|| of("volume")))),
    };
    let target = child(node, "target").and_then(|target| attribute(target, "dev"));
    let device = attribute(node, "device").unwrap_or_else(|| Text::from("disk"));
    Disk { device, target: target.unwrap_or_default(), source }
}

fn other_disk(kind: Option<&str>, name: Option<Text>) -> Text {
    let mut text = kind.unwrap_or("").as_bytes().to_vec();
    if let Some(name) = name {
        text.push(b' ');
        text.extend_from_slice(name.as_bytes());
    }
    Text::from(text)
}

fn interface(node: Node<'_, '_>) -> Interface {
    let source = child(node, "source");
    let named = ["network", "bridge", "dev", "path"];
    Interface {
        kind: attribute(node, "type").unwrap_or_default(),
        mac: child(node, "mac").and_then(|mac| attribute(mac, "address")),
        source: source.and_then(|source| named.iter().find_map(|name| attribute(source, name))),
        tap: child(node, "target").and_then(|target| attribute(target, "dev")),
    }
}

/// The element is in qemu's own name space, so the local name alone is compared.
fn qemu_arguments(node: Node<'_, '_>) -> Vec<Text> {
    let lines = node
        .children()
        .filter(|child| child.is_element() && child.tag_name().name() == "commandline");
    let arguments =
        lines.flat_map(|line| line.children().filter(|child| child.tag_name().name() == "arg"));
    arguments.filter_map(|argument| attribute(argument, "value")).take(MOST_DEVICES).collect()
}

fn take<'a, 'i>(
    devices: Option<Node<'a, 'i>>,
    name: &str,
    truncated: &mut bool,
) -> Vec<Node<'a, 'i>> {
    let mut nodes: Vec<_> = devices
        .into_iter()
        .flat_map(|devices| devices.children())
        .filter(|child| child.has_tag_name(name))
        .take(MOST_DEVICES + 1)
        .collect();
    *truncated |= nodes.len() > MOST_DEVICES;
    nodes.truncate(MOST_DEVICES);
    nodes
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn attribute(node: Node<'_, '_>, name: &str) -> Option<Text> {
    node.attribute(name).map(Text::from)
}

fn content_of(node: Option<Node<'_, '_>>) -> Text {
    Text::from(node.and_then(|node| node.text()).unwrap_or("").trim())
}

/// `-1` (and anything else that is no port) means that libvirt chooses at start.
fn port_number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&port| port != 0)
}

#[cfg(test)]
#[path = "domain_tests.rs"]
mod tests;
