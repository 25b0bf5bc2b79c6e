//! The log of a server: a line for each thing that it does.

use std::env;
use std::sync::LazyLock;

/// Writes a line of the server's log on standard output. It takes what `println!` takes, and does the same, unless the
/// environment variable LOG is `off`; then it does nothing, not even evaluate its arguments. That is for
/// `cargo xtask bench`, because a line costs a system call, which is as much as the rest of a short message.
#[macro_export]
macro_rules! log {
    ($($line:tt)*) => {
        if $crate::command::log::is_on() {
            ::std::println!($($line)*)
        }
    };
}

/// Whether a server says what it does.
pub fn is_on() -> bool {
    static ON: LazyLock<bool> = LazyLock::new(|| env::var_os("LOG").is_none_or(|value| value != "off"));
    *ON
}
