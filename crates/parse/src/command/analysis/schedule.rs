//! Commands that schedule commands.

use std::ops::Range;

use super::super::shell::{Command, How, Role, Script};
use super::stages::{pipeline_span, stage};
use super::walk::Walk;
use super::{Kind, Strength};

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    match command.name() {
        b"crontab" => crontab(command, walk),
        b"at" | b"batch" => at(command, walk),
        _ => writes(command, walk),
    }
}

fn raise(technique: &'static str, command: &Command, walk: &mut Walk<'_>) {
    walk.raise(Kind::ScheduleChange, Strength::Likely, technique, &command.span);
}

/// `crontab FILE`, `crontab -` and `crontab -r`; listing and editing by hand are nothing.
fn crontab(command: &Command, walk: &mut Walk<'_>) {
    let mut words = command.argv().iter().skip(1);
    let mut operand = false;
    while let Some(word) = words.next() {
        match word.text.as_slice() {
            b"-u" => {
                words.next();
            }
            b"-l" | b"-e" | b"-i" | b"-T" | b"-V" => return,
            b"-r" | b"-" => operand = true,
            text if !text.starts_with(b"-") => operand = true,
            _ => {}
        }
    }
    let given =
        command.redirects.iter().any(|redirect| matches!(redirect.how, How::Read | How::Text));
    let process = command.inner.iter().any(|inner| matches!(inner.role, Role::ReadFrom(_)));
    if operand || given || process {
        raise("rewrites a crontab", command, walk);
    }
}

/// `at` that takes a job: from a file, from text, or (see [`pipeline`]) from a pipe.
fn at(command: &Command, walk: &mut Walk<'_>) {
    let given =
        command.redirects.iter().any(|redirect| matches!(redirect.how, How::Read | How::Text));
    if given || command.has("-f") {
        raise("schedules a job with at", command, walk);
    }
}

/// Writing into cron's places.
fn writes(command: &Command, walk: &mut Walk<'_>) {
    let redirected = command
        .redirects
        .iter()
        .filter(|redirect| matches!(redirect.how, How::Write | How::Append));
    let mut targets: Vec<&[u8]> =
        redirected.map(|redirect| redirect.target.text.as_slice()).collect();
    match command.name() {
        b"tee" => targets.extend(command.argv().iter().skip(1).map(|word| word.text.as_slice())),
        b"cp" | b"mv" | b"install" | b"ln" => {
            targets.extend(command.argv().last().map(|word| word.text.as_slice()));
        }
        _ => {}
    }
    // at's own counter lies among its jobs.
    let in_schedule = targets.iter().filter(|path| !path.ends_with(b"/.SEQ")).any(|path| {
        path.starts_with(b"/etc/cron")
            || path.starts_with(b"/var/spool/cron")
            || path.starts_with(b"/var/spool/at")
    });
    if in_schedule {
        raise("writes into a schedule", command, walk);
    }
}

/// `(crontab -l; echo ..) | crontab -` and `echo .. | at now`.
pub(super) fn pipeline(script: &Script, stages: &[Range<usize>], walk: &mut Walk<'_>) {
    for range in stages.iter().skip(1) {
        for command in stage(script, range) {
            let lists = ["-l", "-r", "-d", "-c", "-V"].iter().any(|flag| command.has(flag));
            let span = pipeline_span(script, stages);
            if matches!(command.name(), b"at" | b"batch") && !lists {
                let technique = "schedules a job with at";
                walk.raise(Kind::ScheduleChange, Strength::Likely, technique, &span);
            }
        }
    }
}
