//! What `coroner throttle` takes.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use coroner_throttle::{
    Block, Direction, Exempt, Mark, Matching, Ports, Protocol, Rate, Request, Size, Span,
};

const EXAMPLES: &str = "Examples:
  coroner throttle plan --dev eth0 --rate 1mbit --total 1gbit --dport 80,443
  coroner throttle apply --dev eth0 --rate 1mbit --dport 80,443 --syn-only --confirm-within 60s
  coroner throttle status --watch
  coroner throttle revert";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ThrottleArgs {
    #[command(subcommand)]
    pub(crate) action: Action,
    /// Where states are kept, instead of /run/coroner
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Shows what apply would do, and does nothing.
    #[command(
        after_help = "Example:\n  coroner throttle plan --dev eth0 --rate 1mbit --total 1gbit --dport 80,443 --format tc"
    )]
    Plan(PlanArgs),
    /// Holds the attack down.
    #[command(
        after_help = "Example:\n  coroner throttle apply --dev eth0 --rate 1mbit --dport 80,443 --syn-only --confirm-within 60s\n  coroner throttle apply --dev eth0 --rate 1mbit --src 192.0.2.7 --for 30m"
    )]
    Apply(ApplyArgs),
    /// Shows what passes and what is held.
    #[command(after_help = "Example:\n  coroner throttle status --dev eth0 --watch")]
    Status(StatusArgs),
    /// Keeps what was applied with --confirm-within.
    #[command(after_help = "Example:\n  coroner throttle confirm --dev eth0")]
    Confirm(DeviceArgs),
    /// Puts back what was there before.
    #[command(after_help = "Example:\n  coroner throttle revert --dev eth0")]
    Revert(DeviceArgs),
    /// Watches over a state (started by apply).
    #[command(hide = true)]
    Guard {
        /// The state's file
        file: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) what: WhatArgs,
    /// A table with notes, JSON, or the commands of tc alone
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub(crate) format: PlanFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Text,
    /// One document
    Json,
    /// Commands of tc
    Tc,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) what: WhatArgs,
    /// Take the place of a qdisc that somebody chose, until revert
    #[arg(long)]
    pub(crate) replace: bool,
    /// Undo it by itself after this time, such as 30m
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) hold_for: Option<Span>,
    /// Undo it by itself unless `coroner throttle confirm` is called within this time, such as 60s
    #[arg(long, value_name = "TIME")]
    pub(crate) confirm_within: Option<Span>,
    /// Say what was done as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of the command line
pub(crate) struct WhatArgs {
    /// The network device
    #[arg(long, value_name = "NAME")]
    pub(crate) dev: String,
    /// What the attack may have, such as 1mbit (units as tc takes them)
    #[arg(long)]
    pub(crate) rate: Rate,
    /// What the whole device may have
    #[arg(long, value_name = "RATE")]
    pub(crate) total: Option<Rate>,
    /// How much of the attack may pass at once, such as 15k
    #[arg(long, value_name = "SIZE")]
    pub(crate) burst: Option<Size>,
    /// Destination ports of the attack: 80,443,8000-8100
    #[arg(long, value_name = "PORTS", value_delimiter = ',')]
    pub(crate) dport: Vec<Ports>,
    /// Protocol of the attack: tcp, udp, icmp, ... (tcp and udp when ports are named alone)
    #[arg(long, value_name = "NAME")]
    pub(crate) proto: Option<Protocol>,
    /// Destinations of the attack
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) dst: Vec<Block>,
    /// Sources of the attack, such as a guest's address
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) src: Vec<Block>,
    /// TCP SYN without ACK alone: established connections stay free
    #[arg(long)]
    pub(crate) syn_only: bool,
    /// Packets with this mark: 7 or 0x10/0xf0
    #[arg(long, value_name = "MARK")]
    pub(crate) mark: Option<Mark>,
    /// What is never touched: address blocks and ports, from and to
    #[arg(long, value_name = "CIDR or PORTS", value_delimiter = ',')]
    pub(crate) exempt: Vec<Exempt>,
    /// Do not exempt the connection over which you are typing
    #[arg(long)]
    pub(crate) no_own_connection: bool,
    /// Police what comes in, instead of shaping what goes out
    #[arg(long)]
    pub(crate) ingress: bool,
    /// Look into frames with a VLAN tag too (done by itself when the device has VLANs)
    #[arg(long)]
    pub(crate) vlan: bool,
    /// Let the kernel load the modules it needs: it runs the host's modprobe for that
    #[arg(long)]
    pub(crate) allow_module_load: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// One network device, instead of all that are throttled
    #[arg(long, value_name = "NAME")]
    pub(crate) dev: Option<String>,
    /// Again every second, until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    /// As JSON, one document a look
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeviceArgs {
    /// One network device, instead of all that are throttled
    #[arg(long, value_name = "NAME")]
    pub(crate) dev: Option<String>,
}

impl WhatArgs {
    /// The request, with the connections that are exempt because somebody types over them.
    pub(crate) fn request(&self, own: Vec<Exempt>) -> Request {
        Request {
            device: self.dev.clone(),
            rate: self.rate,
            total: self.total,
            burst: self.burst,
            matching: Matching {
                dports: self.dport.clone(),
                protocol: self.proto,
                destinations: self.dst.clone(),
                sources: self.src.clone(),
                syn_only: self.syn_only,
                mark: self.mark,
            },
            exempt: own.into_iter().chain(self.exempt.iter().copied()).collect(),
            direction: if self.ingress { Direction::Ingress } else { Direction::Egress },
            vlan: self.vlan,
        }
    }
}
