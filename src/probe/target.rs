//! A server under a probe.

use std::process::Command;
use std::time::Duration;

use super::clients::{Clients, Event};
use super::probes::Probe;
use super::server::Server;
use super::server::port::Port;
use super::verdict::Verdict;

/// A server to be probed, of which we know nothing but how to start it.
pub struct Target {
    /// The program and its arguments.
    pub command: Command,
    /// Where it will listen.
    pub port: Port,
    /// How long it may take until it listens.
    pub wait: Duration,
    /// How long a reply is waited for once it is idle.
    pub patience: Duration,
}

impl Target {
    /// Starts it, has the clients do their part, and ends it. `watch` is told of all of it.
    pub fn verdict(self, probe: &Probe, watch: &mut dyn FnMut(Event)) -> Verdict {
        let mut server = match Server::start(self.command, self.port, self.wait) {
            Ok(server) => server,
            Err(why) => return Verdict::NoServer(why),
        };
        let mut clients = Clients::new(&mut server, self.patience, watch);
        // It listens, and may yet have something to do before it waits.
        match clients.until_idle().and_then(|()| (probe.script)(&mut clients)) {
            Ok(()) => Verdict::Sound,
            Err(verdict) => verdict,
        }
    }
}
