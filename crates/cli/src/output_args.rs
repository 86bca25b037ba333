//! Where a report goes, in which format and language.

use std::path::PathBuf;

use clap::ValueEnum;
use coroner_render::Lang;

#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Write the report to this file (through a temporary file beside it) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Text on a terminal and JSON elsewhere, unless said here
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write it in another format to another file too, such as prometheus=/var/lib/x/coroner.prom
    #[arg(long, value_name = "FORMAT=FILE", value_parser = also)]
    pub(crate) also: Vec<(Format, PathBuf)>,
    #[command(flatten)]
    pub(crate) lang: LangArgs,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LangArgs {
    /// The language of text and pages [default: that of the locale]; JSON is English always
    #[arg(long, value_enum)]
    lang: Option<LangArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LangArg {
    /// English
    En,
    /// Chinese
    Zh,
}

impl LangArgs {
    /// What was asked for, else the locale's.
    pub(crate) fn lang(self) -> Lang {
        match self.lang {
            Some(LangArg::En) => Lang::En,
            Some(LangArg::Zh) => Lang::Zh,
            None => Lang::of_environment(|name| std::env::var(name).ok()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For people, in a browser: one file that loads nothing
    Html,
    /// One document
    Json,
    /// One record a line
    Ndjson,
    /// OCSF detection findings, one a line
    Ocsf,
    /// RFC 5424 lines: the verdict, then each finding
    Syslog,
    /// A textfile for Prometheus' node exporter
    Prometheus,
}

fn also(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) = text.split_once('=').unwrap_or((text, ""));
    if file.is_empty() {
        return Err("write it as FORMAT=FILE, such as syslog=/var/log/coroner.log".to_owned());
    }
    Ok((Format::from_str(format, false)?, PathBuf::from(file)))
}
