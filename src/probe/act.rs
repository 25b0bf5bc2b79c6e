//! What a client does, as a call, in words, and read back from a trace.

/// Something that a client of a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// It connects, from this address.
    Connect(String),
    /// It sends a text, in one piece.
    Send(String),
    /// It sends one byte of urgent data.
    SendUrgent,
    /// It receives a text, or what is said of one that is too long to be told.
    Receive(String),
    /// It reads the end of the connection.
    ReadEnd,
    /// It finishes sending, and can still receive.
    ShutDownWriting,
    /// It closes.
    Close,
    /// It closes when a reply has come, which it does not read. The kernel then sends a reset.
    CloseUnread,
    /// It closes and resets the connection.
    Reset,
    /// Many acts, of one client or of several, which are not told one by one.
    Many(String),
}

impl Act {
    /// The call by its POSIX name; empty for many acts.
    pub fn call(&self) -> &'static str {
        match self {
            Act::Connect(_) => "connect",
            Act::Send(_) | Act::SendUrgent => "send",
            Act::Receive(_) | Act::ReadEnd => "recv",
            Act::ShutDownWriting => "shutdown",
            Act::Close | Act::CloseUnread | Act::Reset => "close",
            Act::Many(_) => "",
        }
    }

    /// What the call is given, or what came of it.
    pub fn args(&self) -> &str {
        match self {
            Act::Connect(text) | Act::Send(text) | Act::Receive(text) | Act::Many(text) => text,
            Act::SendUrgent => "! MSG_OOB",
            Act::ShutDownWriting => "SHUT_WR",
            Act::ReadEnd | Act::Close => "",
            Act::CloseUnread => "unread",
            Act::Reset => "reset",
        }
    }

    /// The act of which [`Act::call`] and [`Act::args`] say this, if there is one.
    pub fn read(call: &str, args: &str) -> Option<Act> {
        let text = || args.to_string();
        let acts = [
            Act::SendUrgent,
            Act::ReadEnd,
            Act::ShutDownWriting,
            Act::Close,
            Act::CloseUnread,
            Act::Reset,
            Act::Connect(text()),
            Act::Send(text()),
            Act::Receive(text()),
            Act::Many(text()),
        ];
        acts.into_iter().find(|act| act.call() == call && act.args() == args)
    }

    /// What the client does, as a story tells it: `sends "Hello"`.
    pub fn words(&self) -> String {
        match self {
            Act::Connect(address) => format!("connects from {address}"),
            Act::Send(text) => format!("sends {text:?}"),
            Act::SendUrgent => "sends one urgent byte (MSG_OOB)".to_string(),
            Act::Receive(text) => format!("Received from server: {text}"),
            Act::ReadEnd => "reads the end of the connection".to_string(),
            Act::ShutDownWriting => "shuts down its writing side".to_string(),
            Act::Close => "closes".to_string(),
            Act::CloseUnread => "closes without reading the reply".to_string(),
            Act::Reset => "resets the connection".to_string(),
            Act::Many(words) => words.clone(),
        }
    }

    /// What the client does, in as few words as a picture has room for: `sends`.
    pub fn in_short(&self) -> &str {
        match self {
            Act::Connect(_) => "connects",
            Act::Send(_) => "sends",
            Act::SendUrgent => "sends an urgent byte",
            Act::Receive(_) => "receives",
            Act::ReadEnd => "reads the end",
            Act::ShutDownWriting => "ends sending",
            Act::Close => "closes",
            Act::CloseUnread => "closes, the reply unread",
            Act::Reset => "resets",
            Act::Many(words) => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_read_as_it_was_written() {
        let text = || "x".to_string();
        for act in [
            Act::Connect(text()),
            Act::Send(text()),
            Act::Send(String::new()),
            Act::SendUrgent,
            Act::Receive(text()),
            Act::ReadEnd,
            Act::ShutDownWriting,
            Act::Close,
            Act::CloseUnread,
            Act::Reset,
            Act::Many(text()),
        ] {
            assert_eq!(Act::read(act.call(), act.args()), Some(act));
        }
        assert_eq!(Act::read("close", "x"), None);
        assert_eq!(Act::read("fork", ""), None);
    }
}
