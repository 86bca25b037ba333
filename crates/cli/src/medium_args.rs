//! What `coroner medium` takes.

use std::path::PathBuf;

use clap::Subcommand;

const EXAMPLES: &str = "Examples:
  coroner medium build --out /media/stick/coroner       onto a mounted stick, in a folder of its own
  coroner medium build --out coroner.iso --secret-key minisign.key
  coroner medium verify                                 the medium that this coroner lies on
  coroner medium verify /media/stick/coroner --hash 5f2a...   against the label";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MediumCommand {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Makes a medium: this binary, packs, keys, documents, and a manifest of every byte of them.
    #[command(
        after_help = "Example:\n  coroner medium build --out coroner.iso --secret-key minisign.key"
    )]
    Build(Box<BuildArgs>),
    /// Checks every file of a medium against its manifest.
    #[command(after_help = "Example:\n  coroner medium verify /media/stick/coroner --hash 5f2a...")]
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// An empty or new folder, or an image: a name that ends in .iso (made by xorriso) or .squashfs
    /// (by mksquashfs)
    #[arg(long, value_name = "DIR or FILE")]
    pub(crate) out: PathBuf,
    /// Sign the manifest with this minisign key (the secret file that `minisign -G` made)
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_key: Option<PathBuf>,
    /// The key's password, the first line of this file; without it `CORONER_KEY_PASSWORD` is taken, or
    /// you are asked on the terminal
    #[arg(long, value_name = "FILE", requires = "secret_key")]
    pub(crate) password_file: Option<PathBuf>,
    /// A pack, or a folder of packs; may be given again. Without it those that an audit here would use
    #[arg(long, value_name = "DIR or FILE")]
    pub(crate) baseline: Vec<PathBuf>,
    /// A public minisign key that your packs are signed with; may be given again
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// The folder that holds README.md and docs; without it the binary's own folder, or one above it
    #[arg(long, value_name = "DIR")]
    pub(crate) docs: Option<PathBuf>,
    /// Another file of yours, such as a policy or a word list; it goes to own/. May be given again
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The medium's folder, instead of the one that this coroner lies in
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The SHA-256 of the manifest, from the label
    #[arg(long, value_name = "HEX")]
    pub(crate) hash: Option<String>,
    /// The public key that must have signed it, from elsewhere: the file that `minisign -G` made, or its
    /// last line
    #[arg(long, value_name = "FILE or KEY")]
    pub(crate) key: Option<String>,
}
