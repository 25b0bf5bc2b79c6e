//! What the command lines have in common: how a wrong one is refused, and how an address is written.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;

use crate::net::Address;

/// What may follow `close-call`, or `cargo run --`.
pub const COMMANDS: [&str; 3] = ["list", "start", "check"];

/// Where a server listens, and a client connects, unless told otherwise: as in the original.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:50000";

/// What is wrong with a command line and what would be right, in one line.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

impl Wrong {
    /// Says so on standard error, for exit status 2.
    pub fn refuse(&self) -> ExitCode {
        eprintln!("{}", self.0);
        ExitCode::from(2)
    }
}

impl From<lexopt::Error> for Wrong {
    fn from(error: lexopt::Error) -> Wrong {
        Wrong(format!("{error}; see --help"))
    }
}

/// An address and port as `127.0.0.1:50000`, `[::1]:50000` or `localhost:50000`.
pub fn address(text: &OsString) -> Result<Address, Wrong> {
    let text = text.to_string_lossy();
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_string(),
    };
    let right = if text.parse::<u16>().is_ok() { format!("127.0.0.1:{text}") } else { DEFAULT_ADDRESS.into() };
    let wrong = |_| Wrong(format!("{text:?} is not an address with a port; one would be {right}"));
    numeric.parse::<SocketAddr>().map(Address::from).map_err(wrong)
}

/// The one of `things` that `name` names.
pub fn one_of<'a, T>(
    what: &str,
    name: &OsString,
    things: &'a [T],
    name_of: impl Fn(&T) -> &'static str,
) -> Result<&'a T, Wrong> {
    let wanted = name.to_string_lossy();
    things.iter().find(|thing| name_of(thing) == wanted).ok_or_else(|| {
        let names: Vec<&str> = things.iter().map(name_of).collect();
        Wrong(format!("unknown {what} {wanted:?}; it is one of {}", names.join(", ")))
    })
}
