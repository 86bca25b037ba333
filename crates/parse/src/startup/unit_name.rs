//! Names of units: type, template and instance, and the drop-in directories that apply to them.

use crate::Text;

/// Kinds of units that start something or make something start (systemd.unit(5)).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the suffix of its unit files")]
pub enum UnitType {
    Service,
    Timer,
    Socket,
    Path,
    Target,
    Mount,
    Automount,
    Swap,
    Slice,
    Scope,
    Device,
}

impl UnitType {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Service, "service"),
        (Self::Timer, "timer"),
        (Self::Socket, "socket"),
        (Self::Path, "path"),
        (Self::Target, "target"),
        (Self::Mount, "mount"),
        (Self::Automount, "automount"),
        (Self::Swap, "swap"),
        (Self::Slice, "slice"),
        (Self::Scope, "scope"),
        (Self::Device, "device"),
    ];

    /// The suffix of the file name, without the dot.
    pub fn suffix(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, suffix)| suffix)
    }

    fn from_suffix(suffix: &[u8]) -> Option<Self> {
        let same = |(_, known): &&(Self, &str)| known.as_bytes() == suffix;
        Self::ALL.iter().find(same).map(|(kind, _)| *kind)
    }
}

/// `prefix[@[instance]].type`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitName {
    /// Before the `@`, or before the suffix.
    pub prefix: Text,
    /// After the `@`; empty for the template itself.
    pub instance: Option<Text>,
    /// From the suffix.
    pub kind: UnitType,
}

impl UnitName {
    /// Reads a file name; `None` when it does not name a unit.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let dot = memchr::memrchr(b'.', name)?;
        let (stem, suffix) = name.split_at_checked(dot)?;
        let kind = UnitType::from_suffix(suffix.get(1..)?)?;
        let (prefix, instance) = match memchr::memchr(b'@', stem) {
            Some(at) => (stem.get(..at)?, Some(Text::from(stem.get(at + 1..)?))),
            None => (stem, None),
        };
        (!prefix.is_empty()).then(|| Self { prefix: Text::from(prefix), instance, kind })
    }

    /// Whether this is `name@.type`.
    pub fn is_template(&self) -> bool {
        self.instance.as_ref().is_some_and(Text::is_empty)
    }

    /// The template this is an instance of.
    pub fn template(&self) -> Option<Text> {
        let instance = self.instance.as_ref()?;
        (!instance.is_empty()).then(|| self.named(b"@"))
    }

    /// The same name with another suffix: `a.timer` -> `a.service`.
    pub fn with_type(&self, kind: UnitType) -> Text {
        let mut stem = self.prefix.as_bytes().to_vec();
        if let Some(instance) = &self.instance {
            stem.push(b'@');
            stem.extend_from_slice(instance.as_bytes());
        }
        suffixed(&stem, kind)
    }

    /// The name of the template of the same prefix, of another type: `a.socket` -> `a@.service`.
    pub fn template_of_type(&self, kind: UnitType) -> Text {
        suffixed(&[self.prefix.as_bytes(), b"@"].concat(), kind)
    }

    fn named(&self, tail: &[u8]) -> Text {
        suffixed(&[self.prefix.as_bytes(), tail].concat(), self.kind)
    }

    /// Names of the `.d` directories whose drop-ins apply, the most specific first:
    /// `a-b@i.service.d`, `a-b@.service.d`, `a-.service.d`, `service.d`.
    pub fn drop_in_directories(&self) -> Vec<Text> {
        let mut names = vec![self.with_type(self.kind)];
        names.extend(self.template());
        let prefix = self.prefix.as_bytes();
        let dashes: Vec<usize> = memchr::memchr_iter(b'-', prefix).collect();
        for dash in dashes.into_iter().rev().filter(|dash| dash + 1 < prefix.len()) {
            names.push(suffixed(prefix.get(..=dash).unwrap_or_default(), self.kind));
        }
        names.push(Text::from(self.kind.suffix()));
        names.into_iter().map(|name| Text::new([name.as_bytes(), b".d"].concat())).collect()
    }
}

fn suffixed(stem: &[u8], kind: UnitType) -> Text {
    Text::new([stem, b".", kind.suffix().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn templates_and_instances_are_told_apart() {
        let template = UnitName::parse(b"getty@.service").unwrap();
        assert!(template.is_template());
        let instance = UnitName::parse(b"getty@tty1.service").unwrap();
        assert_eq!(instance.template(), Some(Text::from("getty@.service")));
        assert_eq!(UnitName::parse(b"ssh.service").unwrap().template(), None);
    }

    #[test]
    fn a_name_may_hold_dots() {
        let name = UnitName::parse(b"dbus-org.freedesktop.resolve1.service").unwrap();
        assert_eq!(name.prefix, "dbus-org.freedesktop.resolve1");
    }

    #[test]
    fn other_files_are_not_units() {
        for name in [&b"README"[..], b"ssh.service~", b".service", b"x.conf", b""] {
            assert_eq!(UnitName::parse(name), None);
        }
    }

    #[test]
    fn drop_in_directories_go_from_the_instance_to_the_type() {
        let names = UnitName::parse(b"a-b-c@i.service").unwrap().drop_in_directories();
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let wanted = [
            "a-b-c@i.service.d",
            "a-b-c@.service.d",
            "a-b-.service.d",
            "a-.service.d",
            "service.d",
        ];
        assert_eq!(names, wanted);
    }

    proptest! {
        #[test]
        fn any_name_parses_and_comes_back(bytes: Vec<u8>) {
            if let Some(name) = UnitName::parse(&bytes) {
                prop_assert_eq!(name.with_type(name.kind).into_bytes(), bytes);
            }
        }
    }
}
