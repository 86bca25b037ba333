//! Why the throttle could not do what was asked.

use std::io;

use crate::change::Refused;
use crate::netlink::Refusal;

/// Why something could not be done; each is one line for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// No device of that name.
    #[error("there is no network device '{0}'; there are {1}")]
    NoDevice(String, String),
    /// The device is switched off.
    #[error("{0} is down: nothing passes it, and what is set now would not last")]
    Down(String),
    /// Not root.
    #[error("this needs the right to administer the network (run it as root)")]
    NoPrivilege,
    /// A qdisc that somebody chose.
    #[error("{0} has the qdisc {1} already; --replace takes its place until revert puts it back")]
    Occupied(String, String),
    /// Something that could not be put back.
    #[error("{0} has what could not be put back afterwards ({1}): nothing was changed")]
    CannotRebuild(String, String),
    /// Applied before.
    #[error("{0} is throttled already; revert it first, or use --replace")]
    Already(String),
    /// Changed by somebody else since.
    #[error(
        "{0} has the qdisc {1}, which is neither coroner's nor what was there before: nothing was changed; take it away, then revert"
    )]
    Foreign(String, String),
    /// Nobody would undo it.
    #[error(
        "no process of ours can watch over this ({0}), and --for and --confirm-within need one: nothing was changed"
    )]
    NoGuard(io::Error),
    /// The kernel said no, and all is as it was.
    #[error("{0}; everything is as it was")]
    Refused(Refused),
    /// The kernel took the filters and left out the mark.
    #[error(
        "the u32 filters of this kernel do not look at marks (CONFIG_CLS_U32_MARK), so --mark would hold everything; everything is as it was"
    )]
    NoMarks,
    /// The kernel said no, twice.
    #[error("{0}; and what was there could not be put back ({1}): try `coroner throttle revert`")]
    Stuck(Refused, Refused),
    /// What is there now is not what was there.
    #[error(
        "{0}: what was there before was put back, but the kernel shows it differently now: {1}"
    )]
    Differs(String, String),
    /// Undoing failed.
    #[error("could not put back what was there: {0}")]
    NotUndone(Refused),
    /// The state could not be read or written.
    #[error("the state in {0}: {1}")]
    State(String, io::Error),
    /// Netlink.
    #[error("the kernel does not answer about network devices: {0}")]
    Kernel(#[from] Refusal),
    /// Nothing to show or to confirm.
    #[error("{0} is not throttled")]
    NotThrottled(String),
}
