//! Who came in, and login records that were altered.
