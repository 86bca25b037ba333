//! The process of our own that undoes what was applied, whatever becomes of the terminal, the
//! shell and the command that applied it.
//!
//! It is this same binary, in a session of its own. It watches a pipe from the command that
//! applies: when that dies before the new state is whole, what was there is put back at once.
//! After that it waits for the moments that the state names.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use crate::netlink::Link;
use crate::state::{Phase, State, Store, now};
use crate::undo::undo;

const READY: u8 = b'R';
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// The watching process, seen from the command that applies.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    /// Closed when this command ends, however it ends.
    _pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts it, and waits until it has left our session.
    pub(crate) fn start(arguments: &[OsString], file: &str) -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.args(arguments).arg(file).current_dir("/").env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let mut word = [0];
        let ready = match child.stdout.take() {
            Some(mut stdout) => stdout.read_exact(&mut word),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        if let Err(error) = ready {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        Ok(Self { _pipe: child.stdin.take(), child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// What the watching process does.
///
/// # Errors
/// It cannot leave the session that it was started in, or the state cannot be read.
pub fn watch(store: &Store, file: &str) -> io::Result<()> {
    rustix::process::setsid()?;
    let Some(mine) = store.load_file(file)? else { return Ok(()) };
    io::stdout().write_all(&[READY])?;
    io::stdout().flush()?;
    // Ends when the command that applies does.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    while let Some(state) = current(store, file, &mine.token)? {
        let cut_short = state.phase == Phase::Applying;
        let due = state.deadline().is_some_and(|deadline| now() >= deadline);
        if cut_short || due {
            end(store, file, &mine.token);
        } else if state.deadline().is_none() {
            break;
        } else {
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }
    Ok(())
}

/// The state, while it is still that of the application watched over.
fn current(store: &Store, file: &str, token: &str) -> io::Result<Option<State>> {
    Ok(store.load_file(file)?.filter(|state| state.token == token))
}

/// Undoes it; what goes wrong is kept in the state, and tried again.
fn end(store: &Store, file: &str, token: &str) {
    if let Err(trouble) = try_end(store, file, token) {
        if let (Ok(_lock), Ok(Some(mut state))) = (store.lock(), current(store, file, token)) {
            state.trouble = Some(trouble);
            let _ = store.save(&state);
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
}

fn try_end(store: &Store, file: &str, token: &str) -> Result<(), String> {
    let lock = store.lock().map_err(|error| error.to_string())?;
    // Somebody may have confirmed or reverted while the lock was waited for.
    let state = current(store, file, token).map_err(|error| error.to_string())?;
    let still = |state: &State| {
        state.phase == Phase::Applying || state.deadline().is_some_and(|at| now() >= at)
    };
    if let Some(state) = state.filter(still) {
        let mut link = Link::open().map_err(|refusal| refusal.to_string())?;
        undo(store, &mut link, &state).map_err(|trouble| trouble.to_string())?;
    }
    store.tidy(lock);
    Ok(())
}
