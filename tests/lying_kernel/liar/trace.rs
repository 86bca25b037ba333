//! Runs coroner under ptrace(2) and gives each of its system calls to the lies before it returns.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use coroner_core::Report;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::call::Call;

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
    call.leave()
}
