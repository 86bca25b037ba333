//! `coroner traffic`: what leaves this host, and who sends it.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use coroner_core::Text;
use coroner_host::sandbox;
use coroner_host::{Host, HostSources};
use coroner_traffic::{Ask, Observation, Trouble, Watch};

use crate::output::{self, Failure};
use crate::traffic_args::TrafficArgs;
use crate::traffic_show as show;

const USUAL: Duration = Duration::from_secs(10);
/// How often a live view is drawn.
const VIEW: Duration = Duration::from_secs(1);
/// Longer than anybody watches.
const ENDLESS: Duration = Duration::from_hours(24 * 365);

pub(crate) fn run(args: &TrafficArgs) -> Result<ExitCode, Failure> {
    let folder = args.write.as_deref().map(output::check_path).transpose()?;
    let host = Host::open(HostSources::live()).map_err(|e| Failure::Broken(e.to_string()))?;
    sandbox::restrict(folder.as_slice());
    let device = args.dev.as_ref().map(|name| Text::from(name.as_str()));
    let ask = Ask { device, keep_headers: args.write.is_some() };
    let mut watch = Watch::start(&host, ask).map_err(|trouble| failure(&trouble))?;
    let usual = if args.watch { ENDLESS } else { USUAL };
    let end = Instant::now() + args.time.map_or(usual, |time| time.duration().min(ENDLESS));
    if args.watch {
        live(&mut watch, end, args)?;
    } else {
        until(&mut watch, end);
        watch.settle();
        say(&watch.observation(), args, false)?;
        save(&watch, args.write.as_deref())?;
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

fn live(watch: &mut Watch<'_>, end: Instant, args: &TrafficArgs) -> Result<(), Failure> {
    while Instant::now() < end {
        until(watch, end.min(Instant::now() + VIEW));
        say(&watch.observation(), args, true)?;
        save(watch, args.write.as_deref())?;
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

/// The file is whole at any time, and holds the last observation in which something was suspicious.
fn save(watch: &Watch<'_>, path: Option<&Path>) -> Result<(), Failure> {
    let (Some(path), Some(evidence)) = (path, watch.evidence()) else { return Ok(()) };
    output::replace(path, "capture", &mut |out| out.write_all(&evidence))
}
