//! `coroner medium build`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use coroner_medium::image::{Image, ImageError};
use coroner_medium::{BuildError, Content, Made, SignError, Signer, Source, build};
use coroner_pack::trust::{Keys, Trust};
use coroner_pack::{Pack, shipped};

use crate::audit::read;
use crate::baselines::{self, LARGEST_PACK};
use crate::failure::Failure;
use crate::medium_args::BuildArgs;
use crate::output;
use crate::own_medium::binary;

/// The name of the binary on a medium.
const PROGRAM: &str = "coroner";
/// Where the password may stand: an environment is not seen by other users, arguments are.
const PASSWORD: &str = "CORONER_KEY_PASSWORD";
/// 1980-01-01, the first day that every file system of a stick can hold.
const EPOCH: u64 = 315_532_800;
/// What of the documents is taken.
const DOCUMENTS: &[&str] = &["md", "json", "png", "svg", "html"];
const MOST_DOCUMENTS: usize = 1000;

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Io { .. } => Self::Broken(format!("{error}; no medium was made")),
            _ => Self::usage(error.to_string()),
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Missing { .. } => Self::usage(error.to_string()),
            ImageError::Failed { .. } => Self::Broken(error.to_string()),
        }
    }
}

pub(crate) fn run(args: &BuildArgs) -> Result<ExitCode, Failure> {
    let out = Out::of(&args.out)?;
    let signer = signer(args)?;
    let content = content(args, signer.as_ref())?;
    let made = out.fill(|folder| Ok(build(folder, &content, signer.as_ref())?), content.epoch)?;
    let text = told(&args.out, &made, signer.as_ref());
    output::write_stdout(&|_, out| out.write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

fn told(out: &Path, made: &Made, signer: Option<&Signer>) -> String {
    let mut text = format!("{}: {} files, {} bytes\n", out.display(), made.files, made.size);
    let _ = writeln!(text, "manifest SHA-256  {}", made.manifest.hex());
    match signer {
        Some(signer) => {
            let _ = writeln!(text, "signed by         {}", signer.key());
        }
        None => text.push_str("Not signed: write the SHA-256 on the stick's label.\n"),
    }
    text
}

fn signer(args: &BuildArgs) -> Result<Option<Signer>, Failure> {
    let Some(path) = &args.secret_key else { return Ok(None) };
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    let password = match &args.password_file {
        Some(file) => {
            let text = String::from_utf8_lossy(&read(file)?).into_owned();
            Some(text.lines().next().unwrap_or_default().to_owned())
        }
        None => std::env::var(PASSWORD).ok(),
    };
    let wrong =
        |error: SignError| Failure::usage(format!("--secret-key {}: {error}", path.display()));
    Signer::open(&text, password).map(Some).map_err(wrong)
}

fn content(args: &BuildArgs, signer: Option<&Signer>) -> Result<Content, Failure> {
    let program = binary().ok_or_else(|| Failure::Broken("cannot find my own file".to_owned()))?;
    let mut files = BTreeMap::from([(PROGRAM.to_owned(), Source::File(program.clone()))]);
    let keys = keys(args, signer, &mut files)?;
    packs(args, &keys, &mut files)?;
    documents(args, &program, &mut files)?;
    for path in &args.with {
        add(&mut files, "own", path)?;
    }
    let tool = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Content { files, program: PROGRAM.to_owned(), tool, epoch: epoch()? })
}

fn epoch() -> Result<u64, Failure> {
    let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") else { return Ok(EPOCH) };
    text.parse().map_err(|_| Failure::usage("SOURCE_DATE_EPOCH: not a number of seconds"))
}

/// Adds a file under its own name; two of one name are refused.
fn add(files: &mut BTreeMap<String, Source>, folder: &str, path: &Path) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !path.is_file() {
        return Err(Failure::usage(format!("{}: no such file", path.display())));
    }
    put(files, format!("{folder}/{name}"), Source::File(path.to_owned()))
}

fn put(files: &mut BTreeMap<String, Source>, name: String, source: Source) -> Result<(), Failure> {
    let twice = Failure::usage(format!("two files are called {name}"));
    files.insert(name, source).map_or(Ok(()), |_| Err(twice))
}

/// The public keys: those given, and the signer's own, so that it may sign packs too.
fn keys(
    args: &BuildArgs,
    signer: Option<&Signer>,
    files: &mut BTreeMap<String, Source>,
) -> Result<Keys, Failure> {
    let mut keys = Keys::default();
    let mut take = |name: String, text: String| {
        let wrong = |error| Failure::usage(format!("--key {name}: {error}"));
        keys.add(&text).map_err(wrong)?;
        put(files, format!("baselines/keys/{name}"), Source::Bytes(text.into_bytes()))
    };
    for path in &args.key {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        take(format!("{stem}.pub"), String::from_utf8_lossy(&read(path)?).into_owned())?;
    }
    if let Some(signer) = signer {
        take("medium.pub".to_owned(), signer.public_file())?;
    }
    Ok(keys)
}

/// Packs that an audit from the medium will believe: one that it would refuse does not go there.
fn packs(
    args: &BuildArgs,
    keys: &Keys,
    files: &mut BTreeMap<String, Source>,
) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage(format!("--baseline {why}"));
    let mut paths = Vec::new();
    for named in &args.baseline {
        paths.extend(baselines::packs_at(named).map_err(wrong)?);
    }
    if args.baseline.is_empty() {
        paths = baselines::packs_beside_the_binary();
    }
    if paths.is_empty() {
        return Err(wrong("no packs beside the binary: name their folder".to_owned()));
    }
    for path in paths {
        let refused = |why: String| wrong(format!("{}: {why}", path.display()));
        let bytes = baselines::read(&path, LARGEST_PACK).map_err(|e| refused(e.to_string()))?;
        let trust = baselines::trust_of(&path, &bytes, keys, &shipped()).map_err(refused)?;
        Pack::parse(bytes).map_err(|error| refused(error.to_string()))?;
        add(files, "baselines", &path)?;
        if matches!(trust, Trust::Signed(_)) {
            let mut signature = path.into_os_string();
            signature.push(".minisig");
            add(files, "baselines", Path::new(&signature))?;
        }
    }
    Ok(())
}

/// README and licences, in every language that is there, and the folder docs.
fn documents(
    args: &BuildArgs,
    program: &Path,
    files: &mut BTreeMap<String, Source>,
) -> Result<(), Failure> {
    let has = |folder: &&Path| folder.join("README.md").is_file() && folder.join("docs").is_dir();
    let found = match &args.docs {
        Some(folder) => Some(folder.as_path()).filter(has),
        None => program.ancestors().skip(1).take(1 + baselines::FOLDERS_ABOVE).find(has),
    };
    let missing = "no folder with README.md and docs: name it with --docs";
    let folder = found.ok_or_else(|| Failure::usage(missing))?;
    let top =
        |name: &str| ["README", "LICENSE", "CHANGELOG"].iter().any(|word| name.starts_with(word));
    let walk = walkdir::WalkDir::new(folder).min_depth(1).max_depth(4).into_iter();
    let wanted = |entry: &walkdir::DirEntry| match entry.depth() {
        1 => entry.file_name() == "docs" || entry.file_name().to_str().is_some_and(top),
        _ => entry.file_type().is_dir() || is_document(entry.file_name()),
    };
    for entry in walk.filter_entry(wanted).flatten().take(MOST_DOCUMENTS) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let name = name.to_string_lossy().into_owned();
            put(files, name, Source::File(entry.into_path()))?;
        }
    }
    Ok(())
}

fn is_document(name: &OsStr) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| DOCUMENTS.contains(&ending))
}

/// Where the medium goes.
enum Out<'a> {
    /// An empty folder, perhaps a mounted stick.
    Existing(&'a Path),
    New(&'a Path),
    Image(&'a Path, Image),
}

impl<'a> Out<'a> {
    fn of(path: &'a Path) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::usage(format!("--out {}: {why}", path.display()));
        if let Some(image) = Image::of(path).filter(|_| !path.is_dir()) {
            return Ok(Self::Image(path, image));
        }
        let Ok(entries) = std::fs::read_dir(path) else {
            return if path.exists() {
                Err(wrong("name a folder, or a file that ends in .iso or .squashfs"))
            } else {
                Ok(Self::New(path))
            };
        };
        let mut names = entries.flatten().map(|entry| entry.file_name());
        if names.any(|name| name != "lost+found") {
            return Err(wrong("the folder is not empty"));
        }
        Ok(Self::Existing(path))
    }

    /// Fills a folder and makes of it what was asked for; what is half made is taken away.
    fn fill(
        &self,
        write: impl FnOnce(&Path) -> Result<Made, Failure>,
        epoch: u64,
    ) -> Result<Made, Failure> {
        match self {
            Self::Existing(folder) => write(folder),
            Self::New(folder) => {
                let staging = Staging::beside(folder, "new")?;
                let made = write(&staging.0)?;
                place(&staging.0, folder)?;
                Ok(made)
            }
            Self::Image(file, image) => {
                let folder = Staging::beside(file, "content")?;
                let made = write(&folder.0)?;
                let whole = Staging::beside(file, "image")?;
                let new = whole.0.join("image");
                image.make(&folder.0, &new, epoch)?;
                place(&new, file)?;
                Ok(made)
            }
        }
    }
}

fn place(new: &Path, target: &Path) -> Result<(), Failure> {
    let placed = std::fs::File::open(new)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(new, target));
    let wrong =
        |error| Failure::Broken(format!("{}: {error}; no medium was made", target.display()));
    placed.map_err(wrong)
}

/// A folder that is gone when it is no longer needed.
struct Staging(PathBuf);

impl Staging {
    fn beside(path: &Path, what: &str) -> Result<Self, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = path.with_file_name(format!(".{name}.{}.{what}", std::process::id()));
        let wrong = |error| Failure::usage(format!("{}: {error}", folder.display()));
        std::fs::create_dir(&folder).map_err(wrong)?;
        // Whatever the umask is: the mode goes into an image.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).map_err(wrong)?;
        Ok(Self(folder))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
