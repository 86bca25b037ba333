//! Virtual machine consoles and who is connected to them.
