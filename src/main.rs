//! Parses the command line and runs a command.

fn main() {}
