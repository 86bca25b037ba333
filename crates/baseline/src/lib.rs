//! What a package's files should be, from the databases on a root.
