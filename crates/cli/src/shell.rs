//! `coroner completions` and `coroner man`: both made from the arguments themselves.

use std::process::ExitCode;

use clap::{Command, CommandFactory};

use crate::args::Args;
use crate::failure::Failure;
use crate::output::{self, print};
use crate::shell_args::{CompletionsArgs, ManArgs};
use crate::target::Target;

pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "coroner", &mut script);
    print(&String::from_utf8_lossy(&script))
}

pub(crate) fn man(args: &ManArgs) -> Result<ExitCode, Failure> {
    let Some(folder) = &args.out else {
        return print(&String::from_utf8_lossy(&page(Args::command())?));
    };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a directory", folder.display())));
    }
    for command in pages(Args::command()) {
        let target = Target::open(&folder.join(format!("{}.1", command.get_name())))?;
        let text = page(command)?;
        output::replace(&target, "page", &mut |out| out.write_all(&text))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The command and all below it, each with the name of its page: `coroner-throttle-plan`.
fn pages(command: Command) -> Vec<Command> {
    let name = command.get_name().to_owned();
    let below: Vec<_> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned().collect();
    let mut all = vec![command];
    for sub in below {
        // clap keeps names for ever: it takes them from constants.
        let full: &'static str = format!("{name}-{}", sub.get_name()).leak();
        all.extend(pages(sub.name(full).display_name(full).bin_name(full.replace('-', " "))));
    }
    all
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let written = clap_mangen::Man::new(command).render(&mut text);
    written.map(|()| text).map_err(|error| Failure::Broken(format!("man page: {error}")))
}
