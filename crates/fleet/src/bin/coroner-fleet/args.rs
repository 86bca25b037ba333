//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use coroner_fleet::Scheduler;

const STATUS: &str = "Exit status: 0 done, 1 done and some files were not taken in (each is named), \
                      64 wrong arguments, 70 coroner-fleet itself failed.";

/// Sets the reports of many hosts side by side.
#[derive(Debug, Parser)]
#[command(name = "coroner-fleet", version, after_help = STATUS, infer_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Takes reports into a store: each run once.
    #[command(after_help = INGEST_EXAMPLES)]
    Ingest(IngestArgs),
    /// What stands out: verdicts, what few hosts of a role have, what hosts share with hosts that have findings.
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// Every host that has or had a hash, path, key fingerprint, address, command or package.
    Pivot(PivotArgs),
    /// What changed between the last two reports of each host, or (--since) appeared in a time.
    Drift(DriftArgs),
    /// Hosts that were not heard of for long, and expected hosts without a report.
    Stale(StaleArgs),
    /// Hosts on which a file of the same package version has another content.
    Packages(AskArgs),
    /// Every host as its last report has it.
    Hosts(AskArgs),
    /// Asks a query by its name, or one of your own.
    #[command(after_help = QUERY_EXAMPLES)]
    Query(QueryArgs),
    /// Lists the queries, with their parameters and columns.
    Queries,
    /// Says which hosts there should be: a file with a name or id on each line.
    Expect(ExpectArgs),
    /// Starts a part of a cluster that works on queries: its scheduler, or a worker.
    ///
    /// Nobody proves who they are: whoever reaches the ports may read and write what the account of the
    /// workers may. On a network of your own alone.
    #[command(subcommand, after_help = CLUSTER_EXAMPLES)]
    Cluster(ClusterCommand),
}

const INGEST_EXAMPLES: &str = "Examples:
  coroner-fleet ingest reports/ --store fleet             every file below a folder
  coroner-fleet ingest 'in/*/2026-06-*.json.zst' --store fleet
  coroner-fleet ingest s3://reports/2026-06 --store fleet --s3-endpoint https://minio.example:9000
      with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION from the environment";
const COMPARE_EXAMPLES: &str = "Examples:
  coroner-fleet compare --store fleet                     what is in a store
  coroner-fleet compare reports/ more/web7.json.gz        reports that are kept in no store
  coroner-fleet compare s3://reports/2026-06              a bucket's
  coroner-fleet compare reports/ --format html -o fleet.html   one page for a browser";
const QUERY_EXAMPLES: &str = "Examples:
  coroner-fleet query stack --set most=1 --store fleet
  coroner-fleet query --query own.sql --set user=eve --store fleet --format csv";
const CLUSTER_EXAMPLES: &str = "Examples:
  coroner-fleet cluster scheduler --bind 192.0.2.7:50050
  coroner-fleet cluster worker --scheduler df://192.0.2.7:50050 --bind 192.0.2.8:50051
  coroner-fleet compare --store /srv/fleet --cluster df://192.0.2.7:50050";

#[derive(Debug, ClapArgs)]
pub(crate) struct IngestArgs {
    #[arg(required = true, value_name = "REPORT")]
    #[arg(help = "Reports, folders of them, patterns, or s3://BUCKET/PREFIX; plain, gzip or zstd")]
    pub(crate) inputs: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) bounds: BoundsArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReadingArgs {
    /// Most MiB that a report may have, unpacked
    #[arg(long, value_name = "MIB", default_value_t = 128)]
    pub(crate) largest: u64,
    #[arg(long, value_name = "URL")]
    #[arg(help = "The server of s3:// names when it is not AWS; AWS_ENDPOINT_URL by default")]
    pub(crate) s3_endpoint: Option<String>,
    /// Authorities, in PEM form, that the bucket's server must have its certificate from; this machine's by default
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    /// The folder that reports are taken into
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
}

#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct BoundsArgs {
    /// MiB that a query may hold in memory; what is more goes to the disk, where it can
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub(crate) memory: usize,
    /// Threads; as many as there are processors by default
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct SiteArgs {
    #[command(flatten)]
    pub(crate) bounds: BoundsArgs,
    /// Has a cluster work on it, whose workers see the store at the same path and have bounds of their own
    #[arg(long, value_name = "df://ADDRESS:PORT", requires = "store")]
    pub(crate) cluster: Option<Scheduler>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    /// The form; a table on a terminal and JSON elsewhere by default
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Where to write it; standard output by default
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Most rows; 0 for all; by default 100 in tables, 2000 in a list of the page, all in JSON and CSV
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// An array of objects for each query.
    Json,
    /// With a line of names.
    Csv,
    /// For people, in a browser: one file that loads nothing (compare alone).
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LangArg {
    /// English.
    En,
    /// Chinese.
    Zh,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    #[arg(value_name = "REPORT", required_unless_present = "store")]
    #[arg(help = "Reports, folders of them, patterns, or s3://BUCKET/PREFIX, to take in first")]
    pub(crate) inputs: Vec<String>,
    /// The store; without one the reports are kept for this command alone
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// The language of the page [default: that of the locale]; all else is English
    #[arg(long, value_enum)]
    pub(crate) lang: Option<LangArg>,
    #[command(flatten)]
    pub(crate) site: SiteArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) site: SiteArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PivotArgs {
    /// What to look for, exactly
    pub(crate) value: String,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DriftArgs {
    /// What appeared since then: a time, a date, or how long ago (7d, 12h)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// And before then
    #[arg(long, value_name = "TIME", requires = "since")]
    pub(crate) until: Option<String>,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StaleArgs {
    /// The last report of a stale host is older: a time, a date, or how long ago (8d, 12h)
    #[arg(long, value_name = "TIME")]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct QueryArgs {
    /// The query's name
    #[arg(required_unless_present = "query", conflicts_with = "query")]
    pub(crate) name: Option<String>,
    /// An SQL file of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) query: Option<PathBuf>,
    /// A value for a parameter of the query
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Cuts queries into tasks and hands them to workers.
    Scheduler(SchedulerArgs),
    /// Works on tasks.
    Worker(WorkerArgs),
}

#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct SchedulerArgs {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:50050")]
    pub(crate) bind: SocketAddr,
    /// Its address for workers, when that is another
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) advertise: Option<IpAddr>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WorkerArgs {
    /// Whose tasks it works on
    #[arg(long, value_name = "df://ADDRESS:PORT", default_value = "df://127.0.0.1:50050")]
    pub(crate) scheduler: Scheduler,
    /// Where others fetch rows from it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:50051")]
    pub(crate) bind: SocketAddr,
    /// Its address for other workers and whoever asks, when that is another
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) advertise: Option<IpAddr>,
    /// A folder for what passes between the stages of a query
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub(crate) work: PathBuf,
    #[command(flatten)]
    pub(crate) bounds: BoundsArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExpectArgs {
    /// The file; empty lines and lines that start with # are left out
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("say NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
