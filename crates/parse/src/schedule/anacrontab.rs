//! anacrontab(5).

use super::environment::{Variable, variable};
use crate::line::continued;
use crate::{BadLine, Line, Text};

/// An anacrontab, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anacrontab {
    /// What is run.
    pub jobs: Vec<AnacronJob>,
    /// The environment it is run in.
    pub variables: Vec<Variable>,
    /// Lines that are neither.
    pub bad: Vec<BadLine>,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnacronJob {
    /// Where the job starts, counted from 1.
    pub line: u32,
    /// Days, or `@monthly` and the like.
    pub period: Text,
    /// Minutes to wait.
    pub delay: Text,
    /// The job's identifier: the name of its file in `/var/spool/anacron`.
    pub name: Text,
    /// The command.
    pub command: Text,
}

/// Parses an anacrontab; a backslash at the end of a line joins the next one.
pub fn anacrontab(content: &[u8]) -> Anacrontab {
    let mut found = Anacrontab::default();
    for line in continued(content) {
        match line {
            Ok((number, text)) => one(Line { number, bytes: &text }, &mut found),
            Err(bad) => found.bad.push(bad),
        }
    }
    found
}

fn one(line: Line<'_>, found: &mut Anacrontab) {
    let text = line.bytes.trim_ascii();
    if text.is_empty() || text.starts_with(b"#") {
        return;
    }
    if let Some(set) = variable(line) {
        found.variables.push(set);
        return;
    }
    match job(line.number, text) {
        Some(job) => found.jobs.push(job),
        None => found.bad.push(BadLine::new(line, "not a job")),
    }
}

fn job(line: u32, text: &[u8]) -> Option<AnacronJob> {
    let mut rest = text;
    let mut field = || {
        rest = rest.trim_ascii_start();
        let length = rest.iter().position(u8::is_ascii_whitespace)?;
        let (word, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(word)
    };
    let (period, delay, name) = (field()?, field()?, field()?);
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let plausible = (is_number(period) || period.starts_with(b"@")) && is_number(delay);
    let command = rest.trim_ascii();
    (plausible && !command.is_empty()).then(|| AnacronJob {
        line,
        period: Text::from(period),
        delay: Text::from(delay),
        name: Text::from(name),
        command: Text::from(command),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debians_anacrontab_is_read() {
        let text = b"SHELL=/bin/sh\n\n1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n\
            @monthly\t15\tcron.monthly\trun-parts \\\n--report /etc/cron.monthly\n";
        let parsed = anacrontab(text);
        assert_eq!(parsed.bad, []);
        assert_eq!(parsed.jobs[0].name, "cron.daily");
        assert_eq!(parsed.jobs[1].command, "run-parts --report /etc/cron.monthly");
        assert_eq!(parsed.jobs[1].line, 4);
    }

    #[test]
    fn a_line_that_is_no_job_is_bad_and_costs_itself_alone() {
        let parsed = anacrontab(b"daily 5 x\n1 5 x /opt/x\n");
        assert_eq!(parsed.bad[0].number, 1);
        assert_eq!(parsed.jobs.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = anacrontab(&bytes);
        }
    }
}
