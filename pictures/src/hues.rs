//! Each client its colour, the same in every picture.

use crate::trace::{Owner, Trace};
use std::collections::BTreeMap;

/// The clients of the probes, in the order of their colours. `X` and others get what is left.
const KNOWN: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];

/// The class of each client of a trace.
pub struct Hues(BTreeMap<String, usize>);

impl Hues {
    /// The colours of the clients of a trace.
    pub fn of(trace: &Trace) -> Hues {
        let mut hues = BTreeMap::new();
        let clients = trace.clients();
        for name in &clients {
            if let Some(hue) = KNOWN.iter().position(|known| known == name) {
                hues.insert(name.to_string(), hue);
            }
        }
        let taken: Vec<usize> = hues.values().copied().collect();
        // With more clients than colours, some share one: their names tell them apart.
        let mut free = (0..KNOWN.len())
            .filter(|hue| !taken.contains(hue))
            .collect::<Vec<_>>()
            .into_iter()
            .chain((0..KNOWN.len()).cycle());
        for name in clients {
            if !hues.contains_key(name)
                && let Some(hue) = free.next()
            {
                hues.insert(name.to_string(), hue);
            }
        }
        Hues(hues)
    }

    /// The class for a client's things.
    pub fn client(&self, name: &str) -> &'static str {
        const CLASSES: [&str; KNOWN.len()] = ["who0", "who1", "who2", "who3", "who4", "who5"];
        self.0.get(name).map_or("other", |hue| CLASSES[*hue])
    }

    /// The class for what belongs to an owner.
    pub fn owner(&self, owner: &Owner) -> &'static str {
        match owner {
            Owner::Client(name) => self.client(name),
            Owner::Listener | Owner::Socket | Owner::Other(_) => "other",
        }
    }
}
