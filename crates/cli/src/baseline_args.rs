//! What `coroner baseline` takes.

use std::path::PathBuf;

use clap::Subcommand;

use crate::progress::Voice;

const EXAMPLES: &str = "Examples:
  coroner baseline list                            the packs that an audit here would use
  coroner baseline verify baselines/debian-12.pack
  coroner baseline info baselines/debian-12.pack procps
  coroner baseline diff old.pack new.pack
  coroner baseline build --help                    makes one, in four ways";

const BUILD_EXAMPLES: &str = "Examples:
  From a mirror folder, followed from the signature of each suite down to each file:
    coroner baseline build --mirror /srv/debian --mirror /srv/debian-security \\
      --suite bookworm --suite bookworm-updates --suite bookworm-security --arch amd64 \\
      --keyring /usr/share/keyrings/debian-archive-keyring.gpg -o debian-12.pack
  From packages that you believe (packs speak of one distribution alone, so name it):
    coroner baseline build --os debian --os-version 12 own_1.0_all.deb -o own.pack
  From a host that you believe, for its siblings:
    coroner baseline build --root /mnt/golden -o golden.pack
Then sign it with your own key, and give the public half to audits:
    minisign -S -m golden.pack
    coroner audit --baseline golden.pack --key minisign.pub";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BaselineCommand {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Makes a pack from a signed mirror, from packages or from a golden host.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(Box<BuildArgs>),
    /// Lists packs, what they are about and who vouches for them.
    #[command(
        after_help = "Example:\n  coroner baseline list --baseline /media/stick/own --key own.pub"
    )]
    List(ListArgs),
    /// Checks who vouches for packs, and that every part of them reads.
    #[command(after_help = "Example:\n  coroner baseline verify own.pack --key own.pub")]
    Verify(VerifyArgs),
    /// Shows what a pack was made from, or what it knows of one package.
    #[command(after_help = "Example:\n  coroner baseline info baselines/debian-12.pack iproute2")]
    Info(InfoArgs),
    /// Shows in which packages and files two packs differ.
    #[command(
        after_help = "Example:\n  coroner baseline diff debian-12.old.pack debian-12.pack --json"
    )]
    Diff(DiffArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// Packages: .deb, .rpm or .apk files, believed because you name them
    #[arg(value_name = "FILE", required_unless_present_any = ["mirror", "root"])]
    pub(crate) archives: Vec<PathBuf>,
    /// A folder of Debian's layout (dists and pool in it); may be given again
    #[arg(long, value_name = "DIR", requires_all = ["suite", "arch", "keyring"])]
    pub(crate) mirror: Vec<PathBuf>,
    /// A suite of the mirrors, such as bookworm-security; may be given again
    #[arg(long, value_name = "NAME", requires = "mirror")]
    pub(crate) suite: Vec<String>,
    /// An architecture of the mirrors, such as amd64; may be given again
    #[arg(long, value_name = "NAME", requires = "mirror")]
    pub(crate) arch: Vec<String>,
    /// A component of the mirrors; may be given again
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) component: Vec<String>,
    /// Take these packages alone: a name a line, # begins a comment
    #[arg(long, value_name = "FILE", requires = "mirror")]
    pub(crate) packages: Option<PathBuf>,
    /// OpenPGP keys that the mirror, or the .rpm files, must be signed with; may be given again
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Vec<PathBuf>,
    /// Take signed indexes whose time is over, and keys that were valid when they signed
    #[arg(long, requires = "mirror")]
    pub(crate) allow_expired: bool,
    /// Leave out, and name, packages whose file the mirrors do not have
    #[arg(long, requires = "mirror")]
    pub(crate) skip_missing: bool,
    /// The root of a host that is known to be good
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mirror", "archives"])]
    pub(crate) root: Option<PathBuf>,
    /// The pack's name, instead of its file's
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The distribution that it speaks of: ID of os-release(5)
    #[arg(long, value_name = "ID")]
    pub(crate) os: Option<String>,
    /// Its release: `VERSION_ID` of os-release(5)
    #[arg(long, value_name = "VERSION")]
    pub(crate) os_version: Option<String>,
    /// Where the pack goes (through a temporary file beside it)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) voice: Voice,
}

/// The packs of an audit, and who vouches for them.
#[derive(Debug, clap::Args)]
pub(crate) struct BaselineArgs {
    /// A pack, or a folder of packs, that files are checked against; may be given again. Without it the
    /// folder `baselines` beside the binary, or in a folder above it, is taken
    #[arg(long, value_name = "DIR or FILE")]
    pub(crate) baseline: Vec<PathBuf>,
    /// A public key that your packs are signed with (the file that `minisign -G` made, or its last line),
    /// or OpenPGP public keys that rpm packages are signed with; may be given again
    #[arg(long, value_name = "FILE or KEY")]
    pub(crate) key: Vec<String>,
    /// Take packs that nobody vouches for: what agrees with them is `local`, never `vendor`
    #[arg(long)]
    pub(crate) allow_unsigned: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) baselines: BaselineArgs,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Packs
    #[arg(value_name = "PACK", required = true)]
    pub(crate) packs: Vec<PathBuf>,
    /// A public key that they may be signed with: the file that `minisign -G` made, or its last line; may
    /// be given again
    #[arg(long, value_name = "FILE or KEY")]
    pub(crate) key: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InfoArgs {
    /// A pack; who vouches for it is not asked
    #[arg(value_name = "PACK")]
    pub(crate) pack: PathBuf,
    /// Show the files of this package, in each version and architecture
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// A pack
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// Another one
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}
