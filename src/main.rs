//! The `onus` command.

/// A third faster than the system's on parsing, and it scales over threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    onus::cli::run(std::env::args_os())
}
