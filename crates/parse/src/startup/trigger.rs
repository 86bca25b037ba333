//! What makes a timer, socket or path unit act, and which unit it starts.

use crate::Text;

use super::exec::split_words;
use super::merge::Merged;
use super::unit_name::{UnitName, UnitType};

/// Settings of `[Timer]` that say when; an empty one of them resets all (systemd.timer(5)).
const TIMER_KEYS: &[&str] = &[
    "OnActiveSec",
    "OnBootSec",
    "OnStartupSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
    "OnCalendar",
    "OnTimezoneChange",
    "OnClockChange",
];
const SOCKET_KEYS: &[&str] = &[
    "ListenStream",
    "ListenDatagram",
    "ListenSequentialPacket",
    "ListenFIFO",
    "ListenSpecial",
    "ListenNetlink",
    "ListenMessageQueue",
    "ListenUSBFunction",
];
const PATH_KEYS: &[&str] =
    &["PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"];

/// The units a timer, socket or path unit starts; empty for other types.
pub fn starts<F: Clone>(name: &UnitName, unit: &Merged<F>) -> Vec<Text> {
    match name.kind {
        UnitType::Timer => vec![named_or_same(name, unit, "Timer", "Unit")],
        UnitType::Path => vec![named_or_same(name, unit, "Path", "Unit")],
        UnitType::Socket if unit.is_on("Socket", "Accept") => {
            vec![name.template_of_type(UnitType::Service)]
        }
        UnitType::Socket => vec![named_or_same(name, unit, "Socket", "Service")],
        _ => Vec::new(),
    }
}

fn named_or_same<F: Clone>(name: &UnitName, unit: &Merged<F>, section: &str, key: &str) -> Text {
    let named = unit.last(section, key).map(|entry| entry.setting.value.clone());
    named.unwrap_or_else(|| name.with_type(UnitType::Service))
}

/// When or on what the unit acts: `OnCalendar=daily`, `ListenStream=9001`.
pub fn conditions<F: Clone>(name: &UnitName, unit: &Merged<F>) -> Vec<Text> {
    let (section, keys) = match name.kind {
        UnitType::Timer => ("Timer", TIMER_KEYS),
        UnitType::Socket => ("Socket", SOCKET_KEYS),
        UnitType::Path => ("Path", PATH_KEYS),
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    for entry in unit.settings().iter().filter(|entry| entry.setting.section == section) {
        let setting = &entry.setting;
        let listed = keys.iter().any(|key| setting.key == *key);
        match (listed, setting.value.is_empty()) {
            (true, true) => found.clear(),
            (true, false) => found.push(joined(&setting.key, &setting.value)),
            (false, _) => {}
        }
    }
    found
}

fn joined(key: &Text, value: &Text) -> Text {
    Text::new([key.as_bytes(), b"=", value.as_bytes()].concat())
}

/// The units named in a blank-separated setting such as `WantedBy=` or `Alias=`.
pub fn named_units<F: Clone>(unit: &Merged<F>, section: &str, key: &str) -> Vec<Text> {
    let values = unit.list(section, key);
    values.iter().flat_map(|entry| split_words(entry.setting.value.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::startup::unit::UnitFile;

    fn unit(text: &str) -> Merged<()> {
        Merged::new([((), UnitFile::parse(text.as_bytes()))])
    }

    fn started(name: &str, text: &str) -> String {
        let name = UnitName::parse(name.as_bytes()).unwrap();
        starts(&name, &unit(text))[0].to_string()
    }

    #[test]
    fn a_timer_starts_the_service_of_its_name_unless_it_names_another() {
        assert_eq!(started("a.timer", "[Timer]\nOnCalendar=daily\n"), "a.service");
        assert_eq!(started("a.timer", "[Timer]\nUnit=b.service\n"), "b.service");
        assert_eq!(started("a@x.timer", "[Timer]\n"), "a@x.service");
    }

    #[test]
    fn a_socket_that_accepts_starts_instances_of_a_template() {
        assert_eq!(started("a.socket", "[Socket]\nAccept=yes\n"), "a@.service");
        assert_eq!(started("a.socket", "[Socket]\nService=c.service\n"), "c.service");
    }

    #[test]
    fn an_empty_time_resets_all_times() {
        let name = UnitName::parse(b"a.timer").unwrap();
        let text = "[Timer]\nOnBootSec=5\nOnCalendar=daily\nOnCalendar=\nOnCalendar=minutely\n";
        let got = conditions(&name, &unit(text));
        assert_eq!(got, [Text::from("OnCalendar=minutely")]);
    }

    #[test]
    fn wanted_by_may_name_several_targets() {
        let names =
            named_units(&unit("[Install]\nWantedBy=a.target b.target\n"), "Install", "WantedBy");
        assert_eq!(names.len(), 2);
    }
}
