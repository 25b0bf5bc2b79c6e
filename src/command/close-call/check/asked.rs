//! What `check` is asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::junit::JUnit;
use super::known::Known;
use crate::probe::presets::Preset;
use crate::probe::probes::Probe;
use crate::probe::protocol::Protocol;

/// What the command line asks for.
pub struct Check {
    /// The probes, in the book's order, and the reader's own scripts.
    pub probes: Vec<&'static Probe>,
    /// Scripts that nobody has written.
    pub random: Option<Hunted>,
    /// How to talk to the server.
    pub protocol: Protocol,
    /// The preset that says so, if one does.
    pub preset: Option<Preset>,
    /// What clients send, too, before they misbehave.
    pub also: Vec<Vec<u8>>,
    /// How many clients hammer at it.
    pub hammer: usize,
    /// How many silent clients there are in two-at-once.
    pub silent: usize,
    /// A choice counts like a fault, and so does what only the server's own lines and threads tell.
    pub strict: bool,
    /// What is accepted today.
    pub known: Option<Known>,
    /// One JSON object per line.
    pub json: bool,
    /// Where the outcomes go as JUnit's XML.
    pub junit: Option<JUnit>,
    /// How long the server may take until it listens.
    pub wait: Duration,
    /// The server's program and its arguments, in which `{port}` is replaced by the port.
    pub command: Vec<OsString>,
}

/// Scripts that nobody has written, as the command line asks for them.
pub struct Hunted {
    /// How many.
    pub number: usize,
    /// The same scripts for the same seed.
    pub seed: u64,
    /// Where what is found goes.
    pub save: Option<PathBuf>,
}
