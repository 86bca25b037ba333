//! qemu's `first,key=value,flag` option strings, where `,,` stands for a comma (qemu(1)).

use crate::Text;

/// One option string, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    parts: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Options {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self { parts: split(text).into_iter().map(pair).collect() }
    }

    /// The first part when it stands alone: the kind, the display, the name.
    pub(super) fn first(&self) -> Option<&[u8]> {
        let (key, value) = self.parts.first()?;
        value.is_none().then_some(key.as_slice())
    }

    /// The last value given for `key`, as qemu takes it.
    pub(super) fn get(&self, key: &str) -> Option<&[u8]> {
        let given = self.parts.iter().rev().find(|(name, _)| name == key.as_bytes());
        given.and_then(|(_, value)| value.as_deref())
    }

    pub(super) fn text(&self, key: &str) -> Option<Text> {
        self.get(key).map(Text::from)
    }

    pub(super) fn number(&self, key: &str) -> Option<u16> {
        std::str::from_utf8(self.get(key)?).ok()?.parse().ok()
    }

    /// `key`, `key=on` and `key=yes` are on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        let given = self.parts.iter().rev().find(|(name, _)| name == key.as_bytes());
        given.is_some_and(|(_, value)| {
            matches!(value.as_deref(), None | Some(b"on" | b"yes" | b"true"))
        })
    }

    /// `key` is there, with any value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.parts.iter().any(|(name, _)| name == key.as_bytes())
    }
}

fn split(text: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b',' && bytes.next_if_eq(&b',').is_some();
        match parts.last_mut() {
            Some(part) if byte != b',' || escaped => part.push(byte),
            _ => parts.push(Vec::new()),
        }
    }
    parts
}

fn pair(part: Vec<u8>) -> (Vec<u8>, Option<Vec<u8>>) {
    match memchr::memchr(b'=', &part).and_then(|at| part.split_at_checked(at)) {
        Some((key, value)) => (key.to_vec(), value.get(1..).map(<[u8]>::to_vec)),
        None => (part, None),
    }
}

/// `HOST:PORT` at its last colon, without the brackets of an IPv6 address.
pub(super) fn host_and_port(text: &[u8]) -> (Text, Option<u16>) {
    let Some((host, port)) = memchr::memrchr(b':', text).and_then(|at| text.split_at_checked(at))
    else {
        return (bare(text), None);
    };
    let port = port.get(1..).and_then(|port| std::str::from_utf8(port).ok());
    (bare(host), port.and_then(|port| port.parse().ok()))
}

fn bare(host: &[u8]) -> Text {
    let inner = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]"));
    Text::from(inner.unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_commas_are_commas_and_the_last_of_a_key_counts() {
        let options = Options::parse(b"guest=a,,b,debug-threads=on,x=1,x=2,flag");
        assert_eq!(options.get("guest").unwrap(), b"a,b");
        assert_eq!(options.number("x"), Some(2));
        assert!(options.is_on("flag") && options.is_on("debug-threads") && !options.has("y"));
        assert_eq!(options.first(), None);
    }

    #[test]
    fn ipv6_addresses_lose_their_brackets() {
        assert_eq!(host_and_port(b"[::]:7"), ("::".into(), Some(7)));
        assert_eq!(host_and_port(b":0"), ("".into(), Some(0)));
        assert_eq!(host_and_port(b"0.0.0.0"), ("0.0.0.0".into(), None));
    }

    proptest::proptest! {
        #[test]
        fn what_is_escaped_comes_back(value: Vec<u8>) {
            let escaped: Vec<u8> = value.iter().flat_map(|&b| if b == b',' { vec![b, b] } else { vec![b] }).collect();
            let text = [b"k=".as_slice(), &escaped].concat();
            let options = Options::parse(&text);
            proptest::prop_assert_eq!(options.get("k").unwrap(), value.as_slice());
        }
    }
}
