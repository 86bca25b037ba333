//! A report as text, JSON and NDJSON.
