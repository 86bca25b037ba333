//! File facts: each named file is opened once, hashed once, and asked about once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use coroner_host::{Blocked, Host, HostPath, OpenFile, ReadError, Stat};
use coroner_parse::{Text, elf, hex};
use rayon::prelude::*;

use crate::digest::Hasher;
use crate::packages::{Claim, PackageKnowledge, state_of};
use crate::{
    Algorithm, ContentFacts, Deadline, Digest, FileFacts, Gap, KnownContent, PackageState, Script,
};

/// Content that is looked at for ELF facts and kept as script text.
const HEAD: usize = 2 << 20;
const SCRIPT_TEXT: usize = 64 << 10;
/// Larger files are not hashed whole: no program or script is.
const LARGEST_HASHED: u64 = 512 << 20;

/// What came of the named files.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) files: Vec<FileFacts>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) gaps: Vec<Gap>,
}

/// What naming a file asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Ask {
    /// Keep its text when no package vouches for it.
    pub(crate) text: bool,
}

pub(crate) struct Resolver<'a> {
    pub(crate) host: &'a Host,
    pub(crate) packages: &'a dyn PackageKnowledge,
    pub(crate) known: &'a dyn KnownContent,
    pub(crate) deadline: Deadline,
}

/// One file as it lies, before it is copied to each name that led to it.
struct Lying {
    facts: FileFacts,
    script: Option<Script>,
    gap: Option<Gap>,
}

impl Resolver<'_> {
    /// Finds out the facts of all named paths, in parallel. A path that is not there and that no
    /// package claims has no facts.
    pub(crate) fn resolve(&self, named: &BTreeMap<HostPath, Ask>) -> Resolved {
        let mut out = Resolved::default();
        let mut by_place: BTreeMap<HostPath, (Ask, BTreeSet<HostPath>)> = BTreeMap::new();
        let places: Vec<_> =
            named.par_iter().map(|(path, ask)| (path, ask, self.host.resolve(path))).collect();
        for (path, ask, place) in places {
            match place {
                Ok(place) => {
                    let (whole_ask, aliases) = by_place.entry(place).or_default();
                    *whole_ask = (*whole_ask).max(*ask);
                    aliases.insert(path.clone());
                }
                Err(ReadError::Absent) => out.files.extend(self.missing(path)),
                Err(ReadError::Blocked(reason)) => out.gaps.push(gap(path, reason)),
            }
        }
        let lying: Vec<_> = by_place
            .par_iter()
            .map(|(place, (ask, names))| (names, self.look_at(place, *ask)))
            .collect();
        for (names, found) in lying {
            match found {
                Ok(lying) => out.take(self.host, self.packages, names, lying),
                Err((path, reason)) => out.gaps.push(gap(&path, reason)),
            }
        }
        out
    }

    fn missing(&self, path: &HostPath) -> Option<FileFacts> {
        let claim = self.packages.claim(path)?;
        let gone = !claim.may_be_missing && self.host.stat(path).is_err();
        gone.then(|| FileFacts::missing(path.clone(), claim.package))
    }

    fn look_at(&self, place: &HostPath, ask: Ask) -> Result<Lying, (HostPath, Blocked)> {
        let blocked =
            |error: ReadError| (place.clone(), error.blocked().unwrap_or(Blocked::Vanished));
        if self.deadline.is_over() {
            return Err((place.clone(), Blocked::OutOfTime));
        }
        let stat = self.host.stat(place).map_err(blocked)?;
        let claim = self.packages.claim(place);
        let mut facts = FileFacts::from_stat(place.clone(), &stat);
        if let Some(claim) = &claim {
            facts.claimed(claim);
        }
        facts.state = state_of(self.packages.is_known(), claim.as_ref(), None, None);
        if !stat.is_file() {
            return Ok(Lying { facts, script: None, gap: None });
        }
        let wanted = claim.as_ref().and_then(Claim::first).map(Digest::algorithm);
        let content = self.content(place, &stat, wanted).map_err(blocked)?;
        self.fill_in(facts, content, claim.as_ref(), ask).map_err(blocked)
    }

    /// What an earlier audit knows of the content, or what reading it says.
    fn content(
        &self,
        place: &HostPath,
        stat: &Stat,
        wanted: Option<Algorithm>,
    ) -> Result<Content, ReadError> {
        if let Some(facts) = self.known.facts(stat).filter(|facts| facts.answers(wanted)) {
            return Ok(Content { facts, head: None, truncated: false });
        }
        let file = self.host.open_file(place)?;
        let read = Pass::over(&file, wanted, self.deadline)?;
        let facts = ContentFacts {
            sha256: read.sha256,
            matching: read.matching,
            elf: elf::facts(&read.head, file.stat().size),
            shebang: shebang(&read.head),
            capabilities: file.xattr("security.capability").map(|value| hex(&value)),
        };
        if !read.truncated {
            self.known.keep_facts(file.stat(), &facts);
        }
        Ok(Content { facts, head: Some(read.head), truncated: read.truncated })
    }

    fn fill_in(
        &self,
        mut facts: FileFacts,
        content: Content,
        claim: Option<&Claim>,
        ask: Ask,
    ) -> Result<Lying, ReadError> {
        let first = claim.and_then(Claim::first);
        let listed = self.by_the_list(claim, &content, &facts.path);
        let Content { facts: said, head, truncated } = content;
        let known = self.packages.is_known();
        facts.state = state_of(known, claim, said.matching.as_ref(), listed.as_ref());
        if claim.is_some_and(|claim| claim.is_other_link(None)) {
            facts.state = PackageState::Modified;
        } else if !facts.state.is_vouched() {
            facts.expected = first.cloned();
            facts.actual = first.and(said.matching);
        }
        facts.sha256 = said.sha256.as_ref().map(Digest::hex);
        (facts.elf, facts.shebang) = (said.elf, said.shebang);
        facts.capabilities = said.capabilities;
        let keep = ask.text && facts.elf.is_none() && !facts.state.is_vouched();
        let script = if keep { Some(self.script(&facts.path, head)?) } else { None };
        let gap = truncated.then(|| gap(&facts.path, Blocked::TooLarge));
        Ok(Lying { facts, script, gap })
    }

    /// The text of a script, which is read for it when an earlier audit knew the rest.
    fn script(&self, path: &HostPath, head: Option<Vec<u8>>) -> Result<Script, ReadError> {
        let head = match head {
            Some(head) => head,
            None => self.host.open_file(path)?.read_up_to(SCRIPT_TEXT + 1)?.0,
        };
        Ok(script(path, &head))
    }

    /// The digest that the host's own list speaks of, for content that disagrees with the proof.
    fn by_the_list(
        &self,
        claim: Option<&Claim>,
        read: &Content,
        place: &HostPath,
    ) -> Option<Digest> {
        let claim = claim.filter(|claim| claim.vendor.is_some() && !read.truncated)?;
        let listed =
            claim.expected.as_ref().filter(|_| claim.first() != read.facts.matching.as_ref())?;
        let file = self.host.open_file(place).ok()?;
        Pass::over(&file, Some(listed.algorithm()), self.deadline).ok()?.matching
    }
}

impl Resolved {
    fn take(
        &mut self,
        host: &Host,
        packages: &dyn PackageKnowledge,
        names: &BTreeSet<HostPath>,
        lying: Lying,
    ) {
        for name in names {
            let mut facts = lying.facts.clone();
            if *name != facts.path {
                facts.real = Some(facts.path.clone());
                facts.target = host.read_link(name).ok();
                facts.path = name.clone();
                replaced_by_link(&mut facts, packages);
            }
            self.files.push(facts);
            if let Some(script) = &lying.script {
                self.scripts.push(Script { path: name.clone(), ..script.clone() });
            }
        }
        self.gaps.extend(lying.gap);
    }

    /// The places that were hashed, so that checking every packaged file leaves them out.
    pub(crate) fn places(&self) -> HashSet<HostPath> {
        let hashed = self.files.iter().filter(|file| file.sha256.is_some());
        hashed.map(|file| file.lies_at().clone()).collect()
    }
}

/// Where a package has a file, or a link of another text, the link that stands there is not what the
/// package brought, whoever owns the file it leads to.
fn replaced_by_link(facts: &mut FileFacts, packages: &dyn PackageKnowledge) {
    let claim = packages.claim(&facts.path).filter(|_| facts.target.is_some());
    let Some(claim) = claim.filter(|claim| claim.is_other_link(facts.target.as_ref())) else {
        return;
    };
    facts.claimed(&claim);
    facts.state = PackageState::Modified;
    facts.expected = claim.first().cloned();
    facts.actual = None;
}

/// What is known of a file's content.
struct Content {
    facts: ContentFacts,
    /// Its first bytes, when it was read.
    head: Option<Vec<u8>>,
    truncated: bool,
}

/// One pass over a file's content.
struct Pass {
    head: Vec<u8>,
    sha256: Option<Digest>,
    /// By the package's algorithm.
    matching: Option<Digest>,
    /// The file was too large to hash.
    truncated: bool,
}

impl Pass {
    fn over(
        file: &OpenFile,
        wanted: Option<Algorithm>,
        deadline: Deadline,
    ) -> Result<Self, Blocked> {
        let mut own = Hasher::new(Algorithm::Sha256);
        let mut other = wanted.filter(|&a| a != Algorithm::Sha256).map(Hasher::new);
        let (mut head, mut total) = (Vec::new(), 0_u64);
        let mut buffer = vec![0; 256 << 10];
        loop {
            let count = file.read(&mut buffer)?;
            let chunk = buffer.get(..count).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            let room = HEAD.saturating_sub(head.len());
            head.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
            total += chunk.len() as u64;
            if total > LARGEST_HASHED {
                return Ok(Self { head, sha256: None, matching: None, truncated: true });
            }
            if deadline.is_over() {
                return Err(Blocked::OutOfTime);
            }
            own.update(chunk);
            if let Some(other) = &mut other {
                other.update(chunk);
            }
        }
        let sha256 = own.finish();
        let matching = match (wanted, other) {
            (_, Some(other)) => Some(other.finish()),
            (wanted, None) => wanted.map(|_| sha256.clone()),
        };
        Ok(Self { head, sha256: Some(sha256), matching, truncated: false })
    }
}

fn shebang(head: &[u8]) -> Option<Text> {
    let line = head.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    Some(Text::from(line.get(..256).unwrap_or(line)))
}

fn script(path: &HostPath, head: &[u8]) -> Script {
    let text = head.get(..SCRIPT_TEXT).unwrap_or(head);
    Script { path: path.clone(), text: Text::from(text), truncated: head.len() > SCRIPT_TEXT }
}

fn gap(path: &HostPath, reason: Blocked) -> Gap {
    let plugin = "core".to_owned();
    Gap { plugin, path: path.clone(), line: None, reason, detail: None, matters: true }
}
