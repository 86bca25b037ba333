//! Rule sets: saved files and the kernel's own records.
