//! Kernel modules: the loaded list, sysfs, symbols, taint, modprobe configuration.
