//! What starts by itself at boot, at login, by device or by activation.
