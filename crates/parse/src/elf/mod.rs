//! ELF facts that matter to a responder.
