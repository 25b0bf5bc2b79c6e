//! The servers as programs: how they are built, and how they are started.

use super::servers::Contender;
use crate::source::programs;
use crate::source::project::Project;
use anyhow::{Context, bail};
use close_call::probe::server::Server;
use close_call::probe::server::port::{FreePort, Port};
use close_call::probe::server::processes::limit_descriptors;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What was built, and where.
pub struct Programs {
    root: PathBuf,
    /// Cargo's folder for what it has optimized.
    release: PathBuf,
    /// The server in Go, where there is a compiler.
    pub go: Option<PathBuf>,
    python: bool,
}

/// The chapters that are measured, and the examples.
const CHAPTERS: [&str; 6] = ["11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];
const EXAMPLES: [&str; 2] = ["threads", "tokio-multi-thread"];

impl Programs {
    /// Builds them, as optimized as a server would be.
    pub fn build(project: &Project) -> anyhow::Result<Programs> {
        let mut cargo = programs::cargo(project, "build");
        cargo.args(["--release", "--all-features"]);
        cargo.args(CHAPTERS.iter().flat_map(|name| ["--bin", name]));
        cargo.args(EXAMPLES.iter().flat_map(|name| ["--example", name]));
        if !cargo.status().context("cargo")?.success() {
            bail!("the servers could not be built");
        }
        let release = project.target.join("release");
        let file = release.join("server-go");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&file).arg(project.root.join("book/bench/servers/server.go"));
        let go = go.status().is_ok_and(|status| status.success()).then_some(file);
        Ok(Programs { release, go, ..Programs::unbuilt(project) })
    }

    /// Those that are not built: the ones in Python.
    pub fn unbuilt(project: &Project) -> Programs {
        let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
        Programs { root: project.root.clone(), release: PathBuf::new(), go: None, python }
    }

    /// Whether this one can be started here.
    pub fn has(&self, server: &Contender) -> bool {
        match server.name {
            "go" => self.go.is_some(),
            "asyncio" | "python-select" => self.python,
            _ => true,
        }
    }

    /// The command that starts it at that port, with nothing logged unless that is what is measured.
    pub fn command(&self, server: &Contender, port: u16) -> Command {
        let python = |file: &str| {
            let mut command = Command::new("python3");
            command.arg(self.root.join(file));
            command
        };
        let mut command = match server.name {
            "asyncio" => python("tests/peers/asyncio_server.py"),
            "python-select" => python("book/bench/servers/select_server.py"),
            "go" => Command::new(self.go.as_deref().unwrap_or("go".as_ref())),
            name => {
                let folder =
                    if EXAMPLES.contains(&name) { self.release.join("examples") } else { self.release.clone() };
                let mut command = Command::new(folder.join(name.trim_end_matches("-logging")));
                command.args(["--listen", &format!("127.0.0.1:{port}")]);
                command
            }
        };
        if !server.name.ends_with("-logging") {
            command.env("LOG", "off");
        }
        command
    }

    /// Starts it, with as many descriptors as we may have ourselves.
    pub fn start(&self, server: &Contender, descriptors: u64) -> anyhow::Result<Server> {
        let started = started(server.name, |port| self.command(server, port))?;
        for process in started.pids() {
            limit_descriptors(process, descriptors, 0).context("prlimit")?;
        }
        Ok(started)
    }
}

/// Starts what `command` makes for a free port, and returns when it listens.
pub fn started(name: &str, command: impl Fn(u16) -> Command) -> anyhow::Result<Server> {
    let port = FreePort::find().context("a free port")?.number;
    Server::start(command(port), Port::Given(port), Duration::from_secs(30))
        .map_err(|no| anyhow::anyhow!("{name}: {no}"))
}
