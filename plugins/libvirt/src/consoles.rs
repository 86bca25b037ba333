//! Consoles as each view tells them, with the defaults of `qemu.conf` filled in.

use std::net::SocketAddr;

use coroner_core::{HostPath, Options, Text, Time};
use coroner_parse::virt::{Console, Listen, Protocol, QemuConf};

use crate::items::{ConsoleState, VncConsole};
use crate::processes::QemuProcess;
use crate::reach::Reach;

/// What is the same for every console of one guest.
pub(crate) struct View<'a> {
    pub(crate) domain: Text,
    pub(crate) uuid: Text,
    pub(crate) listed: bool,
    pub(crate) libvirt_here: bool,
    pub(crate) pid: Option<i32>,
    pub(crate) conf: &'a QemuConf,
    pub(crate) options: &'a Options,
    pub(crate) now: Time,
}

impl View<'_> {
    /// Consoles of an XML file; `process` corrects what the running guest was really started with.
    pub(crate) fn told(
        &self,
        state: ConsoleState,
        file: &HostPath,
        consoles: &[Console],
        process: Option<&QemuProcess<'_>>,
    ) -> Vec<VncConsole> {
        let started =
            process.map(|process| process.command.consoles.as_slice()).unwrap_or_default();
        let mut found = Vec::new();
        for (console, position) in consoles.iter().zip(0..) {
            let same = started.iter().find(|started| same_ports(started, console));
            for listen in &console.listens {
                let mut told = self.console(state, file, console, listen, position);
                match same {
                    // A running guest has what it was started with, whatever qemu.conf says now.
                    Some(same) => {
                        (told.password, told.tls, told.sasl) = (same.password, same.tls, same.sasl);
                    }
                    None => self.fill_in(&mut told),
                }
                found.push(told);
            }
        }
        found
    }

    /// Consoles of a command line that no console in `known` accounts for.
    pub(crate) fn started(
        &self,
        state: ConsoleState,
        file: &HostPath,
        consoles: &[Console],
        known: &[Console],
    ) -> Vec<VncConsole> {
        let unknown = consoles.iter().zip(0..).filter(|(console, _)| !is_known(console, known));
        let each = unknown.flat_map(|(console, position)| {
            let listens = console.listens.iter();
            listens.map(move |listen| self.console(state, file, console, listen, position))
        });
        each.collect()
    }

    fn console(
        &self,
        state: ConsoleState,
        file: &HostPath,
        console: &Console,
        listen: &Listen,
        position: u32,
    ) -> VncConsole {
        VncConsole {
            domain: self.domain.clone(),
            uuid: self.uuid.clone(),
            listed: self.listed,
            libvirt_here: self.libvirt_here,
            state,
            protocol: console.protocol.clone(),
            position,
            listen: listen.clone(),
            reach: Reach::of(listen),
            port: console.port,
            tls_port: console.tls_port,
            websocket: console.websocket,
            password: console.password,
            password_valid_to: console.password_valid_to.clone(),
            password_expired: self.is_over(console.password_valid_to.as_ref()),
            tls: console.tls,
            client_certificate: false,
            sasl: console.sasl,
            by_default: false,
            calls_foreign: self.calls_foreign(listen),
            file: file.clone(),
            line: console.line,
            pid: self.pid,
        }
    }

    /// What `qemu.conf` says where the domain says nothing (libvirt's own defaults: 127.0.0.1,
    /// no password, no TLS).
    fn fill_in(&self, told: &mut VncConsole) {
        let (vnc, spice) = (&self.conf.vnc, &self.conf.spice);
        let (listen, unix_socket) = match told.protocol {
            Protocol::Vnc => {
                told.password |= vnc.password;
                told.tls |= vnc.tls;
                told.client_certificate |= vnc.tls && vnc.verify_client;
                told.sasl |= vnc.sasl;
                (&vnc.listen, vnc.unix_socket)
            }
            Protocol::Spice => {
                told.password |= spice.password;
                told.sasl |= spice.sasl;
                (&spice.listen, spice.unix_socket)
            }
            Protocol::Other(_) => (&None, false),
        };
        if told.listen == Listen::Unsaid {
            told.by_default = true;
            told.listen = match listen {
                _ if unix_socket => Listen::Socket(None),
                Some(address) => Listen::Address(address.clone()),
                None => Listen::Address(Text::from("127.0.0.1")),
            };
            told.reach = Reach::of(&told.listen);
        }
    }

    /// libvirt writes the moment in UTC, without saying so.
    fn is_over(&self, valid_to: Option<&Text>) -> bool {
        let moment = valid_to.and_then(|text| Time::parse(&format!("{}Z", text.lossy())));
        moment.is_some_and(|moment| moment < self.now)
    }

    fn calls_foreign(&self, listen: &Listen) -> bool {
        let Listen::Reverse(viewer) = listen else { return false };
        match viewer.lossy().parse::<SocketAddr>() {
            Ok(viewer) => self.options.is_foreign(viewer.ip()),
            // A name can lead anywhere.
            Err(_) => !viewer.as_bytes().starts_with(b"localhost:"),
        }
    }
}

/// The command line has a console at least as tame as one that libvirt tells.
fn is_known(started: &Console, known: &[Console]) -> bool {
    known.iter().any(|told| same_ports(started, told) && widest(started) <= widest(told))
}

fn same_ports(started: &Console, told: &Console) -> bool {
    started.protocol == told.protocol
        && started.port == told.port
        && started.tls_port == told.tls_port
}

fn widest(console: &Console) -> Reach {
    console.listens.iter().map(Reach::of).max().unwrap_or(Reach::Socket)
}
