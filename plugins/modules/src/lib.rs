//! Kernel modules and the views of them that must agree.
