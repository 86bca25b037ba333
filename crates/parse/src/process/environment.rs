//! `/proc/PID/environ` (`proc_pid_environ(5)`): the variables that put code into a program.

use crate::Text;

/// Longest value that is kept.
const LONGEST_VALUE: usize = 4096;

/// Variables that make a loader, a shell or an interpreter load more than it was started with: ld.so(8),
/// bash(1), perlrun(1), python(1), ruby(1), node(1), java's JVM TI documentation, iconv's gconv.
const INTERESTING: &[&str] = &[
    "LD_PRELOAD",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "GCONV_PATH",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "PERL5OPT",
    "PERL5LIB",
    "PERL5DB",
    "PYTHONSTARTUP",
    "PYTHONPATH",
    "PYTHONHOME",
    "RUBYOPT",
    "NODE_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "HISTFILE",
];

/// The variables that may put code into a program, or that hide what was typed; no others are kept,
/// because environments hold secrets. An empty value of a loader's variable does nothing and is left out.
pub fn interesting_variables(content: &[u8]) -> Vec<(Text, Text)> {
    let variables = content.split(|&byte| byte == 0);
    let mut found: Vec<_> = variables.filter_map(interesting).collect();
    found.sort();
    found.dedup();
    found
}

fn interesting(variable: &[u8]) -> Option<(Text, Text)> {
    let equals = variable.iter().position(|&byte| byte == b'=')?;
    let (name, value) = variable.split_at(equals);
    let value = value.get(1..).unwrap_or_default();
    let wanted = INTERESTING.iter().any(|known| known.as_bytes() == name);
    let value = value.get(..LONGEST_VALUE).unwrap_or(value);
    (wanted && !value.is_empty()).then(|| (Text::from(name), Text::from(value)))
}
