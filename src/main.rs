//! The `rubrica` command.

fn main() {}
