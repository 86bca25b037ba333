//! The only door to the host: roots, processes, netlink, limits.
