//! What an item names that other hosts may name too: hashes, paths, key fingerprints, addresses,
//! commands. Told by their shape, so that kinds of later versions are understood.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use coroner_core::Item;
use serde_json::Value;

use crate::identity::bounded;

/// Most marks that one item leaves.
const MOST: usize = 64;
/// Fields whose text is a command.
const COMMANDS: [&str; 5] = ["command", "command_line", "cmdline", "args", "exec"];

/// One thing that an item names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// `hash`, `path`, `fingerprint`, `address` or `command`.
    pub(crate) what: &'static str,
    pub(crate) value: String,
}

/// What an item names, each once.
pub(crate) fn marks(item: &Item) -> BTreeSet<Mark> {
    let mut out = BTreeSet::new();
    for (name, value) in &item.fields {
        gather(name, value, &mut out);
    }
    out
}

fn gather(name: &str, value: &Value, out: &mut BTreeSet<Mark>) {
    if out.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) => out.extend(mark(name, text)),
        Value::Array(list) => list.iter().for_each(|value| gather(name, value, out)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| gather(name, value, out));
        }
        _ => {}
    }
}

fn mark(name: &str, text: &str) -> Option<Mark> {
    let found = |what, value: &str| Some(Mark { what, value: bounded(value) });
    if COMMANDS.contains(&name) && !text.is_empty() {
        return found("command", text);
    }
    if let Some(address) = address(text) {
        return found("address", &address);
    }
    match text {
        _ if is_digest(text) => found("hash", text),
        _ if text.starts_with("SHA256:") || text.starts_with("MD5:") => found("fingerprint", text),
        _ if text.starts_with('/') && !text.contains('\n') => found("path", text),
        _ => None,
    }
}

fn is_digest(text: &str) -> bool {
    let hex = text.rsplit_once(':').map_or(text, |(_, hex)| hex);
    matches!(hex.len(), 32 | 40 | 64 | 128) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address without its port, so that it is one value for all its ports.
fn address(text: &str) -> Option<String> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let ip = bare.or_else(with_port)?;
    (!ip.is_unspecified() && !ip.is_loopback()).then(|| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use coroner_core::Text;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(fields: &Value) -> Vec<(&'static str, String)> {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let item = Item { kind: "x".to_owned(), key: Text::from("x"), normal: None, fields };
        marks(&item).into_iter().map(|mark| (mark.what, mark.value)).collect()
    }

    #[test]
    fn hashes_addresses_keys_paths_and_commands_are_told_apart_by_shape() {
        let fields = json!({
            "sha256": "a".repeat(64),
            "peer": "203.0.113.9:5900",
            "key": {"fingerprint": "SHA256:abc"},
            "programs": ["/usr/bin/x"],
            "command": "x | sh",
            "name": "plain",
        });
        let marks = of(&fields);
        let values: Vec<_> = marks.iter().map(|(what, _)| *what).collect();
        assert_eq!(values, ["address", "command", "fingerprint", "hash", "path"]);
        assert!(marks.contains(&("address", "203.0.113.9".to_owned())));
    }

    #[test]
    fn what_every_host_has_is_no_address() {
        assert!(of(&json!({"a": "127.0.0.1", "b": "0.0.0.0:22", "c": "::1"})).is_empty());
    }

    proptest! {
        #[test]
        fn an_item_leaves_a_bounded_number_of_bounded_marks(paths in proptest::collection::vec("/[a-z]{1,900}", 0..200)) {
            let marks = of(&json!({"paths": paths}));
            prop_assert!(marks.len() <= MOST);
            prop_assert!(marks.iter().all(|(_, value)| value.len() < 500));
        }
    }
}
