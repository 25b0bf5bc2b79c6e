//! How a server did under a probe.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use super::kind::Kind;
use super::server::{NoServer, status_words};
use super::{escapes, printed};
use crate::net::{self, errno};

/// What a step of the clients comes to: nothing, or the verdict on a server that fell short.
pub type Step = Result<(), Verdict>;

/// How a server did under a probe. Each client is called by its name in the script.
#[derive(Debug)]
pub enum Verdict {
    /// As a sound server does.
    Sound,
    /// The process ended; the last line that it wrote on standard error.
    Died {
        /// How it ended.
        status: ExitStatus,
        /// The last line on standard error, if it wrote one.
        last_words: Option<String>,
    },
    /// It still runs, and one of its workers has ended.
    WorkerDied {
        /// The worker's name.
        name: String,
        /// The server has started another.
        replaced: bool,
        /// The last line on standard error, if there is one.
        last_words: Option<String>,
    },
    /// It did not get as far as to listen.
    NoServer(NoServer),
    /// This client could not connect, and why.
    Refused(String, String),
    /// This client got no reply, from a server that is idle.
    NoReply(String),
    /// This client, which had sent nothing, got no greeting, from a server that is idle.
    NoGreeting(String),
    /// This client got something else than it waits for.
    Wrong {
        /// The client.
        who: String,
        /// What it got.
        got: Vec<u8>,
        /// It may be the beginning of what it waits for.
        begun: bool,
    },
    /// The server speaks something that these clients do not.
    Unspoken(String),
    /// This client's connection ended where it should not have, and how.
    Ended(String, String),
    /// This client had sent nothing, and its connection was closed.
    ClosedOn(String),
    /// This client's connection was closed as soon as it had come.
    TurnedAway(String),
    /// This client waited for the end of the connection in vain.
    NoEnd {
        /// The client.
        who: String,
        /// It had got its reply.
        replied: bool,
    },
    /// This client had sent nothing, and got another's reply.
    WrongClient(String),
    /// This client got the beginning of its reply, and not the rest.
    CutShort(String),
    /// The server is idle, and has not received all that this client sent.
    LeftUnread(String),
    /// The server holds this many bytes more than before, for so many that a client has sent.
    Grows(u64, usize),
    /// The server keeps descriptors of clients that have gone.
    Leaks {
        /// How many it holds more than before the clients came and went.
        kept: usize,
        /// How often they came and went.
        times: usize,
    },
    /// The server used this much processor time in this much time, or printed without end, and got nowhere.
    Spins {
        /// Processor time.
        used: Duration,
        /// By the clock.
        time: Duration,
    },
    /// The server was still at work after this long, and got on.
    NotOver(Duration),
    /// The server was told to stop (SIGTERM), and has not ended.
    GoesOn,
    /// The server has stopped itself (SIGSTOP, SIGTSTP).
    Stopped,
    /// The probe could not do its part.
    Failed(String),
}

impl Verdict {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Verdict::Sound => Kind::Ok,
            Verdict::Died { .. } => Kind::Died,
            Verdict::WorkerDied { .. } => Kind::WorkerDied,
            Verdict::NoServer(_) => Kind::NoServer,
            Verdict::Refused(..) => Kind::Refused,
            Verdict::NoReply(_) => Kind::NoReply,
            Verdict::NoGreeting(_) => Kind::NoGreeting,
            Verdict::Wrong { begun: true, .. } | Verdict::CutShort(_) => Kind::CutShort,
            Verdict::Wrong { begun: false, .. } => Kind::WrongReply,
            Verdict::Unspoken(_) => Kind::NotSpoken,
            Verdict::Ended(..) => Kind::ReplyLost,
            Verdict::ClosedOn(_) => Kind::ClosedOn,
            Verdict::TurnedAway(_) => Kind::TurnedAway,
            Verdict::NoEnd { .. } => Kind::NoEnd,
            Verdict::WrongClient(_) => Kind::Crossed,
            Verdict::LeftUnread(_) => Kind::LeftUnread,
            Verdict::Grows(..) => Kind::Grows,
            Verdict::Leaks { .. } => Kind::Leaks,
            Verdict::Spins { .. } => Kind::Spins,
            Verdict::NotOver(_) => Kind::NotOver,
            Verdict::GoesOn => Kind::GoesOn,
            Verdict::Stopped => Kind::Stopped,
            Verdict::Failed(_) => Kind::Failed,
        }
    }

    /// In a word or two, for the scoreboard: `ok`, `EBADF`, `no reply`. It is the word of its [`Verdict::kind`], except
    /// when the server died: then it is what its last words name, or else its exit status.
    pub fn cell(&self) -> String {
        let Verdict::Died { status, last_words } = self else {
            return self.kind().word().into();
        };
        let name = last_words.as_deref().and_then(printed::name_in);
        name.map_or_else(|| status_words(*status), str::to_string)
    }

    /// In a sentence or two: what happened, and what became of the server.
    pub fn sentence(&self) -> String {
        match self {
            Verdict::Sound => "ok. The server still runs.".into(),
            Verdict::Died { status, last_words } => death(*status, last_words.as_deref()),
            Verdict::WorkerDied { name, replaced, .. } => {
                let replaced = if *replaced { " and has started another" } else { "" };
                format!("a worker has ended: {name}. The server still runs{replaced}.")
            }
            Verdict::NoServer(why) => no_server(why),
            Verdict::Refused(who, why) => format!("no connection for {who}: {why}. The server still runs."),
            Verdict::NoReply(who) => format!("no reply to {who}. The server still runs, and is idle."),
            Verdict::NoGreeting(who) => format!("no greeting for {who}. The server still runs, and is idle."),
            Verdict::Wrong { who, got, begun: true } => {
                format!(
                    "{who} got the beginning of the reply, but not the rest: {}. The server still runs.",
                    shown(got)
                )
            }
            Verdict::Wrong { who, got, begun: false } => {
                format!("{who} got a wrong reply: {}. The server still runs.", shown(got))
            }
            Verdict::Unspoken(why) => why.clone(),
            Verdict::Ended(who, why) => format!("no reply to {who}: {why}. The server still runs."),
            Verdict::ClosedOn(who) => {
                format!("the server closed {who}'s connection although {who} had sent nothing. It still runs.")
            }
            Verdict::TurnedAway(who) => format!("{who} was turned away. The server still runs."),
            Verdict::NoEnd { who, replied } => {
                let replied = if *replied { "got the reply, but not" } else { "did not get" };
                format!("{who} {replied} the end of the connection. The server still runs.")
            }
            Verdict::WrongClient(who) => format!("{who} got a reply that was not for {who}. The server still runs."),
            Verdict::CutShort(who) => {
                format!("{who} got the beginning of the reply, but not the rest. The server still runs.")
            }
            Verdict::LeftUnread(who) => {
                format!("not all that {who} sent was received. The server still runs, and is idle.")
            }
            Verdict::Grows(bytes, sent) => grows(*bytes, *sent),
            Verdict::Leaks { kept, times } => format!(
                "the server keeps descriptors: {kept} more after such clients had come and gone {times} times. It still runs."
            ),
            Verdict::Spins { used, time } => spins(*used, *time),
            Verdict::NotOver(time) => format!("the server was still at work after {} s.", time.as_secs()),
            Verdict::GoesOn => "the server was told to stop (SIGTERM), and goes on.".into(),
            Verdict::Stopped => "the server stopped itself (SIGSTOP or SIGTSTP).".into(),
            Verdict::Failed(why) => format!("the probe could not do its part: {why}"),
        }
    }

    /// For a call of the probe's own side that cannot fail, and did.
    pub fn of_ours(error: net::Error) -> Verdict {
        Verdict::Failed(error.to_string())
    }

    /// Where a process may not be signalled.
    pub fn no_kill(error: io::Error) -> Verdict {
        Verdict::Failed(format!("kill: {error}"))
    }

    /// Where the kernel does not answer questions about its sockets, or this process may have no socket to ask with.
    pub fn no_sock_diag(error: io::Error) -> Verdict {
        let call = match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => "socket",
            _ => "sock_diag",
        };
        Verdict::Failed(format!("{call}: {error}"))
    }
}

fn death(status: ExitStatus, last_words: Option<&str>) -> String {
    let ended = status_words(status);
    if status.success() {
        return format!("the server has ended: {ended}. It must stay in the foreground.");
    }
    match (last_words.and_then(errno::name_in), last_words.and_then(|words| words.split_once(": "))) {
        (Some(name), Some((call, _))) if call.chars().all(|c| c.is_ascii_lowercase()) => {
            format!("{name} in {call}. The server has died: {ended}.")
        }
        (Some(name), _) => format!("{name}. The server has died: {ended}."),
        _ => format!("the server has died: {ended}."),
    }
}

fn no_server(why: &NoServer) -> String {
    match why {
        NoServer::Ended(_, lines) | NoServer::Deaf(_, lines, _) if !lines.is_empty() => {
            format!("{why}, and printed {:?}", lines.join("\n"))
        }
        _ => why.to_string(),
    }
}

fn grows(bytes: u64, sent: usize) -> String {
    let each = bytes as f64 / sent.max(1) as f64;
    format!("the server holds {} MB more than before: {each:.1} bytes for each that was sent.", bytes >> 20)
}

fn spins(used: Duration, time: Duration) -> String {
    let (used, time) = (used.as_secs_f32(), time.as_secs_f32());
    format!("the server never went idle: {used:.1} s of processor time in {time:.1} s.")
}

/// The beginning of what a client got, in quotes, with the escapes that `--reply` takes.
fn shown(got: &[u8]) -> String {
    const MOST: usize = 60;
    let more = if got.len() > MOST { "…" } else { "" };
    format!("\"{}\"{more}", escapes::text(&got[..got.len().min(MOST)]))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn died(words: &str) -> Verdict {
        Verdict::Died { status: ExitStatus::from_raw(1 << 8), last_words: Some(words.into()) }
    }

    #[test]
    fn a_death_is_called_by_the_name_in_the_last_words() {
        assert_eq!(died("getpeername: Bad file descriptor (os error 9)").cell(), "EBADF");
        assert_eq!(died("OSError: [Errno 9] Bad file descriptor").cell(), "EBADF");
        assert_eq!(died("ValueError: filedescriptor out of range in select()").cell(), "ValueError");
        assert_eq!(died("thread 'main' panicked: something").cell(), "exit status 1");
        assert_eq!(Verdict::Died { status: ExitStatus::from_raw(6), last_words: None }.cell(), "signal 6");
    }

    #[test]
    fn a_death_in_a_call_names_the_call() {
        let sentence = died("send: Bad file descriptor (os error 9)").sentence();
        assert_eq!(sentence, "EBADF in send. The server has died: exit status 1.");
    }
}
