//! Package databases: dpkg, rpm, apk, pacman.
