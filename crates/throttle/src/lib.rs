//! Traffic control by rtnetlink: holds an attack down, leaves the rest alone, undoes itself.

mod ability;
mod block;
mod encode;
mod filters;
mod handle;
mod matching;
mod model;
mod netlink;
mod object;
mod ports;
mod request;
mod tc;
mod tree;
mod units;

pub use ability::{Abilities, Part};
pub use block::{Block, NotABlock};
pub use handle::Handle;
pub use model::{Body, Class, Discipline, Filter, Frames, Header, Key, Plan, Qdisc, Start, Then};
pub use netlink::Refusal;
pub use object::{Object, Sort};
pub use ports::{NotPorts, PortMask, Ports};
pub use request::{
    Direction, Exempt, Mark, Matching, Protocol, Request, WrongMatch, WrongRequest,
};
pub use tc::commands;
pub use tree::{Facts, NoPlan, plan};
pub use units::{Rate, Size, Span, WrongUnit};
