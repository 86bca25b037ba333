//! `coroner traffic`: what leaves this host, and who sends it.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use coroner_core::Text;
use coroner_host::sandbox;
use coroner_host::{Host, HostSources};
use coroner_traffic::{Ask, Observation, Trouble, Watch};

use crate::failure::Failure;
use crate::output;
use crate::own_medium;
use crate::target::Target;
use crate::traffic_args::TrafficArgs;
use crate::traffic_show as show;

const USUAL: Duration = Duration::from_secs(10);
/// How often a live view is drawn.
const VIEW: Duration = Duration::from_secs(1);
/// Longer than anybody watches.
const ENDLESS: Duration = Duration::from_hours(24 * 365);

pub(crate) fn run(args: &TrafficArgs) -> Result<ExitCode, Failure> {
    let target = args.write.as_deref().map(Target::open).transpose()?;
    let folder = target.as_ref().map(Target::directory);
    if !args.write_on_audited_disk {
        own_medium::keep_off_audited(folder.as_deref().into_iter(), None)?;
    }
    let host = Host::open(HostSources::live()).map_err(|e| Failure::Broken(e.to_string()))?;
    sandbox::restrict(target.as_ref().map(Target::held).as_slice());
    let device = args.dev.as_ref().map(|name| Text::from(name.as_str()));
    let ask = Ask { device, keep_headers: args.write.is_some() };
    let mut watch = Watch::start(&host, ask).map_err(|trouble| failure(&trouble))?;
    let usual = if args.watch { ENDLESS } else { USUAL };
    let end = Instant::now() + args.time.map_or(usual, |time| time.duration().min(ENDLESS));
    if args.watch {
        live(&mut watch, end, args, target.as_ref())?;
    } else {
        until(&mut watch, end);
        watch.settle();
        say(&watch.observation(), args, false)?;
        if let (Some(target), Some(evidence)) = (target, watch.evidence()) {
            output::replace(&target, "capture", &mut |out| out.write_all(&evidence))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn failure(trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::NoDevice(..) | Trouble::NoPrivilege => Failure::usage(trouble.to_string()),
        _ => Failure::Broken(trouble.to_string()),
    }
}

fn until(watch: &mut Watch<'_>, end: Instant) {
    while Instant::now() < end {
        watch.round();
    }
}

/// The file is whole at any time, and holds the last observation in which something was suspicious.
fn live(
    watch: &mut Watch<'_>,
    end: Instant,
    args: &TrafficArgs,
    target: Option<&Target>,
) -> Result<(), Failure> {
    while Instant::now() < end {
        until(watch, end.min(Instant::now() + VIEW));
        say(&watch.observation(), args, true)?;
        if let (Some(target), Some(evidence)) = (target, watch.evidence()) {
            target.write("capture", &mut |out| out.write_all(&evidence))?;
        }
        watch.restart();
    }
    Ok(())
}

fn say(seen: &Observation, args: &TrafficArgs, live: bool) -> Result<(), Failure> {
    let stdout = io::stdout();
    let mut text = String::new();
    if args.json {
        text.push_str(&show::json(seen)?);
        text.push('\n');
    } else {
        if live && stdout.is_terminal() {
            text.push_str("\x1b[H\x1b[2J"); // to the top, and empty
        }
        text.push_str(&show::observation(seen, args.dev.as_deref()));
    }
    let mut out = stdout.lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Broken(format!("standard output: {error}")))
        }
        // Whoever read it has seen enough; a live view ends.
        Err(_) => std::process::exit(0),
        Ok(()) => Ok(()),
    }
}
