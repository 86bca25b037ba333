//! From the files of a unit to the unit: fragment and drop-ins merged, commands taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coroner_core::{Cx, HostPath, Launch, Text, Trigger};
use coroner_parse::startup::exec;
use coroner_parse::startup::merge::{Merged, Sourced, effective_drop_ins};
use coroner_parse::startup::search::UnitPlace;
use coroner_parse::startup::trigger;
use coroner_parse::startup::unit::UnitFile;
use coroner_parse::startup::unit_name::{UnitName, UnitType};

use super::index::{Candidate, DropIn, Index};
use super::items::{Unit, UnitCommand};
use super::manager::Manager;
use crate::environment;

/// Drop-ins read for one unit; nobody has this many.
const MOST_DROP_INS: usize = 128;
/// Every setting that holds commands begins with this (systemd.service(5), systemd.socket(5)).
const COMMANDS: &[u8] = b"Exec";

/// Reads units; remembers files that many units share.
pub(super) struct Loader {
    files: BTreeMap<HostPath, Option<Arc<UnitFile>>>,
    room: usize,
}

/// A unit before it is known who triggers it.
struct Loaded {
    unit: Unit,
    merged: Merged<HostPath>,
}

impl Loader {
    pub(super) fn with_room(room: usize) -> Self {
        Self { files: BTreeMap::new(), room }
    }

    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Emits every unit that `own` has a file or a drop-in of; `common` holds what lies below it.
    pub(super) fn units(
        &mut self,
        cx: &mut Cx<'_>,
        manager: &Manager,
        own: &Index,
        common: &Index,
    ) {
        let mut loaded = Vec::new();
        for name in names(own) {
            if self.room == 0 || cx.deadline().is_over() {
                break;
            }
            loaded.extend(self.load(cx, manager, &name, [own, common]));
        }
        let triggers = triggers(&loaded);
        for mut one in loaded {
            let name = one.unit.name.clone();
            let trigger = triggers.get(&name).copied();
            one.unit.enabled = !one.unit.masked && is_enabled(&one, own, trigger.is_some());
            let usual = if manager.from_boot { Trigger::Boot } else { Trigger::Login };
            launches(cx, &one.unit, trigger.unwrap_or(usual));
            environment::of_unit(cx, &one.merged);
            if one.unit.enabled {
                environment::files_of_unit(cx, &one.merged);
            }
            cx.emit(one.unit);
        }
    }

    fn load(
        &mut self,
        cx: &mut Cx<'_>,
        manager: &Manager,
        name: &Text,
        from: [&Index; 2],
    ) -> Option<Loaded> {
        let parsed = UnitName::parse(name.as_bytes())?;
        let candidates = candidates(&parsed, name, from);
        let file = candidates.first()?;
        let masked =
            file.is_link && cx.read_link(&file.path).is_some_and(|target| target == "/dev/null");
        let fragment = if masked { None } else { self.file(cx, &file.path) };
        let linked_to = if file.is_link && !masked { cx.resolve(&file.path) } else { None };
        let mut parts = vec![(file.path.clone(), fragment.as_deref().cloned().unwrap_or_default())];
        for drop_in in drop_ins(cx, &parsed, from) {
            let read = self.file(cx, &drop_in);
            parts.extend(read.map(|file| (drop_in, UnitFile::clone(&file))));
        }
        let drop_ins = parts.iter().skip(1).map(|(path, _)| path.clone()).collect();
        let masked = masked || fragment.as_ref().is_none_or(|file| file.settings.is_empty());
        let merged = Merged::new(parts);
        let unit = Unit {
            manager: manager.label.clone(),
            name: name.clone(),
            unit_type: parsed.kind,
            file: file.path.clone(),
            linked_to,
            place: file.place,
            hides: hidden_by(&candidates),
            drop_ins,
            enabled: false,
            masked,
            user: user(&merged, manager),
            commands: if masked { Vec::new() } else { self.commands(&merged) },
            conditions: trigger::conditions(&parsed, &merged),
            starts: trigger::starts(&parsed, &merged),
        };
        want(cx, &unit);
        Some(Loaded { unit, merged })
    }

    fn file(&mut self, cx: &mut Cx<'_>, path: &HostPath) -> Option<Arc<UnitFile>> {
        if let Some(known) = self.files.get(path) {
            return known.clone();
        }
        let content = cx.read(path);
        let parsed = content.map(|content| Arc::new(UnitFile::parse(&content.bytes)));
        for bad in parsed.iter().flat_map(|file| &file.bad) {
            cx.bad_line(path, bad);
        }
        self.files.insert(path.clone(), parsed.clone());
        parsed
    }

    fn commands(&mut self, merged: &Merged<HostPath>) -> Vec<UnitCommand> {
        let mut keys: Vec<(&Text, &Text)> = Vec::new();
        for entry in merged.settings() {
            let pair = (&entry.setting.section, &entry.setting.key);
            if pair.1.as_bytes().starts_with(COMMANDS) && !keys.contains(&pair) && keys.len() < 32 {
                keys.push(pair);
            }
        }
        let text = |text: &Text| text.lossy().into_owned();
        let mut commands = Vec::new();
        for (section, key) in keys {
            for entry in merged.list(&text(section), &text(key)) {
                if self.room > 0 {
                    self.room -= 1;
                    commands.extend(command(entry));
                }
            }
        }
        commands
    }
}

/// The commands of one setting as one: they run one after the other.
fn command(entry: &Sourced<HostPath>) -> Option<UnitCommand> {
    let commands = exec::commands(entry.setting.value.as_bytes());
    let program = commands.first()?.program.clone();
    let lines: Vec<Vec<u8>> = commands.iter().map(|one| one.command_line().into_bytes()).collect();
    Some(UnitCommand {
        setting: entry.setting.key.clone(),
        program,
        command: Text::new(lines.join(&b" ; "[..])),
        file: entry.file.clone(),
        line: entry.setting.line,
    })
}

/// Every unit with a file, and every instance that has only a drop-in.
fn names(index: &Index) -> BTreeSet<Text> {
    let mut names: BTreeSet<Text> = index.units.keys().cloned().collect();
    let directories = index.drop_ins.keys().filter_map(|name| name.as_bytes().strip_suffix(b".d"));
    let whole = directories.filter(|name| UnitName::parse(name).is_some() && !name.contains(&b'*'));
    names.extend(whole.map(Text::from));
    names
}

/// Files of this name, then of its template, the strongest first.
fn candidates<'a>(parsed: &UnitName, name: &Text, from: [&'a Index; 2]) -> Vec<&'a Candidate> {
    let of = |name: &Text| -> Vec<&'a Candidate> {
        from.iter().flat_map(|index| index.units.get(name).into_iter().flatten()).collect()
    };
    let own = of(name);
    if own.is_empty() { parsed.template().map_or(own, |template| of(&template)) } else { own }
}

fn hidden_by(candidates: &[&Candidate]) -> Option<HostPath> {
    let weaker = candidates.iter().skip(1).find(|file| file.place == UnitPlace::Vendor)?;
    Some(weaker.path.clone())
}

fn drop_ins(cx: &mut Cx<'_>, name: &UnitName, from: [&Index; 2]) -> Vec<HostPath> {
    let own = name.with_type(name.kind);
    let mut directories = name.drop_in_directories();
    for alias in from.iter().flat_map(|index| index.aliases.get(&own).into_iter().flatten()) {
        directories.push(Text::new([alias.as_bytes(), b".d"].concat()));
    }
    let in_order = from.iter().flat_map(|index| {
        directories.iter().flat_map(|dir| index.drop_ins.get(dir).into_iter().flatten())
    });
    let named = in_order.map(|drop_in| (drop_in.name.clone(), drop_in));
    let mut chosen = effective_drop_ins(named);
    if chosen.len() > MOST_DROP_INS {
        chosen.truncate(MOST_DROP_INS);
        if let Some(last) = chosen.last() {
            cx.gap_because(
                &last.path,
                coroner_core::Blocked::TooLarge,
                "more drop-ins than are read",
            );
        }
    }
    let masks = |cx: &mut Cx<'_>, drop_in: &DropIn| {
        drop_in.is_link && cx.read_link(&drop_in.path).is_some_and(|target| target == "/dev/null")
    };
    chosen.into_iter().filter(|drop_in| !masks(cx, drop_in)).map(|one| one.path.clone()).collect()
}

fn user(merged: &Merged<HostPath>, manager: &Manager) -> Option<Text> {
    let said = merged.last("Service", "User").map(|entry| entry.setting.value.clone());
    said.or_else(|| manager.account.clone())
}

/// Asks for the files that a rule may weigh, also when the unit has no command.
fn want(cx: &mut Cx<'_>, unit: &Unit) {
    let paths = [Some(&unit.file), unit.linked_to.as_ref(), unit.hides.as_ref()];
    for path in paths.into_iter().flatten().chain(&unit.drop_ins) {
        cx.want(path);
    }
}

/// The units that timers, sockets and paths start, and by what.
fn triggers(loaded: &[Loaded]) -> BTreeMap<Text, Trigger> {
    let mut found = BTreeMap::new();
    for one in loaded {
        let trigger = match one.unit.unit_type {
            UnitType::Timer => Trigger::Time,
            _ => Trigger::Activation,
        };
        for started in &one.unit.starts {
            found.insert(started.clone(), trigger);
        }
    }
    found
}

/// A link pulls it in, something triggers it, or it needs neither: it has no `[Install]` section.
fn is_enabled(one: &Loaded, index: &Index, triggered: bool) -> bool {
    let name = &one.unit.name;
    let aliases = index.aliases.get(name);
    let mut names = std::iter::once(name).chain(aliases.into_iter().flatten());
    triggered
        || aliases.is_some()
        || names.any(|name| index.pulled_in.contains(name))
        || one.unit.is_written_by_machine()
        || !one.merged.has_section("Install")
}

fn launches(cx: &mut Cx<'_>, unit: &Unit, trigger: Trigger) {
    for command in &unit.commands {
        cx.launch(Launch {
            trigger,
            user: unit.user.clone(),
            command: command.command.clone(),
            file: command.file.clone(),
            line: command.line,
            name: unit.name.clone(),
            enabled: unit.enabled,
            programs: absolute(&command.program),
        });
    }
}

fn absolute(program: &Text) -> Vec<HostPath> {
    let plain = program.as_bytes().starts_with(b"/") && !program.as_bytes().contains(&b'%');
    plain.then(|| HostPath::new(program.as_bytes())).into_iter().collect()
}
