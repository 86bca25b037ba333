//! Which pages of a process are its own, and what they hold.

use std::os::fd::OwnedFd;

use coroner_parse::elf::MAGIC;
use coroner_parse::process::Mapping;
use rustix::fs::OFlags;
use rustix::io::{Errno, pread};

use crate::processes::ProcessDir;
use crate::{Blocked, ReadError};

/// Pages asked about at once: half a gigabyte of code in one read of 1 MiB.
const PAGES_AT_ONCE: u64 = 128 << 10;
/// Pages of code of one process that are asked about: 16 GB. A process may map the same file a thousand
/// times over to keep the auditor busy.
const MOST_PAGES: u64 = 4 << 20;
/// Own pages of one process that are compared; one is enough for a finding.
const MOST_OWN_PAGES: usize = 4096;
/// pagemap: present in memory, or swapped out.
const IN_USE: u64 = 0b11 << 62;
/// pagemap: the page belongs to the file (or is shared memory).
const OF_FILE: u64 = 1 << 61;

/// `tramp_mapping` in `arch/x86/kernel/uprobes.c`.
pub(super) const TRAMPOLINE: &str = "[uprobes-trampoline]";

/// Own pages of one mapping of a file's code.
pub(super) struct Stretch {
    pub(super) mapping: Mapping,
    /// Addresses.
    pub(super) pages: Vec<u64>,
}

/// The memory of one process.
pub(super) struct Scan<'a> {
    pub(super) dir: &'a ProcessDir,
    pub(super) page: u64,
    pub(super) blocked: Option<(&'static str, Blocked)>,
    /// Where the kernel keeps the code of its optimised probes (uprobes, since 6.18).
    pub(super) trampolines: Vec<(u64, u64)>,
    left: u64,
    pagemap: Option<OwnedFd>,
    memory: Option<OwnedFd>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(dir: &'a ProcessDir, all: &[Mapping]) -> Self {
        let page = rustix::param::page_size() as u64;
        let of_probes = |mapping: &&Mapping| !mapping.is_file() && mapping.name == TRAMPOLINE;
        let trampolines =
            all.iter().filter(of_probes).map(|mapping| (mapping.start, mapping.end)).collect();
        let (blocked, pagemap, memory) = (None, None, None);
        Self { dir, page, blocked, trampolines, left: MOST_PAGES, pagemap, memory }
    }

    /// The pages of files' code that are the process's own.
    pub(super) fn own_pages(&mut self, all: &[Mapping]) -> Vec<Stretch> {
        let mut found = Vec::new();
        let mut room = MOST_OWN_PAGES;
        let code =
            all.iter().filter(|mapping| mapping.executable && mapping.is_file() && !mapping.shared);
        for mapping in code {
            let mut pages = self.own_pages_of(mapping);
            if pages.len() > room {
                self.note("pagemap", Blocked::TooLarge);
                pages.truncate(room);
            }
            room -= pages.len();
            if !pages.is_empty() {
                found.push(Stretch { mapping: mapping.clone(), pages });
            }
        }
        found
    }

    fn own_pages_of(&mut self, mapping: &Mapping) -> Vec<u64> {
        let (mut own, mut at) = (Vec::new(), mapping.start);
        while at < mapping.end {
            if self.left == 0 {
                self.note("pagemap", Blocked::TooLarge);
                break;
            }
            let count = ((mapping.end - at) / self.page).min(PAGES_AT_ONCE).min(self.left);
            self.left -= count;
            let entries = self.entries(at, count);
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                if entry & IN_USE != 0 && entry & OF_FILE == 0 {
                    own.push(at);
                }
                at += self.page;
            }
        }
        own
    }

    /// The pagemap's entries from an address on; fewer when the kernel gives fewer.
    fn entries(&mut self, address: u64, count: u64) -> Vec<u64> {
        let mut buffer = vec![0; usize::try_from(count * 8).unwrap_or_default()];
        let offset = address / self.page * 8;
        let read = match self.opened("pagemap") {
            Some(pagemap) => pread(pagemap, &mut *buffer, offset),
            None => return Vec::new(),
        };
        let bytes = match read {
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(errno) => {
                self.refused("pagemap", errno);
                return Vec::new();
            }
        };
        bytes.as_chunks::<8>().0.iter().map(|entry| u64::from_ne_bytes(*entry)).collect()
    }

    /// The page's bytes in memory.
    pub(super) fn read(&mut self, address: u64, length: usize) -> Option<Vec<u8>> {
        let mut buffer = vec![0; length];
        let read = pread(self.opened("mem")?, &mut *buffer, address);
        match read {
            Ok(count) => {
                buffer.truncate(count);
                (count > 0).then_some(buffer)
            }
            Err(errno) => {
                self.refused("mem", errno);
                None
            }
        }
    }

    /// Only pages that are there are read: a fault in one that is not might wait for the process itself
    /// (userfaultfd(2)).
    pub(super) fn starts_as_program(&mut self, address: u64) -> bool {
        let there = self.entries(address, 1).first().is_some_and(|entry| entry >> 63 == 1);
        there && self.read(address, MAGIC.len()).is_some_and(|start| start == MAGIC)
    }

    fn opened(&mut self, name: &'static str) -> Option<&OwnedFd> {
        let place = if name == "mem" { &self.memory } else { &self.pagemap };
        if place.is_none() {
            let opened = match self.dir.open_inside(name, OFlags::RDONLY) {
                Ok(fd) => Some(fd),
                Err(ReadError::Blocked(why)) => {
                    self.note(name, why);
                    None
                }
                Err(ReadError::Absent) => None,
            };
            if name == "mem" { self.memory = opened } else { self.pagemap = opened }
        }
        let place = if name == "mem" { &self.memory } else { &self.pagemap };
        place.as_ref()
    }

    fn refused(&mut self, name: &'static str, errno: Errno) {
        // The memory of a process that has ended is gone: read(2) gives 0 or ESRCH.
        if errno != Errno::SRCH {
            self.note(name, Blocked::from_errno(errno));
        }
    }

    pub(super) fn note(&mut self, name: &'static str, why: Blocked) {
        self.blocked.get_or_insert((name, why));
    }
}
