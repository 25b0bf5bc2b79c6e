//! A script, played: its clients do what their turns say, and a promise that is broken is the verdict.

use std::collections::BTreeSet;

use super::{Deed, Script, Turn};
use crate::probe::clients::Clients;
use crate::probe::verdict::{Step, Verdict};

/// The client that comes when all others have had their turns.
const ONE_MORE: &str = "one more client";

impl Script {
    /// Has the clients do their part. Whatever the script says, the server must live, and whoever has sent nothing must get
    /// nothing.
    pub fn play(&self, clients: &mut Clients) -> Step {
        if clients.terms().closes && self.says_little() {
            clients.remark = Some("Says little: the server closes after each reply.".into());
        }
        let mut turned_away = BTreeSet::new();
        let mut at = 0;
        for pass in self.passes() {
            let mut all = |clients: &mut Clients| {
                (at..at + pass.len()).try_for_each(|at| self.turn(clients, at, pass.len() > 1, &mut turned_away))
            };
            if pass.len() > 1 {
                clients.in_one_pass(all)?
            } else {
                all(clients)?
            }
            at += pass.len();
        }
        let silent = |who: &&str| !self.turns_of(who).any(|turn| turn.deed.sends() || turn.deed == Deed::SendsUrgent);
        let promised = |who: &&str| self.turns_of(who).any(|turn| turn.deed.is_promise() || turn.deed == Deed::Reads);
        let clients_of_it: BTreeSet<&str> = self.turns.iter().map(|turn| &turn.who[..]).collect();
        let mut silent = clients_of_it.into_iter().filter(|who| silent(who) && !promised(who));
        silent.try_for_each(|who| clients.crossed_nothing(who))
    }

    /// Has the clients do their part, and then one more client come, unless the last turn is one that is served already.
    pub fn play_and_one_more(&self, clients: &mut Clients) -> Step {
        self.play(clients)?;
        let served = self.turns.last().is_some_and(|turn| turn.deed == Deed::IsServed);
        if served { Ok(()) } else { clients.polite(ONE_MORE) }
    }

    /// Whether a client goes: only then may the server keep something of one that has gone.
    pub fn goes(&self) -> bool {
        self.turns.iter().any(|turn| turn.deed.goes())
    }

    /// Whether its clients send something before they go that may as well be another message.
    pub fn asks(&self) -> bool {
        (0..self.turns.len()).any(|at| self.provokes(at) || self.may_ask_first(at))
    }

    /// Has a client take a turn, `in_a_pass` of others or by itself.
    fn turn(&self, clients: &mut Clients, at: usize, in_a_pass: bool, turned_away: &mut BTreeSet<String>) -> Step {
        let Turn { who, deed, .. } = &self.turns[at];
        if turned_away.contains(who) {
            return Ok(());
        }
        let acts = !deed.is_promise() || *deed == Deed::IsServed;
        if acts && !in_a_pass && !self.has_sent(at) && clients.has(who) {
            // What has come is nobody's reply to it, and would be taken for one later.
            clients.crossed_nothing(who)?;
        }
        if deed.sends() && self.leaves_unread(at) {
            clients.leaves_replies_unread(who)?;
        }
        match deed {
            Deed::Connects => match clients.connect(who) {
                // A queue that has no room for it is no fault: a server that is stopped takes none from it.
                Err(Verdict::Refused(..)) if in_a_pass => {
                    clients.remark = Some(format!("{who} found no room in the queue, and did not come."));
                    turned_away.insert(who.clone());
                    Ok(())
                }
                other => other,
            },
            Deed::Sends if self.provokes(at) => clients.provoke(who),
            Deed::Sends => clients.ask(who),
            Deed::SendsText(text) => clients.send_text(who, text),
            Deed::SendsMany(number) => clients.ask_often(who, *number),
            Deed::SendsUrgent => clients.send_urgent(who),
            Deed::Reads => clients.reads(who),
            Deed::Closes => clients.close(who),
            Deed::ShutsDown => clients.shut_down_writing(who),
            Deed::ClosesUnread => clients.close_unread(who),
            Deed::Resets => {
                if clients.terms().also.is_some() && self.may_ask_first(at) {
                    clients.provoke(who)?;
                }
                clients.reset(who)
            }
            // Whatever comes with it is read by the next turn.
            Deed::GetsReply if self.after(at).next().is_some_and(|next| next.deed == Deed::ReadsTheEnd) => {
                clients.reply_so_far(who)
            }
            Deed::GetsReply => clients.reply(who),
            Deed::GetsText(text) => clients.text(who, text),
            Deed::GetsNothing => clients.got_nothing(who),
            Deed::ReadsTheEnd => clients.end(who),
            Deed::IsHeard => clients.has_left_nothing_unread(who),
            Deed::IsServed if clients.has(who) => {
                clients.ask(who)?;
                clients.reply(who)
            }
            Deed::IsServed => clients.polite(who),
        }
    }

    /// Whether the client has sent something before this turn.
    fn has_sent(&self, at: usize) -> bool {
        let sends = |turn: &Turn| turn.deed.sends() || matches!(turn.deed, Deed::SendsUrgent | Deed::IsServed);
        self.turns[..at].iter().any(|turn| turn.who == self.turns[at].who && sends(turn))
    }

    fn turns_of(&self, who: &str) -> impl Iterator<Item = &Turn> {
        self.turns.iter().filter(move |turn| turn.who == who)
    }

    /// The later turns of the same client.
    fn after(&self, at: usize) -> impl Iterator<Item = &Turn> {
        self.turns[at + 1..].iter().filter(move |turn| turn.who == self.turns[at].who)
    }

    /// Whether it is the protocol's message, and the next that its client does is to go.
    fn provokes(&self, at: usize) -> bool {
        let next = self.after(at).find(|turn| !turn.deed.is_promise());
        self.turns[at].deed == Deed::Sends && next.is_some_and(|turn| turn.deed.goes())
    }

    /// Whether it is a reset, by itself, of a client that has sent nothing.
    fn may_ask_first(&self, at: usize) -> bool {
        let turn = &self.turns[at];
        let together = turn.together || self.turns.get(at + 1).is_some_and(|next| next.together);
        let sent = self.turns[..at].iter().any(|before| before.who == turn.who && before.deed != Deed::Connects);
        turn.deed == Deed::Resets && !together && !sent
    }

    /// Whether the next that its client does to what it is sent is to leave it unread.
    fn leaves_unread(&self, at: usize) -> bool {
        let next = self.after(at).find(|turn| turn.deed.is_promise() || turn.deed.goes() || turn.deed == Deed::Reads);
        next.is_some_and(|turn| turn.deed == Deed::ClosesUnread)
    }

    /// Whether a client has something to do after a reply: of a server that closes then, that says little.
    fn says_little(&self) -> bool {
        use Deed::*;
        (0..self.turns.len()).any(|at| {
            let Turn { who, deed, .. } = &self.turns[at];
            let mut before = self.turns[..at].iter().filter(|turn| turn.who == *who);
            let replied = |turn: &Turn| matches!(turn.deed, IsServed | GetsReply | GetsText(_));
            *deed == ClosesUnread
                || !deed.is_promise() && before.clone().any(replied)
                || deed.sends() && before.any(|turn| turn.deed.sends())
        })
    }
}
