//! Virtual machines and their consoles: libvirt XML, qemu command lines, socket tables.
