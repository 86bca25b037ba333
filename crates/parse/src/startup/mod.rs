//! What starts by itself: units, init scripts, udev rules, desktop entries, D-Bus services.
