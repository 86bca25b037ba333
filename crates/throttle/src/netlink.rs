//! A blocking rtnetlink socket: questions, dumps and the kernel's own words when it refuses.

use std::io;
use std::time::Duration;

use netlink_packet_core::NetlinkBuffer;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use crate::object::{attributes_of, text};

const BUFFER: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
/// A dump during which something changed is asked for again this often.
const TRIES: usize = 8;
/// Objects of one dump: a device has tens, a broken kernel endless ones.
const MOST: usize = 200_000;

/// linux/netlink.h
const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const DUMP: u16 = 0x300;
const INTERRUPTED: u16 = 0x10;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const ERROR_TEXT: u16 = 1;

/// Make it, and fail when it is there (`NLM_F_CREATE | NLM_F_EXCL`).
pub(crate) const CREATE: u16 = 0x400 | 0x200;

/// The kernel's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error number.
    pub errno: Errno,
    /// What the kernel said beside it.
    pub words: String,
}

impl Refusal {
    fn plain(errno: Errno) -> Self {
        Self { errno, words: String::new() }
    }

    fn from_io(error: &io::Error) -> Self {
        Self::plain(Errno::from_io_error(error).unwrap_or(Errno::IO))
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.words.is_empty() {
            write!(f, "{}", io::Error::from(self.errno))
        } else {
            // The kernel's words are text of the kernel, but a module can have written them.
            write!(f, "{} ({})", self.words.escape_debug(), io::Error::from(self.errno))
        }
    }
}

impl std::error::Error for Refusal {}

/// The socket.
#[derive(Debug)]
pub(crate) struct Link {
    socket: Socket,
    buffer: Vec<u8>,
    sequence: u32,
}

/// What came of the messages in one datagram.
enum Progress {
    More,
    Finished,
}

impl Link {
    pub(crate) fn open() -> Result<Self, Refusal> {
        let opened = Socket::new(NETLINK_ROUTE).and_then(|mut socket| {
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            // Old kernels have no words beside the number; that is no reason to fail.
            let _ = socket.set_ext_ack(true);
            set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
            set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE))?;
            Ok(socket)
        });
        let socket = opened.map_err(|error| Refusal::from_io(&error))?;
        Ok(Self { socket, buffer: vec![0; BUFFER], sequence: 0 })
    }

    /// Asks for a change, and waits for the kernel's word.
    pub(crate) fn change(&mut self, kind: u16, flags: u16, body: &[u8]) -> Result<(), Refusal> {
        self.exchange(kind, REQUEST | ACK | flags, body).map(drop)
    }

    /// Every answer to a question, consistent: asked again when something changed meanwhile.
    pub(crate) fn dump(&mut self, kind: u16, body: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
        for _ in 0..TRIES {
            let (answers, whole) = self.exchange(kind, REQUEST | DUMP, body)?;
            if whole {
                return Ok(answers);
            }
        }
        Err(Refusal::plain(Errno::AGAIN))
    }

    fn exchange(
        &mut self,
        kind: u16,
        flags: u16,
        body: &[u8],
    ) -> Result<(Vec<Vec<u8>>, bool), Refusal> {
        self.send(kind, flags, body)?;
        let (mut answers, mut whole) = (Vec::new(), true);
        loop {
            let length = self.receive()?;
            let datagram = self.buffer.get(..length).unwrap_or_default();
            match read(datagram, self.sequence, &mut answers, &mut whole)? {
                Progress::Finished => return Ok((answers, whole)),
                Progress::More if answers.len() > MOST => return Err(Refusal::plain(Errno::FBIG)),
                Progress::More => {}
            }
        }
    }

    fn send(&mut self, kind: u16, flags: u16, body: &[u8]) -> Result<(), Refusal> {
        self.sequence = self.sequence.wrapping_add(1);
        let length = u32::try_from(body.len() + 16).map_err(|_| Refusal::plain(Errno::MSGSIZE))?;
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(self.sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(body);
        self.socket.send(&bytes, 0).map(drop).map_err(|error| Refusal::from_io(&error))
    }

    fn receive(&mut self) -> Result<usize, Refusal> {
        loop {
            let mut room = self.buffer.as_mut_slice();
            match self.socket.recv_from(&mut room, 0) {
                Ok((length, sender)) if sender.port_number() == 0 => return Ok(length),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Refusal::from_io(&error)),
            }
        }
    }
}

/// The messages of one datagram that answer question `sequence`.
fn read(
    datagram: &[u8],
    sequence: u32,
    answers: &mut Vec<Vec<u8>>,
    whole: &mut bool,
) -> Result<Progress, Refusal> {
    let broken = || Refusal::plain(Errno::BADMSG);
    let mut rest = datagram;
    while !rest.is_empty() {
        let message = NetlinkBuffer::new_checked(rest).map_err(|_| broken())?;
        let length = usize::try_from(message.length()).map_err(|_| broken())?;
        let payload = rest.get(16..length).ok_or_else(broken)?;
        let ours = message.sequence_number() == sequence;
        let (kind, flags) = (message.message_type(), message.flags());
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        if !ours {
            continue;
        }
        *whole &= flags & INTERRUPTED == 0;
        match kind {
            ERROR | DONE => return verdict(kind, payload).map(|()| Progress::Finished),
            _ => answers.push(payload.to_vec()),
        }
    }
    Ok(Progress::More)
}

/// The error number of an answer (struct `nlmsgerr`), and the words behind the echoed header.
fn verdict(kind: u16, payload: &[u8]) -> Result<(), Refusal> {
    let Some((number, rest)) = payload.split_first_chunk::<4>() else { return Ok(()) };
    let number = i32::from_ne_bytes(*number);
    if number == 0 {
        return Ok(());
    }
    // An error repeats the header and, unless capped, the question; the words come after.
    let echoed = rest.first_chunk::<4>().map_or(0, |length| u32::from_ne_bytes(*length) as usize);
    let after = if kind == ERROR { rest.get(echoed.next_multiple_of(4)..) } else { Some(rest) };
    let attributes = attributes_of(after.unwrap_or_default());
    let words = attributes.iter().find(|(kind, _)| *kind == ERROR_TEXT);
    let words = words.map(|(_, value)| text(value)).unwrap_or_default();
    // What is no error number cannot be kept as one.
    let number = Some(number.saturating_neg()).filter(|number| (1..4_096).contains(number));
    Err(Refusal { errno: number.map_or(Errno::IO, Errno::from_raw_os_error), words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(bytes: Vec<u8>) {
            let _ = read(&bytes, 0, &mut Vec::new(), &mut true);
            let _ = verdict(ERROR, &bytes);
        }
    }
}
