//! D-Bus service files (activation) and policies (who may own a name).
//!
//! dbus-daemon(1) and the "Message Bus Starting Services" part of the D-Bus specification.

use roxmltree::{Document, Node, ParsingOptions};

use crate::{BadLine, Text};

use super::ini;

/// One grant is enough to judge; finding the line of each costs a pass over the file.
const MOST_GRANTS: usize = 256;
/// A policy with more nodes than this is no policy.
const MOST_NODES: u32 = 50_000;

/// `[D-BUS Service]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DbusService {
    /// The bus name that starts it.
    pub name: Text,
    /// The command.
    pub exec: Text,
    /// Line of `Exec=`.
    pub exec_line: u32,
    /// On the system bus: who it runs as.
    pub user: Text,
    /// Started through this unit instead.
    pub systemd_service: Text,
    /// Lines that could not be read.
    pub bad: Vec<BadLine>,
}

impl DbusService {
    /// Reads a file of a `services` or `system-services` directory.
    pub fn parse(content: &[u8]) -> Self {
        let (entries, bad) = ini::read(content);
        let mut service = Self { bad, ..Self::default() };
        for entry in entries.into_iter().filter(|entry| entry.section == "D-BUS Service") {
            match entry.key.as_bytes() {
                b"Name" => service.name = entry.value,
                b"Exec" => {
                    service.exec = entry.value;
                    service.exec_line = entry.line;
                }
                b"User" => service.user = entry.value,
                b"SystemdService" => service.systemd_service = entry.value,
                _ => {}
            }
        }
        service
    }
}

/// An `<allow own="..."/>` for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnGrant {
    /// Counted from 1.
    pub line: u32,
    /// The bus name, or a prefix of names, or `*`.
    pub name: Text,
    /// `own_prefix`: the name and all names below it.
    pub prefix: bool,
}

impl OwnGrant {
    /// Whether it lets everybody own `name`.
    pub fn covers(&self, name: &Text) -> bool {
        let (granted, name) = (self.name.as_bytes(), name.as_bytes());
        let below = name.strip_prefix(granted).is_some_and(|rest| rest.starts_with(b"."));
        granted == b"*" || granted == name || (self.prefix && below)
    }
}

/// A policy that is not the XML it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a bus configuration: {0}")]
pub struct BadPolicy(String);

/// The names that `<policy context="default">` (or `mandatory`) lets everybody own.
///
/// # Errors
/// The file is not UTF-8 or not well-formed XML.
pub fn own_grants(content: &[u8]) -> Result<Vec<OwnGrant>, BadPolicy> {
    let text = std::str::from_utf8(content).map_err(|error| BadPolicy(error.to_string()))?;
    // Each of these files names the busconfig DTD; roxmltree fetches nothing and bounds entities.
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| BadPolicy(error.to_string()))?;
    let rules = document.descendants().filter(|node| node.has_tag_name("allow"));
    let everybody = rules.filter(|rule| rule.parent().is_some_and(is_for_everybody));
    Ok(everybody.filter_map(|rule| grant(&document, rule)).take(MOST_GRANTS).collect())
}

fn is_for_everybody(policy: Node<'_, '_>) -> bool {
    policy.has_tag_name("policy")
        && matches!(policy.attribute("context"), Some("default" | "mandatory"))
}

fn grant(document: &Document<'_>, rule: Node<'_, '_>) -> Option<OwnGrant> {
    let (name, prefix) = match (rule.attribute("own"), rule.attribute("own_prefix")) {
        (Some(name), _) => (name, false),
        (None, Some(name)) => (name, true),
        (None, None) => return None,
    };
    let line = document.text_pos_at(rule.range().start).row;
    Some(OwnGrant { line, name: Text::from(name), prefix })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration \
        1.0//EN\" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n";

    fn grants(body: &str) -> Vec<OwnGrant> {
        own_grants(format!("{HEAD}<busconfig>\n{body}</busconfig>\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_name_everybody_may_own_is_found_with_its_line() {
        let got = grants("<policy context=\"default\">\n<allow own=\"org.x\"/>\n</policy>\n");
        assert_eq!(got, [OwnGrant { line: 4, name: "org.x".into(), prefix: false }]);
    }

    #[test]
    fn a_name_one_user_may_own_is_not() {
        assert!(grants("<policy user=\"root\"><allow own=\"org.x\"/></policy>").is_empty());
        assert!(grants("<policy context=\"default\"><deny own=\"*\"/></policy>").is_empty());
    }

    #[test]
    fn a_prefix_covers_names_below_it_and_not_names_beside_it() {
        let grant = OwnGrant { line: 1, name: "org.x".into(), prefix: true };
        assert!(grant.covers(&"org.x.y".into()) && !grant.covers(&"org.xy".into()));
    }

    #[test]
    fn a_service_file_gives_command_user_and_unit() {
        let got = DbusService::parse(
            b"[D-BUS Service]\nName=org.x\nExec=/usr/local/bin/x --a\nUser=root\n",
        );
        assert_eq!((got.exec.clone(), got.exec_line), (Text::from("/usr/local/bin/x --a"), 3));
        assert_eq!(got.user, "root");
    }

    #[test]
    fn entities_that_grow_without_bound_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&a;&a;\">]><a>&a;</a>";
        assert!(own_grants(bomb.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            let _ = own_grants(&bytes);
            DbusService::parse(&bytes);
        }
    }
}
