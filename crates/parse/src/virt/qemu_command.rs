//! A qemu command line as `/proc/PID/cmdline` gives it (qemu(1)).

use super::console::{Console, Control, Listen, Protocol};
use super::qemu_option::{Options, host_and_port};
use crate::Text;

/// Arguments beyond this many are not read; libvirt's longest command lines have hundreds.
const MOST_ARGUMENTS: usize = 20_000;
/// RFC 6143 displays count from here, and their WebSocket twins from the other.
const FIRST_DISPLAY: u16 = 5900;
const FIRST_WEBSOCKET: u16 = 5700;

/// What a qemu command line says about its guest and who can reach it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QemuCommand {
    /// The program goes by a name of qemu's; otherwise its options alone give it away.
    pub named: bool,
    /// `-name guest=NAME` or `-name NAME`.
    pub guest: Option<Text>,
    /// `-uuid`
    pub uuid: Option<Text>,
    /// Screens on the network or on a socket.
    pub consoles: Vec<Console>,
    /// Monitors and debuggers that listen on TCP.
    pub controls: Vec<Control>,
    /// Host devices of its network cards (`ifname=`).
    pub taps: Vec<Text>,
}

/// The arguments of a process, which the kernel separates by NUL.
pub fn arguments(cmdline: &[u8]) -> Vec<Text> {
    let cmdline = cmdline.strip_suffix(b"\0").unwrap_or(cmdline);
    let parts = cmdline.split(|&byte| byte == 0).take(MOST_ARGUMENTS);
    if cmdline.is_empty() { Vec::new() } else { parts.map(Text::from).collect() }
}

/// Reads a command line; `None` when neither its name nor its options are qemu's.
pub fn qemu_command(arguments: &[Text]) -> Option<QemuCommand> {
    let mut command = QemuCommand::default();
    let mut seen = Seen::default();
    let mut rest = arguments.iter().skip(1).peekable();
    while let Some(argument) = rest.next() {
        let Some(option) = option_name(argument) else { continue };
        if option == b"s" {
            command.controls.extend(gdb(b"tcp::1234"));
        }
        let takes_value = rest.peek().is_some_and(|value| !value.as_bytes().starts_with(b"-"));
        let value = if takes_value { rest.next().map(Text::as_bytes) } else { None };
        seen.note(option);
        command.read(option, value.unwrap_or_default(), &mut seen);
    }
    command.named = arguments.first().is_some_and(is_qemu_name);
    let is_qemu = command.named || seen.screen && seen.machine;
    command.controls.extend(seen.monitors());
    is_qemu.then_some(command)
}

/// qemu takes one dash and two.
fn option_name(argument: &Text) -> Option<&[u8]> {
    let name = argument.as_bytes().strip_prefix(b"-")?;
    Some(name.strip_prefix(b"-").unwrap_or(name))
}

/// `qemu-system-*`, and the names that distributions give it.
fn is_qemu_name(program: &Text) -> bool {
    let name = program.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    name.starts_with(b"qemu-system-") || matches!(name, b"qemu-kvm" | b"kvm" | b"qemu")
}

/// What the options so far tell about a program that goes by another name.
#[derive(Default)]
struct Seen {
    screen: bool,
    machine: bool,
    listening_chardevs: Vec<(Text, Text, u16)>,
    monitor_chardevs: Vec<Text>,
}

impl Seen {
    fn note(&mut self, option: &[u8]) {
        self.screen |= matches!(option, b"vnc" | b"spice" | b"display" | b"nographic" | b"vga");
        self.machine |= matches!(
            option,
            b"machine"
                | b"M"
                | b"accel"
                | b"enable-kvm"
                | b"drive"
                | b"hda"
                | b"cdrom"
                | b"blockdev"
                | b"smp"
        );
    }

    fn monitors(self) -> impl Iterator<Item = Control> {
        let monitors = self.monitor_chardevs;
        let wanted =
            self.listening_chardevs.into_iter().filter(move |(id, ..)| monitors.contains(id));
        wanted.map(|(_, address, port)| Control { option: Text::from("-mon"), address, port })
    }
}

impl QemuCommand {
    fn read(&mut self, option: &[u8], value: &[u8], seen: &mut Seen) {
        match option {
            b"name" => {
                let options = Options::parse(value);
                self.guest = options.text("guest").or_else(|| options.first().map(Text::from));
            }
            b"uuid" => self.uuid = Some(Text::from(value)),
            b"vnc" => self.consoles.extend(vnc(value)),
            b"display" => self.consoles.extend(value.strip_prefix(b"vnc=").and_then(vnc)),
            b"spice" => self.consoles.extend(spice(value)),
            b"netdev" | b"nic" | b"net" => self.taps.extend(Options::parse(value).text("ifname")),
            b"monitor" | b"qmp" | b"qmp-pretty" => self.controls.extend(monitor(option, value)),
            b"gdb" => self.controls.extend(gdb(value)),
            b"chardev" => seen.listening_chardevs.extend(listening_chardev(value)),
            b"mon" => seen.monitor_chardevs.extend(monitor_chardev(value)),
            _ => {}
        }
    }
}

fn vnc(value: &[u8]) -> Option<Console> {
    let options = Options::parse(value);
    let display = options.first()?;
    if display == b"none" {
        return None;
    }
    let mut console = Console::new(Protocol::Vnc);
    let (host, number) = host_and_port(display);
    let reverse = options.is_on("reverse");
    let listen = match display.strip_prefix(b"unix:") {
        Some(path) => Listen::Socket(Some(Text::from(path))),
        None if reverse => Listen::Reverse(Text::from(display)),
        None => {
            console.port = number.and_then(|number| FIRST_DISPLAY.checked_add(number));
            listen_on(host)
        }
    };
    console.autoport = options.has("to");
    console.websocket = websocket(&options, number);
    console.listens = vec![listen];
    console.password = options.is_on("password") || options.has("password-secret");
    console.tls = options.has("tls-creds")
        || options.is_on("tls")
        || options.has("x509")
        || options.has("x509verify");
    console.sasl = options.is_on("sasl");
    Some(console)
}

/// `websocket`, `websocket=on`, `websocket=PORT` or `websocket=HOST:PORT`.
fn websocket(options: &Options, display: Option<u16>) -> Option<u16> {
    if options.is_on("websocket") {
        return display.and_then(|number| FIRST_WEBSOCKET.checked_add(number));
    }
    let value = options.get("websocket")?;
    options.number("websocket").or_else(|| host_and_port(value).1)
}

fn spice(value: &[u8]) -> Option<Console> {
    let options = Options::parse(value);
    let mut console = Console::new(Protocol::Spice);
    console.port = options.number("port").filter(|&port| port != 0);
    console.tls_port = options.number("tls-port").filter(|&port| port != 0);
    let address = options.text("addr");
    let unix = options.is_on("unix");
    if !unix && console.port.is_none() && console.tls_port.is_none() {
        return None;
    }
    let listen =
        if unix { Listen::Socket(address) } else { listen_on(address.unwrap_or_default()) };
    console.listens = vec![listen];
    // Ticketing is on unless switched off: without a password set, nobody gets in.
    console.password = !options.is_on("disable-ticketing");
    console.tls = console.port.is_none();
    console.sasl = options.is_on("sasl");
    Some(console)
}

fn listen_on(host: Text) -> Listen {
    if host.is_empty() { Listen::AllAddresses } else { Listen::Address(host) }
}

/// `tcp:HOST:PORT,server=on`, `telnet:...`, `websocket:...`; what calls out or is a file listens nowhere.
fn monitor(option: &[u8], value: &[u8]) -> Option<Control> {
    let options = Options::parse(value);
    let first = options.first()?;
    let schemes: [&[u8]; 3] = [b"tcp:", b"telnet:", b"websocket:"];
    let address = schemes.iter().find_map(|scheme| first.strip_prefix(*scheme))?;
    let (address, port) = host_and_port(address);
    let option = Text::from([b"-".as_slice(), option].concat());
    options.is_on("server").then_some(Control { option, address, port: port? })
}

/// A debugger's TCP port always listens.
fn gdb(value: &[u8]) -> Option<Control> {
    let options = Options::parse(value);
    let (address, port) = host_and_port(options.first()?.strip_prefix(b"tcp:")?);
    Some(Control { option: Text::from("-gdb"), address, port: port? })
}

fn listening_chardev(value: &[u8]) -> Option<(Text, Text, u16)> {
    let options = Options::parse(value);
    let listens = options.first() == Some(b"socket") && options.is_on("server");
    let address = options.text("host").unwrap_or_default();
    listens.then_some((options.text("id")?, address, options.number("port")?))
}

fn monitor_chardev(value: &[u8]) -> Option<Text> {
    let options = Options::parse(value);
    options.text("chardev").or_else(|| options.first().map(Text::from))
}

#[cfg(test)]
#[path = "qemu_command_tests.rs"]
mod tests;
