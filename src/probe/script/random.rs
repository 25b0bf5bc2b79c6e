//! Scripts that nobody has written: clients that do anything, in any order, several of them in one pass. And what is left of
//! a script when something is left out.

use std::iter;

use super::sense::{endings, sensible};
use super::{Deed, Script, Turn};

/// The clients, in the order in which they come when a script has been made simple.
const NAMES: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

/// How many turns are made up for a script at most, before those that make no sense are left out, and what comes of the
/// clients at the end is added.
const LONGEST: usize = 30;

/// What a client does, the simplest first, and how often beside the others. The text is another message of the protocol.
static DEEDS: [(usize, Deed); 11] = [
    (16, Deed::Connects),
    (8, Deed::Sends),
    (2, Deed::Reads),
    (6, Deed::Closes),
    (5, Deed::ShutsDown),
    (2, Deed::SendsUrgent),
    (3, Deed::Resets),
    (1, Deed::ClosesUnread),
    (2, Deed::SendsText(Vec::new())),
    (4, Deed::GetsReply),
    (2, Deed::ReadsTheEnd),
];

/// Scripts without end: the same for the same seed and the same server.
pub struct Random<'a> {
    state: u64,
    also: &'a [Vec<u8>],
    closes: bool,
}

impl<'a> Random<'a> {
    /// For a server that understands other messages, too, than the protocol's, and that `closes` after each reply or not.
    pub fn new(seed: u64, also: &'a [Vec<u8>], closes: bool) -> Random<'a> {
        Random { state: seed, also, closes }
    }

    /// A number below `limit`. SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn turn(&mut self) -> Turn {
        let who = NAMES[self.below(NAMES.len())].to_string();
        let all: Vec<&Deed> = DEEDS.iter().flat_map(|(often, deed)| iter::repeat_n(deed, *often)).collect();
        let deed = match all[self.below(all.len())] {
            Deed::SendsText(_) if self.also.is_empty() => Deed::Sends,
            Deed::SendsText(_) => Deed::SendsText(self.also[self.below(self.also.len())].clone()),
            deed => deed.clone(),
        };
        Turn { who, deed, together: self.below(3) < 2 }
    }

    /// The scripts that are a little simpler, the simplest first: without some of the turns, or without one; with one done by
    /// itself, or with a simpler one in its place; with the clients' names in order.
    pub fn simpler(&self, script: &Script) -> Vec<Script> {
        let turns = &script.turns;
        let sizes = iter::successors(Some(turns.len() / 2), |size| Some(size / 2)).take_while(|size| *size > 0);
        let parts = sizes.flat_map(|size| (0..turns.len()).step_by(size).map(move |from| (from, size)));
        let without = parts.map(|(from, size)| {
            let mut less = turns.clone();
            let all_together = less.drain(from..(from + size).min(turns.len())).all(|turn| turn.together);
            less.iter_mut().skip(from).take(1).for_each(|next| next.together &= all_together);
            less
        });
        let others = turns.iter().enumerate().flat_map(|(at, turn)| {
            let apart = turn.together.then(|| Turn { together: false, ..turn.clone() });
            let simpler = DEEDS.iter().filter(|_| !turn.deed.is_promise()).map(|(_, deed)| deed);
            let simpler = simpler.take_while(|deed| **deed != turn.deed && !matches!(deed, Deed::SendsText(_)));
            let simpler = simpler.map(|deed| Turn { deed: deed.clone(), ..turn.clone() });
            apart.into_iter().chain(simpler).map(move |other| {
                let mut changed = turns.clone();
                changed[at] = other;
                changed
            })
        });
        let mut known: Vec<&str> = Vec::new();
        turns.iter().for_each(|turn| known.extend((!known.contains(&&turn.who[..])).then_some(&turn.who[..])));
        let place = |who: &str| known.iter().position(|other| *other == who).unwrap_or(0);
        let named = turns.iter().map(|turn| Turn { who: NAMES[place(&turn.who)].into(), ..turn.clone() }).collect();
        let all = without.chain(others).chain([named]).map(|turns| sensible(turns, self.closes));
        let all = all.filter(|simpler| !simpler.is_empty() && simpler != turns);
        all.map(|turns| Script { turns, ..script.clone() }).collect()
    }
}

impl Iterator for Random<'_> {
    type Item = Script;

    fn next(&mut self) -> Option<Script> {
        let first = Turn { who: NAMES[0].into(), deed: Deed::Connects, together: false };
        let others: Vec<Turn> = (0..self.below(LONGEST)).map(|_| self.turn()).collect();
        let mut turns = sensible(iter::once(first).chain(others).collect(), self.closes);
        let close = self.below(2) == 0;
        turns.extend(endings(&turns, &NAMES, close));
        Some(Script { turns, ..Script::default() })
    }
}
