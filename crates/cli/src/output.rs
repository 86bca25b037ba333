//! Where reports go, and how failures are said: one line, the right status, nothing half-written.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use coroner_core::Report;
use coroner_render::TextStyle;

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

/// Writes a report where it was asked for.
pub(crate) fn write(report: &Report, args: &OutputArgs) -> Result<(), Failure> {
    match &args.output {
        Some(path) => write_file(report, path, args.format.unwrap_or(Format::Json)),
        None => write_stdout(report, args.format),
    }
}

fn write_stdout(report: &Report, format: Option<Format>) -> Result<(), Failure> {
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let usual = if terminal { Format::Text } else { Format::Json };
    let mut out = BufWriter::new(stdout.lock());
    let written = render(report, format.unwrap_or(usual), style(terminal), &mut out)
        .and_then(|()| out.flush());
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
    }
}

fn write_file(report: &Report, path: &Path, format: Format) -> Result<(), Failure> {
    whole(path, |out| render(report, format, TextStyle::default(), out))
        .map_err(|error| Failure::Broken(format!("{error}; no report was written")))
}

/// Writes these bytes to a file.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    whole(path, |out| out.write_all(bytes)).map_err(Failure::Broken)
}

/// Writes beside the target, syncs and renames, so that a file of that name is always whole.
fn whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    let temporary = temporary_name(path);
    let written = write_new(&temporary, fill).and_then(|()| std::fs::rename(&temporary, path));
    written.and_then(|()| sync_dir(path)).map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        format!("{}: {error}", path.display())
    })
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    directory(path).join(name)
}

fn write_new(
    temporary: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let new = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    let mut out = BufWriter::with_capacity(1 << 20, new);
    fill(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

/// The directory that a report goes to; it must exist before the audit starts.
pub(crate) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Refuses at once what would only fail after minutes of work.
pub(crate) fn check(args: &OutputArgs) -> Result<Vec<PathBuf>, Failure> {
    check_file("-o", args.output.as_deref())
}

/// The same for a file that another option names; gives the directory that must stay writable.
pub(crate) fn check_file(option: &str, path: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let dir = directory(path);
    if !dir.is_dir() {
        return Err(Failure::usage(format!("{option}: {} is not a directory", dir.display())));
    }
    if path.is_dir() {
        let problem = format!("{option}: {} is a directory, name a file", path.display());
        return Err(Failure::usage(problem));
    }
    Ok(vec![dir])
}
