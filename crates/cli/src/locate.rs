//! `coroner locate`: from the metrics to the machine.

use std::path::Path;
use std::process::ExitCode;

use coroner_core::Time;
use coroner_host::sandbox;
use coroner_locate::{Access, Ask, Credentials, Names, Resolver, Server, Trouble, locate};

use crate::failure::Failure;
use crate::locate_args::LocateArgs;
use crate::locate_show as show;
use crate::output;

const TOKEN: &str = "CORONER_PROMETHEUS_TOKEN";
const PASSWORD: &str = "CORONER_PROMETHEUS_PASSWORD";
/// Longer than any token.
const LONGEST_SECRET: usize = 64 << 10;

pub(crate) fn run(args: &LocateArgs) -> Result<ExitCode, Failure> {
    let names = names(args.names.as_deref())?;
    let access = Access {
        url: args.prometheus.clone(),
        credentials: credentials(args)?,
        authorities: args.ca_file.clone(),
        patience: args.timeout.duration(),
        resolver: Resolver::of_this_machine(),
    };
    let server = Server::new(&access).map_err(failure)?;
    // What a server answers is read without the right to write or to run anything.
    sandbox::restrict(&[]);
    let ask = Ask {
        server: args.prometheus.clone(),
        at: args.at.unwrap_or_else(Time::now),
        window: args.window.duration(),
        history: args.history.duration(),
    };
    let trail = locate(&server, &names, &ask).map_err(failure)?;
    output::write_stdout(&|style, out| {
        if args.json { coroner_render::json(&trail, out) } else { show::trail(&trail, style, out) }
    })?;
    Ok(ExitCode::from(trail.exit_status()))
}

#[allow(clippy::needless_pass_by_value)] // the last use of it
fn failure(trouble: Trouble) -> Failure {
    let said = trouble.to_string();
    if trouble.is_usage() { Failure::Usage(said) } else { Failure::Broken(said) }
}

fn names(path: Option<&Path>) -> Result<Names, Failure> {
    let Some(path) = path else { return Names::read(None).map_err(failure) };
    let in_file =
        |wrong: &dyn std::fmt::Display| Failure::usage(format!("{}: {wrong}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| in_file(&error))?;
    Names::read(Some(&text)).map_err(|trouble| in_file(&trouble))
}

fn credentials(args: &LocateArgs) -> Result<Credentials, Failure> {
    if let Some(user) = &args.user {
        let Some(password) = secret(args.password_file.as_deref(), PASSWORD)? else {
            let message = format!("--user needs --password-file, or the password in {PASSWORD}");
            return Err(Failure::usage(message));
        };
        return Ok(Credentials::Basic { user: user.clone(), password });
    }
    let token = secret(args.token_file.as_deref(), TOKEN)?;
    Ok(token.map_or(Credentials::None, Credentials::Bearer))
}

/// A secret from a file, else from the environment; the newline at its end is an editor's.
fn secret(path: Option<&Path>, variable: &str) -> Result<Option<String>, Failure> {
    let (text, from) = match path {
        Some(path) => {
            let wrong = |error| Failure::usage(format!("{}: {error}", path.display()));
            (std::fs::read_to_string(path).map_err(wrong)?, path.display().to_string())
        }
        None => match std::env::var(variable) {
            Ok(text) => (text, variable.to_owned()),
            Err(_) => return Ok(None),
        },
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    let fits = !secret.is_empty() && secret.len() <= LONGEST_SECRET;
    if !fits || secret.chars().any(char::is_control) {
        return Err(Failure::usage(format!("{from}: one line with the secret is expected")));
    }
    Ok(Some(secret.to_owned()))
}
