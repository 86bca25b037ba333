//! Questions to the kernel by netlink(7), and its answers, bounded in time and size.

use std::time::{Duration, Instant};

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

/// A dump message is at most 32 KiB; one rule with its expressions at most 64 KiB.
const BUFFER: usize = 256 << 10;
/// One answer may take this long.
const PATIENCE: Duration = Duration::from_secs(5);

/// `NLMSG_ERROR`, `NLMSG_DONE`, `NLM_F_DUMP_INTR` (linux/netlink.h).
const ERROR: u16 = 2;
const DONE: u16 = 3;
const INTERRUPTED: u16 = 0x10;

/// A netlink socket to one part of the kernel.
pub(crate) struct Link {
    socket: Socket,
    buffer: Vec<u8>,
    sequence: u32,
    deadline: Instant,
}

/// What the messages of one datagram came to.
#[derive(PartialEq, Eq)]
enum Progress {
    More,
    Finished,
}

impl Link {
    /// A socket of a protocol that the kernel has: for another it would start the host's modprobe.
    pub(crate) fn open(protocol: isize, deadline: Instant) -> Result<Self, Errno> {
        let errno = |error: std::io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
        let mut socket = Socket::new(protocol).map_err(errno)?;
        socket.bind_auto().map_err(errno)?;
        socket.connect(&SocketAddr::new(0, 0)).map_err(errno)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE))?;
        Ok(Self { socket, buffer: vec![0; BUFFER], sequence: 0, deadline })
    }

    /// A question with many answers; `INTR` when what it asks for changed meanwhile.
    pub(crate) fn dump<M: NetlinkSerializable>(
        &mut self,
        question: M,
        each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.exchange(question, NLM_F_REQUEST | NLM_F_DUMP, true, each)
    }

    /// A question with one answer.
    pub(crate) fn ask<M: NetlinkSerializable>(
        &mut self,
        question: M,
        each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.exchange(question, NLM_F_REQUEST, false, each)
    }

    fn exchange<M: NetlinkSerializable>(
        &mut self,
        question: M,
        flags: u16,
        many: bool,
        mut each: impl FnMut(&[u8]) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        self.send(question, flags)?;
        let mut interrupted = false;
        loop {
            let length = self.receive()?;
            let datagram = self.buffer.get(..length).unwrap_or_default();
            let progress = messages(datagram, self.sequence, many, &mut interrupted, &mut each)?;
            if progress == Progress::Finished {
                break;
            }
        }
        if interrupted { Err(Errno::INTR) } else { Ok(()) }
    }

    fn send<M: NetlinkSerializable>(&mut self, question: M, flags: u16) -> Result<(), Errno> {
        // After an error the rest of an older answer may still wait; a new number tells it apart.
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(question));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let sent = self.socket.send(&bytes, 0);
        sent.map(drop).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// One datagram from the kernel; those of others are passed over.
    fn receive(&mut self) -> Result<usize, Errno> {
        loop {
            if Instant::now() >= self.deadline {
                return Err(Errno::TIMEDOUT);
            }
            let mut room = self.buffer.as_mut_slice();
            match self.socket.recv_from(&mut room, libc::MSG_TRUNC) {
                Ok((length, _)) if length > self.buffer.len() => return Err(Errno::FBIG),
                Ok((length, sender)) if sender.port_number() == 0 => return Ok(length),
                Ok(_) => {}
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::INTR) => {}
                    Some(Errno::AGAIN) => return Err(Errno::TIMEDOUT),
                    other => return Err(other.unwrap_or(Errno::IO)),
                },
            }
        }
    }
}

/// The messages in one datagram that answer question `sequence`.
fn messages(
    datagram: &[u8],
    sequence: u32,
    many: bool,
    interrupted: &mut bool,
    each: &mut impl FnMut(&[u8]) -> Result<(), Errno>,
) -> Result<Progress, Errno> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let message = NetlinkBuffer::new_checked(rest).map_err(|_| Errno::BADMSG)?;
        let length = message.length() as usize;
        let (kind, flags) = (message.message_type(), message.flags());
        let payload = rest.get(16..length).ok_or(Errno::BADMSG)?;
        let ours = message.sequence_number() == sequence;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        if !ours {
            continue;
        }
        *interrupted |= flags & INTERRUPTED != 0;
        match kind {
            ERROR | DONE => return status(payload).map(|()| Progress::Finished),
            _ => each(payload)?,
        }
        if !many {
            return Ok(Progress::Finished);
        }
    }
    Ok(Progress::More)
}

/// The error number that an error or the end of a dump carries; a dump ends with 0.
fn status(payload: &[u8]) -> Result<(), Errno> {
    match payload.first_chunk().map(|bytes| i32::from_ne_bytes(*bytes)) {
        None | Some(0) => Ok(()),
        // Error numbers are 1 to 4095 (MAX_ERRNO, linux/err.h); anything else is no answer.
        Some(code) => Err(match code.checked_neg() {
            Some(number @ 1..=4095) => Errno::from_raw_os_error(number),
            _ => Errno::IO,
        }),
    }
}
