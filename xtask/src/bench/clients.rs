//! The clients: some that talk, and many that are connected and say nothing.

use super::servers::ACTIVE;
use anyhow::{Context, ensure};
use close_call::probe::server::Server;
use close_call::probe::server::processes::Processes;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

const MESSAGE: &[u8] = b"Hello, server!";
const REPLY: &[u8] = b"Hello, client!";

/// What makes a measurement: so much processor time of the server, in nanoseconds, or so many messages.
const ENOUGH: u64 = 200_000_000;
const MANY: u64 = 40_000;
/// How many rounds come before it, and between two looks at the time.
const ROUNDS: usize = 50;

/// A server and its clients.
pub struct Load {
    server: Server,
    active: Vec<TcpStream>,
    idle: Vec<TcpStream>,
}

impl Load {
    /// Connects those that will talk: their descriptors are the lowest of the server's.
    pub fn connect(server: Server) -> anyhow::Result<Load> {
        let mut clients = Load { server, active: Vec::new(), idle: Vec::new() };
        for _ in 0..ACTIVE.into_iter().max().unwrap_or(1) {
            let stream = clients.connected()?;
            clients.active.push(stream);
        }
        Ok(clients)
    }

    /// A client that the server has accepted: its first message was answered. So the queue of the listener is never full,
    /// and no client has to try again after a second.
    fn connected(&mut self) -> anyhow::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.server.address()).context("connect")?;
        round(std::slice::from_mut(&mut stream))?;
        self.server.said(); // or a server that logs would wait for the pipe to have room
        Ok(stream)
    }

    /// Connects more that then say nothing, until there are so many.
    pub fn idle(&mut self, count: usize) -> anyhow::Result<()> {
        while self.idle.len() < count {
            let stream = self.connected()?;
            self.idle.push(stream);
        }
        Ok(())
    }

    /// What the server's process is.
    fn process(&self) -> anyhow::Result<u32> {
        let pids = self.server.pids();
        ensure!(pids.len() == 1, "the server has {} processes", pids.len());
        Ok(pids[0])
    }

    /// Has so many talk: all send, then all wait for their replies. Returns how many messages there were, and the
    /// nanoseconds of processor time that each cost the server.
    pub fn measure(&mut self, active: usize) -> anyhow::Result<(u64, u64)> {
        let process = self.process()?;
        self.rounds(active)?;
        let (mut messages, before) = (0, nanoseconds(process)?);
        loop {
            messages += self.rounds(active)? as u64;
            let used = nanoseconds(process)? - before;
            if used >= ENOUGH || messages >= MANY {
                return Ok((messages, used / messages));
            }
        }
    }

    /// A number of rounds of the active clients. Returns how many messages that were.
    pub fn rounds(&mut self, active: usize) -> anyhow::Result<usize> {
        for _ in 0..ROUNDS {
            round(&mut self.active[..active])?;
        }
        self.server.said();
        Ok(ROUNDS * active)
    }

    /// A number of rounds of one client, each when the server has gone to sleep after the one before, and so at the end.
    pub fn slow_rounds(&mut self) -> anyhow::Result<usize> {
        for _ in 0..ROUNDS {
            self.until_asleep()?;
            round(&mut self.active[..1])?;
        }
        self.server.said();
        self.until_asleep()?;
        Ok(ROUNDS)
    }

    /// Returns when the server has gone to sleep.
    pub fn until_asleep(&self) -> anyhow::Result<()> {
        let pids = self.server.pids();
        while Processes::of(&pids).states().iter().any(|state| *state != b'S') {
            thread::yield_now();
        }
        Ok(())
    }

    /// The memory that the server has, in KiB: VmRSS in proc_pid_status(5).
    pub fn memory(&self) -> anyhow::Result<u64> {
        let file = format!("/proc/{}/status", self.process()?);
        let status = fs::read_to_string(&file).context(file)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        line.trim().split(' ').next().context("VmRSS")?.parse().context("VmRSS")
    }

    /// Ends the server, and returns when it is gone.
    pub fn end(mut self) {
        self.server.end();
    }
}

fn round(clients: &mut [TcpStream]) -> anyhow::Result<()> {
    for client in &mut *clients {
        client.write_all(MESSAGE).context("send")?;
    }
    let mut reply = [0; REPLY.len()];
    for client in clients {
        client.read_exact(&mut reply).context("recv")?;
        ensure!(reply == REPLY, "the reply is {:?}", String::from_utf8_lossy(&reply));
    }
    Ok(())
}

/// The processor time of all threads of a process, in nanoseconds: the first field of /proc/PID/task/TID/schedstat.
fn nanoseconds(process: u32) -> anyhow::Result<u64> {
    let folder = format!("/proc/{process}/task");
    let mut sum = 0;
    for thread in fs::read_dir(&folder).with_context(|| folder.clone())? {
        let file = thread.with_context(|| folder.clone())?.path().join("schedstat");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        sum += text.split(' ').next().context("schedstat")?.parse::<u64>().context("schedstat")?;
    }
    Ok(sum)
}
