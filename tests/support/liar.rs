//! A kernel that lies, without any hiding code in a kernel: coroner runs under ptrace(2), and the
//! results of its own system calls are edited before it sees them. x86-64 alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use coroner_core::Report;
use nix::libc::{self, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A system call that is about to return.
pub(crate) struct Call {
    thread: Pid,
    registers: user_regs_struct,
    edited: bool,
    memory: File,
}

impl Call {
    fn of(thread: Pid) -> nix::Result<Self> {
        let memory = File::options().read(true).write(true).open(format!("/proc/{thread}/mem"));
        let memory = memory.map_err(|_| nix::errno::Errno::ESRCH)?;
        Ok(Self { thread, registers: ptrace::getregs(thread)?, edited: false, memory })
    }

    /// Its number.
    pub(crate) fn number(&self) -> i64 {
        i64::try_from(self.registers.orig_rax).unwrap()
    }

    /// Its arguments, from the first.
    pub(crate) fn argument(&self, index: usize) -> u64 {
        let regs = &self.registers;
        [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9][index]
    }

    /// An argument that the kernel takes as a 32-bit number with a sign.
    pub(crate) fn signed(&self, index: usize) -> i32 {
        u32::try_from(self.argument(index) & 0xffff_ffff).unwrap().cast_signed()
    }

    /// What it returns: negative for an error.
    pub(crate) fn result(&self) -> i64 {
        self.registers.rax.cast_signed()
    }

    /// Makes it return something else.
    pub(crate) fn set_result(&mut self, result: i64) {
        self.registers.rax = result.cast_unsigned();
        self.edited = true;
    }

    /// What its first argument, a descriptor, is called.
    pub(crate) fn file(&self) -> PathBuf {
        let link = format!("/proc/{}/fd/{}", self.thread, self.signed(0));
        std::fs::read_link(link).unwrap_or_default()
    }

    /// Bytes of its memory.
    pub(crate) fn read(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory.read_exact_at(&mut bytes, at).expect("the memory of the call");
        bytes
    }

    /// Writes into its memory.
    pub(crate) fn write(&self, at: u64, bytes: &[u8]) {
        self.memory.write_all_at(bytes, at).expect("the memory of the call");
    }

    /// The path that an argument points to.
    pub(crate) fn path(&self, index: usize) -> PathBuf {
        let mut bytes = vec![0; 4096];
        let count = self.memory.read_at(&mut bytes, self.argument(index)).unwrap_or(0);
        let text = bytes[..count].split(|&byte| byte == 0).next().unwrap_or_default();
        PathBuf::from(String::from_utf8_lossy(text).into_owned())
    }

    /// What a call that filled a buffer (its second argument) wrote there.
    pub(crate) fn filled(&self) -> Vec<u8> {
        let count = usize::try_from(self.result()).unwrap_or(0);
        self.read(self.argument(1), count)
    }

    /// Puts something at most as long in its place.
    pub(crate) fn refill(&mut self, bytes: &[u8]) {
        self.write(self.argument(1), bytes);
        self.set_result(i64::try_from(bytes.len()).unwrap());
    }
}

/// Edits a call, or leaves it alone.
pub(crate) type Lie<'a> = Box<dyn FnMut(&mut Call) + 'a>;

/// What came of an audit that was lied to.
pub(crate) struct Told {
    pub(crate) report: Report,
    pub(crate) status: i32,
    /// Calls that were edited.
    pub(crate) lies: u32,
}

/// Runs an audit with these arguments, every call of which goes through the lies.
pub(crate) fn audit(args: &[&str], lies: &mut [Lie<'_>]) -> Told {
    let output = tempfile::NamedTempFile::new().unwrap();
    let errors = tempfile::NamedTempFile::new().unwrap();
    // The shell stops itself, so that nothing of coroner has run before it is watched.
    let mut child = Command::new("/bin/sh")
        .args(["-c", "kill -STOP $$; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_coroner")])
        .args(["audit", "--format", "json", "--budget", "900"])
        .args(args)
        .stdin(Stdio::null())
        .stdout(output.reopen().unwrap())
        .stderr(errors.reopen().unwrap())
        .spawn()
        .expect("a shell");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    let options =
        Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).unwrap();
    kill(pid, Signal::SIGCONT).unwrap();
    let (status, told) = watch(pid, lies);
    let _ = child.try_wait();
    let bytes = std::fs::read(output.path()).unwrap();
    let report = Report::from_json(&bytes).unwrap_or_else(|error| {
        panic!("{error}\n{}", String::from_utf8_lossy(&std::fs::read(errors.path()).unwrap()))
    });
    Told { report, status, lies: told }
}

/// Follows every thread until the process ends; its exit status, and how many calls were edited.
fn watch(pid: Pid, lies: &mut [Lie<'_>]) -> (i32, u32) {
    let mut inside: BTreeMap<Pid, bool> = BTreeMap::new();
    let mut told = 0;
    loop {
        // Other tests have children of their own: only this thread's are waited for.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        let (thread, signal) = match waitpid(None, Some(flags)).unwrap() {
            WaitStatus::Exited(ended, status) if ended == pid => return (status, told),
            WaitStatus::Signaled(ended, signal, _) if ended == pid => panic!("ended by {signal}"),
            WaitStatus::PtraceSyscall(thread) => {
                let returning = inside.entry(thread).or_default();
                if *returning {
                    told += u32::from(edit(thread, lies));
                }
                *returning = !*returning;
                (thread, None)
            }
            WaitStatus::Exited(ended, _) | WaitStatus::Signaled(ended, _, _) => {
                // Its number may be given to another.
                inside.remove(&ended);
                continue;
            }
            WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
            WaitStatus::PtraceEvent(thread, _, _) => (thread, None),
            _ => continue,
        };
        // A thread may be gone by now.
        let _ = ptrace::syscall(thread, signal);
    }
}

fn edit(thread: Pid, lies: &mut [Lie<'_>]) -> bool {
    let Ok(mut call) = Call::of(thread) else { return false };
    for lie in lies {
        lie(&mut call);
    }
    call.edited && ptrace::setregs(thread, call.registers).is_ok()
}

/// Where a record starts, how long it is, and its name.
struct Place {
    start: usize,
    length: usize,
    name: Vec<u8>,
}

fn records(buffer: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    let mut start = 0;
    while start < buffer.len() {
        let length = usize::from(u16::from_ne_bytes([buffer[start + 16], buffer[start + 17]]));
        let named = &buffer[start + 19..start + length];
        let name = named.split(|&byte| byte == 0).next().unwrap().to_vec();
        places.push(Place { start, length, name });
        start += length;
    }
    places
}

/// How a name is taken out of a directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hide {
    /// The record before it is made longer (the first one: what is behind it is moved up).
    Grow,
    /// What is behind it is moved up.
    Compact,
    /// The whole buffer that it is in is not given.
    FalseEnd,
}

/// Takes names out of the directory `dir`, as getdents64(2) gives it.
pub(crate) fn hide<'a>(dir: &str, names: &[String], how: Hide) -> Lie<'a> {
    let dir = PathBuf::from(dir);
    let names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    Box::new(move |call| {
        if call.number() != libc::SYS_getdents64 || call.result() <= 0 || !is(call, &dir) {
            return;
        }
        let whole = call.filled();
        let mut buffer = whole.clone();
        for name in &names {
            buffer = without(buffer, name, how);
        }
        if buffer != whole {
            call.refill(&buffer);
        }
    })
}

fn without(mut buffer: Vec<u8>, name: &[u8], how: Hide) -> Vec<u8> {
    let places = records(&buffer);
    let Some(index) = places.iter().position(|place| place.name == name) else { return buffer };
    let gone = &places[index];
    match how {
        Hide::Grow if index > 0 => {
            let before = &places[index - 1];
            let length = u16::try_from(before.length + gone.length).unwrap();
            buffer[before.start + 16..before.start + 18].copy_from_slice(&length.to_ne_bytes());
        }
        Hide::FalseEnd => buffer.clear(),
        _ => drop(buffer.drain(gone.start..gone.start + gone.length)),
    }
    buffer
}

/// The tree that coroner reads is a clone of its own, in which paths start at the audited root.
fn is(call: &Call, path: &Path) -> bool {
    let file = call.file();
    file == path
        || file.ends_with(path.strip_prefix("/").unwrap_or(path)) && !path.starts_with("/proc")
}

/// Puts `new` in place of `old` in what these calls, all of them reads, give of a file.
pub(crate) fn rewrite<'a>(path: &str, old: &str, new: &str, calls: &'a [i64]) -> Lie<'a> {
    let (path, old, new) = (PathBuf::from(path), old.to_owned(), new.to_owned());
    Box::new(move |call| {
        // Copied pages do not say which file they are of.
        let of_pages = call.number() == libc::SYS_process_vm_readv;
        if !calls.contains(&call.number()) || call.result() <= 0 || !of_pages && !is(call, &path) {
            return;
        }
        let at = if of_pages || call.number() == libc::SYS_preadv2 {
            // The first of the buffers, of which coroner gives one.
            u64::from_ne_bytes(call.read(call.argument(1), 8).try_into().unwrap())
        } else {
            call.argument(1)
        };
        let count = usize::try_from(call.result()).unwrap();
        let text = String::from_utf8_lossy(&call.read(at, count)).into_owned();
        if text.contains(&old) {
            let edited = text.replace(&old, &new);
            assert!(edited.len() <= count, "a lie that is longer than the truth");
            call.write(at, edited.as_bytes());
            call.set_result(i64::try_from(edited.len()).unwrap());
        }
    })
}

/// Takes lines out of what is read of every file of this name.
pub(crate) fn shorten<'a>(file: &str, lines: &[String]) -> Lie<'a> {
    let (file, gone) = (file.to_owned(), lines.to_vec());
    let reads = [libc::SYS_read, libc::SYS_pread64];
    cut(
        move |call| reads.contains(&call.number()) && call.file().ends_with(&file),
        move |line| gone.iter().any(|g| line.trim_end() == g),
    )
}

/// Cuts the lines with `word` in them out of what these calls give of a file.
pub(crate) fn without_lines<'a>(path: &str, word: &str, calls: &'a [i64]) -> Lie<'a> {
    let (path, word) = (PathBuf::from(path), word.to_owned());
    cut(
        move |call| calls.contains(&call.number()) && is(call, &path),
        move |line| line.contains(&word),
    )
}

/// Takes the lines that are `gone` out of what a call gives, where it `applies`.
fn cut<'a>(applies: impl Fn(&Call) -> bool + 'a, gone: impl Fn(&str) -> bool + 'a) -> Lie<'a> {
    Box::new(move |call| {
        if call.result() <= 0 || !applies(call) {
            return;
        }
        let whole = String::from_utf8_lossy(&call.filled()).into_owned();
        let kept: String = whole.split_inclusive('\n').filter(|line| !gone(line)).collect();
        if kept.len() < whole.len() {
            call.refill(kept.as_bytes());
        }
    })
}

/// Takes a socket out of what `sock_diag`(7) tells; its inode stands at `at` of a message of that family.
pub(crate) fn untold<'a>(inode: u32, at: usize) -> Lie<'a> {
    /// `struct nlmsghdr` and `SOCK_DIAG_BY_FAMILY`, linux/netlink.h and `linux/sock_diag.h`.
    const HEAD: usize = 16;
    const BY_FAMILY: [u8; 2] = [20, 0];
    Box::new(move |call| {
        if call.number() != libc::SYS_recvfrom || call.result() <= 0 {
            return;
        }
        let (whole, mut kept, mut start) = (call.filled(), Vec::new(), 0);
        while start + HEAD <= whole.len() {
            let length = u32::from_ne_bytes(whole[start..start + 4].try_into().unwrap());
            let end =
                (start + usize::try_from(length).unwrap().next_multiple_of(4)).min(whole.len());
            let message = &whole[start..end];
            let told = message[4..6] == BY_FAMILY
                && message.get(HEAD + at..HEAD + at + 4) == Some(&inode.to_ne_bytes()[..]);
            if !told {
                kept.extend(message);
            }
            start = end.max(start + HEAD);
        }
        if kept.len() < whole.len() {
            call.refill(&kept);
        }
    })
}

/// Takes some from the link count that statx(2) gives of the directory /proc, as if there were so
/// many processes less.
pub(crate) fn processes_less<'a>(less: u32) -> Lie<'a> {
    Box::new(move |call| {
        let asked = call.number() == libc::SYS_statx && call.result() == 0;
        if !asked || !call.path(1).as_os_str().is_empty() || call.file() != Path::new("/proc") {
            return;
        }
        // `stx_nlink` is at byte 16 of `struct statx`, linux/stat.h.
        let at = call.argument(4) + 16;
        let links = u32::from_ne_bytes(call.read(at, 4).try_into().unwrap());
        call.write(at, &(links - less).to_ne_bytes());
        call.set_result(0);
    })
}

/// Makes the calls that find a process by its number fail for these numbers, or for all.
pub(crate) fn deny<'a>(calls: &'a [i64], pids: Option<&'a [i32]>) -> Lie<'a> {
    Box::new(move |call| {
        if !calls.contains(&call.number()) {
            return;
        }
        let Some((asked, error)) = asked(call) else { return };
        if pids.is_none_or(|pids| pids.contains(&asked)) {
            call.set_result(-i64::from(error));
        }
    })
}

/// The number that a call asks for, and its error for one that is not there.
fn asked(call: &Call) -> Option<(i32, i32)> {
    let number = call.number();
    let own = match number {
        libc::SYS_ioprio_get | libc::SYS_getpriority => call.signed(1),
        libc::SYS_prlimit64
        | libc::SYS_sched_getattr
        | libc::SYS_get_robust_list
        | libc::SYS_kcmp
        | libc::SYS_move_pages
        | libc::SYS_pidfd_open => call.signed(0),
        libc::SYS_clock_getres if call.signed(0) < 0 => {
            return Some((!(call.signed(0) >> 3), libc::EINVAL));
        }
        libc::SYS_fcntl if call.signed(1) == libc::F_SETOWN && call.signed(2) != 0 => {
            call.signed(2)
        }
        libc::SYS_sendmsg => claimed(call)?,
        libc::SYS_openat2 | libc::SYS_statx if call.file() == Path::new("/proc") => {
            let first = call.path(1).components().next()?.as_os_str().to_str()?.parse().ok()?;
            return Some((first, libc::ENOENT));
        }
        _ => return None,
    };
    Some((own, libc::ESRCH))
}

/// The process that an `SCM_CREDENTIALS` message claims to come from: `msg_control` is at byte 32
/// of `struct msghdr`, the number behind a header of 16 bytes.
fn claimed(call: &Call) -> Option<i32> {
    let control = u64::from_ne_bytes(call.read(call.argument(1) + 32, 8).try_into().ok()?);
    let header = (control != 0).then(|| call.read(control, 20))?;
    let kind = i32::from_ne_bytes(header[12..16].try_into().ok()?);
    let pid = i32::from_ne_bytes(header[16..20].try_into().ok()?);
    (kind == libc::SCM_CREDENTIALS).then_some(pid)
}

/// Calls of the two ways to find a process, and those by path.
pub(crate) const BY_TASK: [i64; 7] = [
    libc::SYS_ioprio_get,
    libc::SYS_prlimit64,
    libc::SYS_sched_getattr,
    libc::SYS_getpriority,
    libc::SYS_get_robust_list,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
];
pub(crate) const BY_NUMBER: [i64; 4] =
    [libc::SYS_clock_getres, libc::SYS_pidfd_open, libc::SYS_fcntl, libc::SYS_sendmsg];
pub(crate) const BY_PATH: [i64; 2] = [libc::SYS_openat2, libc::SYS_statx];
pub(crate) const READ: [i64; 1] = [libc::SYS_read];
pub(crate) const READS: [i64; 3] = [libc::SYS_read, libc::SYS_pread64, libc::SYS_preadv2];
pub(crate) const EVERY_READ: [i64; 4] =
    [libc::SYS_read, libc::SYS_pread64, libc::SYS_preadv2, libc::SYS_process_vm_readv];
