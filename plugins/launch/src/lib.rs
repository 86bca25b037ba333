//! The shared judge of everything that starts a program by itself.
