//! A system call of the watched process, its arguments and what it is about to return.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A system call that is about to return.
pub(crate) struct Call {
    thread: Pid,
    registers: user_regs_struct,
    edited: bool,
    memory: File,
}

impl Call {
    /// The call that a stopped thread is in.
    pub(crate) fn of(thread: Pid) -> nix::Result<Self> {
        let memory = File::options().read(true).write(true).open(format!("/proc/{thread}/mem"));
        let memory = memory.map_err(|_| nix::errno::Errno::ESRCH)?;
        Ok(Self { thread, registers: ptrace::getregs(thread)?, edited: false, memory })
    }

    /// Gives what was edited to the thread; whether anything was.
    pub(crate) fn leave(self) -> bool {
        self.edited && ptrace::setregs(self.thread, self.registers).is_ok()
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

    /// Whether that is `path`. The tree that coroner reads is a clone of its own, in which paths
    /// start at the audited root.
    pub(crate) fn is_of(&self, path: &Path) -> bool {
        let file = self.file();
        file == path
            || file.ends_with(path.strip_prefix("/").unwrap_or(path)) && !path.starts_with("/proc")
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
