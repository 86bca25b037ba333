//! Where reports go, and how failures are said: one line, the right status, nothing half-written.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use coroner_core::Report;
use coroner_render::{Fill, TextStyle, directory};

use crate::args::{Format, OutputArgs};

/// `EX_USAGE` and `EX_SOFTWARE`, sysexits.h.
const USAGE: u8 = 64;
const BROKEN: u8 = 70;

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The person can mend it.
    Usage(String),
    /// coroner, or the disk it writes to, failed.
    Broken(String),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn message(&self) -> &str {
        let (Self::Usage(message) | Self::Broken(message)) = self;
        message
    }

    pub(crate) fn report(self) -> ExitCode {
        let (message, status) = match self {
            Self::Usage(message) => (message, USAGE),
            Self::Broken(message) => (message, BROKEN),
        };
        let _ = writeln!(io::stderr(), "coroner: {message}");
        ExitCode::from(status)
    }
}

/// Says what is wrong with the arguments; asking for help is not wrong.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}

/// Writes one form of what is to be told.
pub(crate) type Form<'a> = &'a dyn Fn(TextStyle, &mut dyn Write) -> io::Result<()>;

/// Writes a report where it was asked for.
pub(crate) fn write(report: &Report, args: &OutputArgs) -> Result<(), Failure> {
    let form = |format: Format| {
        move |style: TextStyle, out: &mut dyn Write| render(report, format, style, out)
    };
    let usual = if args.output.is_none() && is_terminal() { Format::Text } else { Format::Json };
    let main = form(args.format.unwrap_or(usual));
    let main =
        args.output.as_ref().map_or_else(|| write_stdout(&main), |path| write_file(path, &main));
    // One that fails does not keep the others from being written.
    let also = args.also.iter().map(|(format, path)| write_file(path, &form(*format)));
    also.fold(main, Result::and)
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(crate) fn write_stdout(form: Form<'_>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
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
    TextStyle { color, width: width.unwrap_or(100).min(120) }
}

fn render(
    report: &Report,
    format: Format,
    style: TextStyle,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => coroner_render::text(report, style, out),
        Format::Json => coroner_render::json(report, out),
        Format::Ndjson => coroner_render::ndjson(report, out),
        Format::Ocsf => coroner_render::ocsf(report, out),
        Format::Syslog => coroner_render::syslog(report, out),
        Format::Prometheus => coroner_render::prometheus(report, out),
    }
}

pub(crate) fn write_file(path: &Path, form: Form<'_>) -> Result<(), Failure> {
    replace(path, "report", &mut |out| form(TextStyle::default(), out))
}

/// Writes a file whole or not at all.
pub(crate) fn replace(path: &Path, what: &str, fill: &mut Fill<'_>) -> Result<(), Failure> {
    let broken =
        |error| Failure::Broken(format!("{}: {error}; no {what} was written", path.display()));
    coroner_render::replace(path, fill).map_err(broken)
}

/// Refuses at once what would only fail after minutes of work.
pub(crate) fn check(args: &OutputArgs) -> Result<Vec<PathBuf>, Failure> {
    let files: Vec<&PathBuf> = args.output.iter().chain(args.also.iter().map(|(_, f)| f)).collect();
    let twice =
        files.iter().enumerate().find(|(at, file)| files.iter().take(*at).any(|f| f == *file));
    if let Some((_, file)) = twice {
        return Err(Failure::usage(format!("{}: two outputs cannot be one file", file.display())));
    }
    files.into_iter().map(|path| check_path(path)).collect()
}

/// The same, of one path; gives its directory.
pub(crate) fn check_path(path: &Path) -> Result<PathBuf, Failure> {
    let dir = directory(path);
    if !dir.is_dir() {
        return Err(Failure::usage(format!("{} is not a directory", dir.display())));
    }
    if path.is_dir() {
        return Err(Failure::usage(format!("{} is a directory, name a file", path.display())));
    }
    Ok(dir)
}
