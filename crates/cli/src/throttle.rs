//! `coroner throttle`: the one command that changes anything, and undoes itself.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use coroner_throttle::{
    Abilities, Counts, Order, Plan, Span, State, Store, Trouble, Undone, add_rates, apply,
    check_privilege, confirm, facts, measure, own_connections, plan, revert, watch,
};

use crate::failure::Failure;
use crate::throttle_args::{
    Action, ApplyArgs, DeviceArgs, PlanArgs, PlanFormat, StatusArgs, ThrottleArgs, WhatArgs,
};
use crate::throttle_show as show;

/// Does what was asked.
pub(crate) fn run(args: &ThrottleArgs) -> Result<ExitCode, Failure> {
    let folder = args.state_dir.as_deref().unwrap_or(Path::new(Store::USUAL));
    let store = Store::at(folder);
    match &args.action {
        Action::Plan(ask) => show_plan(ask)?,
        Action::Apply(ask) => apply_plan(ask, &store)?,
        Action::Status(ask) => status(ask, &store)?,
        Action::Confirm(ask) => confirm_all(ask, &store)?,
        Action::Revert(ask) => revert_all(ask, &store)?,
        Action::Guard { file } => {
            watch(&store, file).map_err(|error| Failure::Broken(error.to_string()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Wrong arguments in one line: over the link that is being drowned, nobody scrolls.
pub(crate) fn wrong(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let parts = text.lines().map(str::trim);
    let said =
        parts.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
    Failure::usage(said.join(" ").trim_start_matches("error: ").to_owned())
}

fn failure(trouble: &Trouble) -> Failure {
    let message = trouble.to_string();
    match trouble {
        Trouble::NoDevice(..)
        | Trouble::Down(_)
        | Trouble::NoPrivilege
        | Trouble::Occupied(..)
        | Trouble::CannotRebuild(..)
        | Trouble::Already(_)
        | Trouble::Foreign(..)
        | Trouble::NoMarks
        | Trouble::NotThrottled(_) => Failure::usage(message),
        _ => Failure::Broken(message),
    }
}

/// The plan, and the number of the device it is for.
fn made_plan(what: &WhatArgs) -> Result<(Plan, i32, bool), Failure> {
    let own = if what.no_own_connection {
        Vec::new()
    } else {
        let hint = std::env::var("SSH_CONNECTION").ok();
        own_connections(Path::new("/proc"), hint.as_deref())
    };
    let notes: Vec<String> =
        own.iter().map(|c| format!("left alone: {c}, which is yours")).collect();
    let none = own.is_empty() && !what.no_own_connection;
    let request = what.request(own);
    request.check().map_err(|wrong| Failure::usage(wrong.to_string()))?;
    let abilities = Abilities::of(Path::new("/"), what.allow_module_load);
    let (device, facts) = facts(&what.dev, abilities).map_err(|trouble| failure(&trouble))?;
    let mut plan = plan(&request, &facts).map_err(|no| Failure::usage(no.to_string()))?;
    plan.notes.extend(notes);
    if none {
        plan.notes.push("no connection of yours was found, so none is exempt".to_owned());
    }
    Ok((plan, device.index, device.up))
}

fn show_plan(ask: &PlanArgs) -> Result<(), Failure> {
    let (plan, ..) = made_plan(&ask.what)?;
    print(&match ask.format {
        PlanFormat::Text => show::plan(&plan),
        PlanFormat::Json => show::plan_json(&plan)?,
        PlanFormat::Tc => show::commands(&plan),
    })
}

fn apply_plan(ask: &ApplyArgs, store: &Store) -> Result<(), Failure> {
    let (plan, index, up) = made_plan(&ask.what)?;
    check_privilege().map_err(|trouble| failure(&trouble))?;
    if !up {
        return Err(failure(&Trouble::Down(plan.device)));
    }
    let words = [OsString::from("throttle"), "--state-dir".into(), store.folder().into()];
    let order = Order {
        plan: &plan,
        index,
        replace: ask.replace,
        hold_for: ask.hold_for.map(Span::duration),
        confirm_within: ask.confirm_within.map(Span::duration),
        guard: words.into_iter().chain(["guard".into()]).collect(),
    };
    let state = apply(store, &order).map_err(|trouble| failure(&trouble))?;
    print(&if ask.json {
        show::state_json(&state, &Counts::default())?
    } else {
        show::applied(&plan, &state)
    })
}

/// The states that a command is about.
fn states(dev: Option<&str>, store: &Store) -> Result<Vec<State>, Failure> {
    let broken =
        |error: io::Error| Failure::Broken(format!("{}: {error}", store.folder().display()));
    let mut states = store.all().map_err(broken)?;
    if let Some(dev) = dev {
        states.retain(|state| state.device == dev);
        if states.is_empty() {
            // A misspelt name must not look like a device without a throttle.
            facts(dev, Abilities::only(&[])).map_err(|trouble| failure(&trouble))?;
        }
    }
    Ok(states)
}

fn confirm_all(ask: &DeviceArgs, store: &Store) -> Result<(), Failure> {
    let states = states(ask.dev.as_deref(), store)?;
    if states.is_empty() {
        return Err(Failure::usage("nothing is throttled, so there is nothing to confirm"));
    }
    for state in states {
        let kept = confirm(store, state.index, state.direction).map_err(|t| failure(&t))?;
        print(&show::confirmed(&kept))?;
    }
    Ok(())
}

fn revert_all(ask: &DeviceArgs, store: &Store) -> Result<(), Failure> {
    let states = states(ask.dev.as_deref(), store)?;
    if states.is_empty() {
        return print("nothing is throttled, so there is nothing to put back\n");
    }
    check_privilege().map_err(|trouble| failure(&trouble))?;
    for state in states {
        let undone = revert(store, state.index, state.direction).map_err(|t| failure(&t))?;
        let what = match undone {
            Some(Undone::DeviceGone) => "the device is gone, and the throttle with it",
            Some(Undone::Restored) | None => "what was there before is there again",
        };
        print(&format!("{}: {what}\n", state.device.escape_debug()))?;
    }
    Ok(())
}

fn status(ask: &StatusArgs, store: &Store) -> Result<(), Failure> {
    let mut earlier: Vec<(String, Counts)> = Vec::new();
    let mut at = Instant::now();
    loop {
        let states = states(ask.dev.as_deref(), store)?;
        if states.is_empty() {
            return print(if ask.json { "[]\n" } else { "nothing is throttled\n" });
        }
        if earlier.is_empty() {
            earlier = looks(&states)?;
            at = Instant::now();
            std::thread::sleep(Duration::from_secs(1));
        }
        let mut now = looks(&states)?;
        let elapsed = at.elapsed();
        at = Instant::now();
        for (token, counts) in &mut now {
            let before = earlier.iter().find(|(other, _)| other == token);
            let before = before.map_or([].as_slice(), |(_, before)| &before.measures);
            add_rates(&mut counts.measures, before, elapsed);
        }
        for (state, (_, counts)) in states.iter().zip(&now) {
            print(&if ask.json {
                show::state_json(state, counts)?
            } else {
                show::status(state, counts)
            })?;
        }
        if !ask.watch {
            return Ok(());
        }
        earlier = now;
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn looks(states: &[State]) -> Result<Vec<(String, Counts)>, Failure> {
    let look = |state: &State| {
        let counts = measure(state).map_err(|refusal| Failure::Broken(refusal.to_string()))?;
        Ok((state.token.clone(), counts))
    };
    states.iter().map(look).collect()
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Broken(format!("standard output: {error}")))
        }
        // Whoever read it has seen enough; `status --watch` ends.
        Err(_) => std::process::exit(0),
        Ok(()) => Ok(()),
    }
}
