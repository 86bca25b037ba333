//! The programs a responder relies on, against their packages.
