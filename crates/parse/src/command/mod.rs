//! Command lines: words, quotes, pipes, and what a command does.
