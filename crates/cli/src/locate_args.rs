//! What `coroner locate` takes.

use std::path::PathBuf;

use coroner_core::Time;
use coroner_throttle::Span;

const EXAMPLES: &str = "Examples:
  coroner locate --prometheus http://192.0.2.1:9090
  coroner locate --prometheus https://prom.example/prometheus --ca-file ca.pem --token-file token
  coroner locate --prometheus http://192.0.2.1:9090 --at 2026-06-01T10:00:00Z --names site.toml --json

A token may also stand in CORONER_PROMETHEUS_TOKEN, a password in CORONER_PROMETHEUS_PASSWORD; never in an
argument, where every user of the machine sees it.

Exit status: 0 nothing stands out, 1 something does, 3 nothing does, but nodes did not answer their Prometheus,
64 wrong arguments (address, names, authority, credentials), 70 no answer.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LocateArgs {
    /// Where Prometheus answers
    #[arg(long, value_name = "URL")]
    pub(crate) prometheus: String,
    /// What this site calls its metrics and labels (TOML; only what differs)
    #[arg(long, value_name = "FILE")]
    pub(crate) names: Option<PathBuf>,
    /// The name for a password
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A file that holds the password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// A file that holds a bearer token
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) token_file: Option<PathBuf>,
    /// The authorities that the server's certificate is checked against (PEM), instead of this machine's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The point in time to look at [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<Time>,
    /// Over which time rates are taken; at least two scrapes
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) window: Span,
    /// The history that rates are compared with
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub(crate) history: Span,
    /// How long one question may take
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(crate) timeout: Span,
    /// As JSON, one document
    #[arg(long)]
    pub(crate) json: bool,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "write it as 2026-06-01T10:00:00Z".to_owned())
}
