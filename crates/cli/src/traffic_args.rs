//! What `coroner traffic` takes.

use std::path::PathBuf;

use coroner_throttle::Span;

const EXAMPLES: &str = "Examples:
  coroner traffic                                  ten seconds of every device
  coroner traffic --dev eth0 --watch               a live view, until interrupted
  coroner traffic --dev eth0 --for 30s --write /media/stick/flood.pcapng --json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TrafficArgs {
    /// One network device, instead of all but loopback
    #[arg(long, value_name = "NAME")]
    pub(crate) dev: Option<String>,
    /// How long to watch [default: 10s; with --watch until interrupted]
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: Option<Span>,
    /// As JSON, one document, or one a second with --watch
    #[arg(long)]
    pub(crate) json: bool,
    /// A new view every second
    #[arg(long)]
    pub(crate) watch: bool,
    /// Keep the headers of flows that look like an attack in this file (pcapng; tcpdump -r reads it)
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Started from a medium, write to a disk of this machine all the same
    #[arg(long)]
    pub(crate) write_on_audited_disk: bool,
}
