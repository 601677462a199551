//! The `onus` command.
fn main() {}
