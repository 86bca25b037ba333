//! Where reports and other answers go: whole, or not at all.

use std::cell::OnceCell;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use coroner_core::Report;
use coroner_render::{Lang, TextStyle};
use serde_json::Value;

use crate::failure::Failure;
use crate::output_args::{Format, OutputArgs};
use crate::own_medium;
use crate::target::{Fill, Target};

/// Written to standard output in one call.
const CHUNK: usize = 1 << 16;

/// Writes one form of what is to be told.
pub(crate) type Form<'a> = &'a dyn Fn(TextStyle, &mut dyn Write) -> io::Result<()>;

/// A report as it is told: its JSON is made once, for whoever reads it and for the state folder.
pub(crate) struct Told<'r> {
    report: &'r Report,
    json: OnceCell<Vec<u8>>,
}

impl<'r> Told<'r> {
    pub(crate) fn of(report: &'r Report) -> Self {
        Self { report, json: OnceCell::new() }
    }

    pub(crate) fn report(&self) -> &'r Report {
        self.report
    }

    pub(crate) fn json(&self) -> io::Result<&[u8]> {
        if let Some(json) = self.json.get() {
            return Ok(json);
        }
        let mut json = Vec::new();
        coroner_render::json(self.report, &mut json)?;
        Ok(self.json.get_or_init(|| json))
    }

    fn render(&self, format: Format, style: TextStyle, out: &mut dyn Write) -> io::Result<()> {
        let report = self.report;
        match format {
            Format::Text => coroner_render::text(report, style, out),
            Format::Html => coroner_render::html(report, style.lang, out),
            Format::Json => out.write_all(self.json()?),
            Format::Ndjson => coroner_render::ndjson(report, out),
            Format::Ocsf => coroner_render::ocsf(report, out),
            Format::Syslog => coroner_render::syslog(report, out),
            Format::Prometheus => coroner_render::prometheus(report, out),
        }
    }
}

/// Where one report goes, as files that are held.
#[derive(Debug)]
pub(crate) struct Outputs {
    main: Option<Target>,
    also: Vec<(Format, Target)>,
    lang: Lang,
}

impl Outputs {
    /// Refuses at once what would only fail after minutes of work.
    pub(crate) fn open(args: &OutputArgs) -> Result<Self, Failure> {
        let main = args.output.as_deref().map(Target::open).transpose()?;
        let also = args.also.iter().map(|(format, path)| Ok((*format, Target::open(path)?)));
        let outputs =
            Self { main, also: also.collect::<Result<_, Failure>>()?, lang: args.lang.lang() };
        let files: Vec<&Path> = outputs.targets().map(Target::path).collect();
        let twice =
            files.iter().enumerate().find(|(at, file)| files.iter().take(*at).any(|f| f == *file));
        if let Some((_, file)) = twice {
            let problem = format!("{}: two outputs cannot be one file", file.display());
            return Err(Failure::usage(problem));
        }
        Ok(outputs)
    }

    /// Every file.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.main.iter().chain(self.also.iter().map(|(_, target)| target))
    }

    /// Writes a report where it was asked for.
    pub(crate) fn write(&self, told: &Told<'_>, format: Option<Format>) -> Result<(), Failure> {
        let form = |format: Format| {
            move |style: TextStyle, out: &mut dyn Write| {
                told.render(format, TextStyle { lang: self.lang, ..style }, out)
            }
        };
        let usual = if self.main.is_none() && is_terminal() { Format::Text } else { Format::Json };
        let main = form(format.unwrap_or(usual));
        let main = self
            .main
            .as_ref()
            .map_or_else(|| write_stdout(&main), |target| write_form(target, &main));
        // One that fails does not keep the others from being written.
        let also = self.also.iter().map(|(format, target)| write_form(target, &form(*format)));
        also.fold(main, Result::and)
    }
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(crate) fn write_stdout(form: Form<'_>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(CHUNK, io::stdout().lock());
    let written = form(style(is_terminal()), &mut out).and_then(|()| out.flush());
    match written {
        // Whoever read it has seen enough; the exit status still carries the verdict.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::Broken(format!("standard output: {error}"))),
    }
}

fn style(terminal: bool) -> TextStyle {
    let color = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let width = size.map(|size| usize::from(size.ws_col)).filter(|&columns| columns >= 60);
    TextStyle { color, width: width.unwrap_or(100).min(120), ..TextStyle::default() }
}

pub(crate) fn write_file(path: &Path, form: Form<'_>) -> Result<(), Failure> {
    write_form(&Target::open(path)?, form)
}

fn write_form(target: &Target, form: Form<'_>) -> Result<(), Failure> {
    replace(target, "report", &mut |out| form(TextStyle::default(), out))
}

/// Writes a file, and says what was read back of it: to a person, and always from a medium.
pub(crate) fn replace(target: &Target, what: &str, fill: &mut Fill<'_>) -> Result<(), Failure> {
    let delivered = target.write(what, fill)?;
    let mut errors = io::stderr();
    if errors.is_terminal() || own_medium::own().is_some() {
        let (path, hash) = (target.path().display(), delivered.sha256.hex());
        let (size, way) = (delivered.size, delivered.way.words());
        let _ = writeln!(errors, "coroner: {path}: {size} bytes, SHA-256 {hash}, {way}");
    }
    Ok(())
}

/// Prints text that is made already.
pub(crate) fn print(text: &str) -> Result<ExitCode, Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Broken(format!("standard output: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// A document for people and programs.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
