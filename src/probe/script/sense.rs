//! What makes sense where: a client acts between its connect and its close, and is promised what can be kept.

use std::collections::HashMap;

use super::{Deed, Turn};

/// A client, as far as the turns before have brought it.
#[derive(Clone, Default)]
pub struct Client {
    came: bool,
    gone: bool,
    /// It has finished sending.
    shut: bool,
    /// It has sent something.
    sent: bool,
    /// It has sent a message, and has read nothing since.
    due: bool,
    /// It has sent what a server may answer as it likes, or has read the end: it is promised nothing.
    odd: bool,
}

impl Client {
    /// Takes a turn into account. Fails where it makes no sense, with what is wrong, and what would be right.
    pub fn take(&mut self, who: &str, deed: &Deed, in_a_pass: bool) -> Result<(), String> {
        use Deed::*;
        let sends = deed.sends() || matches!(deed, SendsUrgent | IsServed);
        let wrong = match deed {
            _ if in_a_pass && !deed.fits_in_a_pass() => {
                format!("the server is stopped in a pass, and replies to nobody; write `{who} {deed}` below it")
            }
            Connects if self.came => format!("{who} has connected already; another connection has another name"),
            Connects => String::new(),
            _ if !self.came && *deed != IsServed => format!("{who} is not there; write `{who} connects` before it"),
            _ if self.gone => format!("{who} has closed; a client that comes later has another name"),
            _ if self.shut && (sends || *deed == ShutsDown) => {
                format!("{who} has shut down writing, and sends no more; what {who} sends comes before that")
            }
            ClosesUnread if self.shut => {
                format!("{who} has shut down writing, and so resets nothing; write `{who} closes`")
            }
            ClosesUnread if !self.sent => format!("{who} has no reply to leave unread; write `{who} sends` before it"),
            GetsReply if !self.sent => format!("{who} has asked for nothing; write `{who} sends` before it"),
            GetsNothing if self.sent => format!("{who} may get a reply; `gets nothing` is for one that sends nothing"),
            _ => String::new(),
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.came = true;
        self.gone |= matches!(deed, Closes | ClosesUnread | Resets);
        self.shut |= *deed == ShutsDown;
        self.sent |= sends;
        self.due = deed.sends() || self.due && !matches!(deed, GetsReply | Reads | IsServed | ReadsTheEnd);
        self.odd |= matches!(deed, SendsUrgent | SendsText(_) | ReadsTheEnd);
        Ok(())
    }

    /// Whether any sound server does what a random script has it do next; with `closes`, one that closes after each reply.
    fn may(&self, deed: &Deed, closes: bool) -> bool {
        use Deed::*;
        match deed {
            GetsReply => self.due && !self.odd,
            ClosesUnread => self.due && !self.odd && !self.shut,
            ReadsTheEnd => self.shut && !self.odd,
            GetsNothing => !self.sent && !self.shut,
            // A server that has closed answers what is sent then with a reset.
            Sends | SendsText(_) | SendsUrgent | ShutsDown => !(self.odd || closes && self.sent),
            _ => true,
        }
    }
}

/// The turns that make sense after those before them, each in its pass. What a stopped server has no part in is in none.
pub fn sensible(turns: Vec<Turn>, closes: bool) -> Vec<Turn> {
    let mut clients: HashMap<String, Client> = HashMap::new();
    // The first of a pass may be left out, and then the next one is the first.
    let mut begun = false;
    let makes_sense = |mut turn: Turn| {
        let alone = !turn.deed.fits_in_a_pass();
        turn.together &= begun && !alone;
        let client = clients.entry(turn.who.clone()).or_default();
        let kept = client.may(&turn.deed, closes) && client.take(&turn.who, &turn.deed, false).is_ok();
        begun = if kept { !alone } else { turn.together };
        kept.then_some(turn)
    };
    turns.into_iter().filter_map(makes_sense).collect()
}

/// What comes of each client that is still there when these turns are over: it is promised something, and may close.
pub fn endings(turns: &[Turn], names: &[&str], close: bool) -> Vec<Turn> {
    let all: &[Deed] = &[Deed::GetsReply, Deed::ReadsTheEnd, Deed::GetsNothing, Deed::Closes];
    let all = &all[..all.len() - usize::from(!close)];
    let endings = names.iter().flat_map(|name| {
        let mut client = Client::default();
        // They make sense.
        turns.iter().filter(|turn| turn.who == *name).for_each(|turn| _ = client.take(name, &turn.deed, false));
        let all = all.iter().filter(move |deed| client.came && !client.gone && client.may(deed, false));
        all.map(|deed| Turn { who: name.to_string(), deed: deed.clone(), together: false })
    });
    endings.collect()
}
