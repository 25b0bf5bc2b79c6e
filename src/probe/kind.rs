//! The kinds of verdicts: what each is called, what it is worth, and why. All of it is in one table.

/// What a verdict is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The server did what a sound server does.
    Ok,
    /// It did not, and it may: a limit, or a way to serve, that was chosen.
    Choice,
    /// It did not, and it should.
    Fault,
    /// The probe could not do its part, and says nothing about the server.
    Unknown,
}

impl Grade {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Ok => "ok",
            Grade::Choice => "choice",
            Grade::Fault => "fault",
            Grade::Unknown => "unknown",
        }
    }
}

/// From one list: the enum, the list of all of it, and a row for each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $word:literal, $grade:ident, $why:literal;)*) => {
        /// A kind of verdict.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The word, the grade unless the probe has another for it, and why.
            fn row(self) -> (&'static str, Grade, &'static str) {
                match self { $(Kind::$kind => ($word, Grade::$grade, $why),)* }
            }
        }
    };
}

kinds! {
    /// The server did what a sound server does.
    Ok, "ok", Ok, "";
    /// The process ended.
    Died, "died", Fault, "a few clients can end it, and then nobody is served";
    /// A process that served has ended, and others run.
    WorkerDied, "worker died", Fault, "a few clients can end a worker, and all that it serves are cut off";
    /// It stopped itself.
    Stopped, "stopped", Fault, "it stopped itself, and serves nobody";
    /// It was told to stop, and goes on.
    GoesOn, "goes on", Fault, "its operator cannot stop it in an orderly way";
    /// It works, and gets nowhere.
    Spins, "spins", Fault, "it works without rest, and gets nowhere";
    /// It holds more and more memory.
    Grows, "grows", Fault, "a client can make it hold as much memory as the client likes";
    /// It keeps descriptors of clients that have gone.
    Leaks, "leaks", Fault, "it keeps one more descriptor each time, until none is left for a client";
    /// A client got what was meant for another.
    Crossed, "crossed", Fault, "a client got what was meant for another";
    /// A client that had done nothing wrong was cut off.
    ClosedOn, "closed on", Fault, "it closed the connection of a client that had done nothing wrong";
    /// A client waits for a reply.
    NoReply, "no reply", Fault, "a client waits, and the server does nothing";
    /// A client waits for a greeting.
    NoGreeting, "no greeting", Fault, "a client waits, and the server does nothing";
    /// The connection ended before the reply.
    ReplyLost, "reply lost", Fault, "a client did not get the reply that was due to it";
    /// Only the beginning of a reply came.
    CutShort, "cut short", Fault, "a client did not get the reply that was due to it";
    /// Something came that is no reply.
    WrongReply, "wrong reply", Fault, "a client did not get the reply that was due to it";
    /// Not all that a client sent was received.
    LeftUnread, "left unread", Fault, "it does not read the rest, and a client may wait for that for ever";
    /// The reply came, and not the end of the connection.
    NoEnd, "no end", Fault, "it keeps a connection whose client waits for its end";
    /// A connection was closed as soon as it had come.
    TurnedAway, "turned away", Fault, "a client did not get in";
    /// A client could not connect.
    Refused, "refused", Fault, "a client did not get in";
    /// It was still at work when the probe's time was over.
    NotOver, "not over in time", Unknown, "it was still at work, and got on, when the time was over";
    /// There was no server.
    NoServer, "no server", Unknown, "it says nothing about the server";
    /// The server speaks something that the clients do not.
    NotSpoken, "not spoken", Unknown, "it says nothing about the server";
    /// The probe could not do its part.
    Failed, "failed", Unknown, "it says nothing about the server";
}

impl Kind {
    /// In a word or two, for the scoreboard.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// What it is worth under a probe that says nothing else of it.
    pub fn grade(self) -> Grade {
        self.row().1
    }

    /// Whether a client with other words may be served: the server did not stop, or work without rest.
    pub fn is_of_words(self) -> bool {
        use Kind::*;
        matches!(self, Died | NoReply | NoGreeting | WrongReply | CutShort | ReplyLost | ClosedOn | TurnedAway)
    }

    /// Why it is worth that, in a line; empty for [`Kind::Ok`].
    pub fn why(self) -> &'static str {
        self.row().2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_word_of_its_own_and_all_but_ok_a_reason() {
        for (at, kind) in Kind::ALL.iter().enumerate() {
            assert!(Kind::ALL[..at].iter().all(|other| other.word() != kind.word()), "{kind:?}");
            assert_eq!(kind.why().is_empty(), *kind == Kind::Ok, "{kind:?}");
        }
    }
}
