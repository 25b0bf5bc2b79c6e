//! Whether a server keeps something of clients that have gone.
//!
//! A server that is idle holds as many descriptors after a client has gone as before it came. A pool or a cache makes it
//! more once; a leak makes it more each time. So the clients come and go some times, then again as often, and it is a leak
//! if each of them has left something both times.

use std::time::{Duration, Instant};

use super::Clients;
use super::waiting::Pauses;
use crate::probe::server::keeper;
use crate::probe::verdict::{Step, Verdict};

/// How many descriptors more are no coincidence.
const GROWN: usize = 8;

impl Clients<'_> {
    /// Has all clients go, and others come and go as `script` has it, as many `times` between two looks. A server may
    /// keep what it holds for as long as it `lingers`. Fails with [`Verdict::Leaks`], or with what they find out meanwhile.
    pub fn leak(&mut self, script: &dyn Fn(&mut Self) -> Step, times: usize, lingers: Duration) -> Step {
        self.all_go()?;
        let (before, readable) = self.observed.held();
        self.come_and_go(script, times)?;
        let (between, _) = self.observed.held();
        if between < before + GROWN {
            return Ok(());
        }
        self.come_and_go(script, times)?;
        if !self.still_holds(between + GROWN, lingers)? {
            return Ok(());
        }
        if !readable {
            self.remark = Some("Its descriptors may not be read: these are connections in CLOSE_WAIT.".into());
        }
        let (after, _) = self.observed.held();
        Err(Verdict::Leaks { kept: after - before, times: 2 * times })
    }

    fn come_and_go(&mut self, script: &dyn Fn(&mut Self) -> Step, times: usize) -> Step {
        for _ in 0..times {
            script(self)?;
            self.all_go()?;
        }
        Ok(())
    }

    /// All clients that are still there close, and are forgotten. Those that come then have as much time as those had.
    pub fn start_over(&mut self) -> Step {
        self.all_go()?;
        self.begun = Instant::now();
        Ok(())
    }

    /// All clients that are still there close, and are forgotten.
    fn all_go(&mut self) -> Step {
        for client in &mut self.all {
            // What is unread would make a reset of it.
            client.make_room();
            let _closed_at_once = keeper::no_fork_meanwhile();
            client.socket = None;
        }
        self.until_idle()?;
        self.gone = self.moved();
        self.all.clear();
        Ok(())
    }

    /// Whether the server holds so much, and goes on holding it.
    fn still_holds(&mut self, much: usize, lingers: Duration) -> Result<bool, Verdict> {
        let (begun, mut pauses) = (Instant::now(), Pauses::of_at_most(Duration::from_millis(20)));
        while self.observed.held().0 >= much {
            if self.cannot_wake(begun.elapsed())? || begun.elapsed() >= lingers {
                return Ok(self.observed.held().0 >= much);
            }
            pauses.pause();
        }
        Ok(false)
    }
}
