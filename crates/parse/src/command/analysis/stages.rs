//! The stages of a pipeline.

use std::ops::Range;

use super::super::shell::{Command, Script, Span};

/// The commands of a stage.
pub(super) fn stage<'a>(script: &'a Script, range: &Range<usize>) -> &'a [Command] {
    script.commands.get(range.clone()).unwrap_or_default()
}

/// From the first to the last stage.
pub(super) fn pipeline_span(script: &Script, stages: &[Range<usize>]) -> Span {
    let ends = |range: &Range<usize>| {
        let commands = stage(script, range);
        Some((commands.first()?.span.start, commands.last()?.span.end))
    };
    let first = stages.first().and_then(ends).map_or(0, |(start, _)| start);
    let last = stages.last().and_then(ends).map_or(first, |(_, end)| end);
    first..last.max(first)
}
