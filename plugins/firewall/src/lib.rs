//! Packet filter rules, in the kernel and saved.
