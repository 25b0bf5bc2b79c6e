//! What is being played, on a terminal, while it is.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::net::columns::WIDTH;

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(500);

/// What is being played, and since when.
pub struct Progress {
    shown: bool,
    all: usize,
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Default)]
struct State {
    done: usize,
    playing: Vec<(&'static str, Instant)>,
    note: String,
    over: bool,
}

impl Progress {
    /// Of so many probes. Only a terminal is shown it.
    pub fn new(shown: bool, all: usize) -> Progress {
        Progress { shown, all, state: Mutex::default(), over: Condvar::new() }
    }

    /// Does `work`, and shows meanwhile what [`Progress::playing`] is told of.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        if !self.shown {
            return work();
        }
        /// The work is over, even if it has panicked: the thread beside it must not wait for it.
        struct Over<'a>(&'a Progress);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.state().over = true;
                self.0.over.notify_all();
            }
        }
        thread::scope(|scope| {
            let show = || {
                let mut state = self.state();
                while !state.over {
                    // It is for a reader. That it cannot be shown is no reason to stop.
                    let _ =
                        write!(io::stdout(), "\x1b[K{}\r", line(self.all, &state)).and_then(|()| io::stdout().flush());
                    let waited = self.over.wait_timeout(state, EVERY);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            };
            // Where there may be no more threads, nothing is shown.
            let _shown = thread::Builder::new().spawn_scoped(scope, show);
            let _over = Over(self);
            work()
        })
    }

    /// Plays a probe of that name.
    pub fn playing<T>(&self, name: &'static str, play: impl FnOnce() -> T) -> T {
        self.state().playing.push((name, Instant::now()));
        let result = play();
        self.state().playing.retain(|(other, _)| *other != name);
        result
    }

    /// How far that has come which is played.
    pub fn note(&self, note: String) {
        self.state().note = note;
    }

    /// One verdict more is there; `print` prints it in place of the line.
    pub fn done(&self, print: impl FnOnce()) {
        let mut state = self.state();
        state.done += 1;
        if self.shown {
            print!("\x1b[K");
        }
        print();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `3 of 17 ... stampede 4 s, crowd 1 s`
fn line(all: usize, state: &State) -> String {
    let playing = state.playing.iter().map(|(name, since)| format!("{name} {} s", since.elapsed().as_secs()));
    let note = Some(state.note.clone()).filter(|note| !note.is_empty());
    let playing = playing.chain(note).collect::<Vec<_>>().join(", ");
    let line = format!("{} of {all} ... {playing}", state.done);
    line.chars().take(WIDTH - 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_played_and_for_how_long() {
        let begun = Instant::now() - Duration::from_millis(4500);
        let mut state =
            State { done: 3, playing: vec![("stampede", begun), ("crowd", Instant::now())], ..State::default() };
        assert_eq!(line(17, &state), "3 of 17 ... stampede 4 s, crowd 0 s");
        state = State { playing: vec![("random", begun)], note: "31 of 1,000 scripts".into(), ..State::default() };
        assert_eq!(line(1, &state), "0 of 1 ... random 4 s, 31 of 1,000 scripts");
        state.playing = vec![("ask-then-reset-in-queue", begun); 9];
        assert_eq!(line(17, &state).len(), WIDTH - 1);
    }
}
