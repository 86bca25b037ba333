//! `coroner diff`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use coroner_compare::{CrossView, Diff, Kinds, cross_view, diff, one_host};
use coroner_core::{Mode, Report};
use coroner_render::TextStyle;

use crate::args::{DiffArgs, DiffFormat};
use crate::audit::{all_plugins, read};
use crate::output::{self, Failure};

/// What comparing two reports came to.
enum Compared {
    OverTime(Box<Diff>),
    CrossView(Box<CrossView>),
}

pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    if let Some(path) = &args.output {
        output::check_path(path)?;
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
    let form = |style: TextStyle, out: &mut dyn Write| compared.render(format, style, out);
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
