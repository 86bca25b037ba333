//! Connections of the incident: the stranger on the guest's console, and an ssh session that must not suffer.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::site::PEER;
use crate::throttle_lab::{Lab, inside};

/// A viewer from an address of the internet, which got qemu's greeting.
pub(crate) fn console(net: &Lab) -> TcpStream {
    let viewer = inside(&net.far, || {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddrV4::new(PEER.parse().unwrap(), 0)).unwrap();
        connect(&socket, &"192.0.2.10:5900".parse::<SocketAddrV4>().unwrap()).unwrap();
        let mut stream = TcpStream::from(socket);
        let mut greeting = [0; 12];
        stream.read_exact(&mut greeting).unwrap();
        assert_eq!(&greeting, b"RFB 003.008\n");
        stream
    });
    viewer.join().unwrap()
}

/// A connection to port 22 of the host, which sends back what it gets.
pub(crate) struct Ssh(TcpStream);

impl Ssh {
    pub(crate) fn open(net: &Lab) -> Self {
        let listener = inside(&net.near, || TcpListener::bind("192.0.2.10:22").unwrap());
        let listener = listener.join().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1 << 14];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&buffer[..length]).unwrap();
            }
        });
        let client = inside(&net.far, || TcpStream::connect("192.0.2.10:22").unwrap());
        Self(client.join().unwrap())
    }

    /// So many bytes go there and come back whole.
    pub(crate) fn carries(&mut self, bytes: usize) {
        let sent: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        let mut out = self.0.try_clone().unwrap();
        let copy = sent.clone();
        let sending = std::thread::spawn(move || out.write_all(&copy).unwrap());
        let mut back = vec![0; bytes];
        self.0.read_exact(&mut back).unwrap();
        sending.join().unwrap();
        assert!(back == sent, "it came back otherwise");
    }
}
