//! `coroner diff`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use coroner_compare::{CrossView, Diff, Kinds, cross_view, diff, one_host};
use coroner_core::{Mode, Report};
use coroner_render::TextStyle;

use crate::audit::{all_plugins, read};
use crate::diff_args::{DiffArgs, DiffFormat};
use crate::failure::Failure;
use crate::output;
use crate::target::Target;

/// What comparing two reports came to.
enum Compared {
    OverTime(Box<Diff>),
    CrossView(Box<CrossView>),
}

pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    if let Some(path) = &args.output {
        Target::open(path)?;
    }
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    if !args.any_host && !one_host(&old, &new) {
        return Err(two_hosts(&old, &new));
    }
    let kinds = Kinds::of(&all_plugins()?);
    let compared = compare(&old, &new, &kinds, args.cross_view);
    write(&compared, args)?;
    Ok(ExitCode::from(compared.exit_status()))
}

fn load(path: &Path) -> Result<Report, Failure> {
    let wrong = |error| Failure::usage(format!("{}: {error}", path.display()));
    Report::from_json(&read(path)?).map_err(wrong)
}

fn two_hosts(old: &Report, new: &Report) -> Failure {
    let host = |report: &Report| format!("{} ({})", report.host.name, report.host.id);
    let (old, new) = (host(old), host(new));
    Failure::usage(format!(
        "the reports are of two hosts, {old} and {new}; --any-host compares them"
    ))
}

/// A live report and an offline one are two views of one disk, whichever is named first.
fn compare(old: &Report, new: &Report, kinds: &Kinds, asked: bool) -> Compared {
    match (old.run.mode, new.run.mode) {
        (Mode::Offline, Mode::Live) => Compared::CrossView(Box::new(cross_view(new, old, kinds))),
        (Mode::Live, Mode::Offline) => Compared::CrossView(Box::new(cross_view(old, new, kinds))),
        _ if asked => Compared::CrossView(Box::new(cross_view(old, new, kinds))),
        _ => Compared::OverTime(Box::new(diff(old, new, kinds))),
    }
}

fn write(compared: &Compared, args: &DiffArgs) -> Result<(), Failure> {
    let usual = if args.output.is_none() && output::is_terminal() {
        DiffFormat::Text
    } else {
        DiffFormat::Json
    };
    let format = args.format.unwrap_or(usual);
    let form = |style: TextStyle, out: &mut dyn Write| {
        compared.render(format, TextStyle { lang: args.lang.lang(), ..style }, out)
    };
    match &args.output {
        Some(path) => output::write_file(path, &form),
        None => output::write_stdout(&form),
    }
}

impl Compared {
    fn exit_status(&self) -> u8 {
        match self {
            Self::OverTime(diff) => diff.exit_status(),
            Self::CrossView(view) => view.exit_status(),
        }
    }

    fn render(&self, format: DiffFormat, style: TextStyle, out: &mut dyn Write) -> io::Result<()> {
        match (self, format) {
            (Self::OverTime(diff), DiffFormat::Text) => coroner_render::diff_text(diff, style, out),
            (Self::OverTime(diff), DiffFormat::Json) => coroner_render::json(diff.as_ref(), out),
            (Self::CrossView(view), DiffFormat::Text) => {
                coroner_render::cross_view_text(view, style, out)
            }
            (Self::CrossView(view), DiffFormat::Json) => coroner_render::json(view.as_ref(), out),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // tests
    use super::*;
    use coroner_core::{ItemType, shared_items};
    use serde_json::Value;

    /// Whether a schema has the field that a path of dots leads to.
    /// A field that may be absent is a choice of its type and nothing.
    fn has_field(schema: &Value, definitions: &Value, path: &str) -> bool {
        if let Some(choices) = schema["anyOf"].as_array() {
            return choices.iter().any(|choice| has_field(choice, definitions, path));
        }
        let name = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next());
        let schema = name.map_or(schema, |name| &definitions[name]);
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match schema.get("properties").and_then(|properties| properties.get(first)) {
            Some(_) if rest.is_empty() => true,
            Some(inner) => has_field(inner, definitions, rest),
            None => false,
        }
    }

    #[test]
    fn the_fields_that_kinds_call_moving_or_live_exist() {
        let own = all_plugins().unwrap();
        let own = own.iter().flat_map(|plugin| plugin.meta().items.iter().copied());
        let kinds: Vec<ItemType> = shared_items().into_iter().chain(own).collect();
        assert!(kinds.iter().any(|kind| !kind.nature.live.is_empty()));
        for kind in kinds {
            let mut generator = schemars::SchemaGenerator::default();
            let schema = (kind.schema)(&mut generator).to_value();
            let definitions = Value::Object(generator.take_definitions(true));
            let asked = kind.nature.kernel_where.map(|(field, _)| field);
            for path in kind.nature.moving.iter().chain(kind.nature.live).chain(&asked) {
                assert!(has_field(&schema, &definitions, path), "{}: {path}", kind.kind);
            }
        }
    }
}
