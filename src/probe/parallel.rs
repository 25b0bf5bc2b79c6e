//! Several things at a time: most of a probe is waiting. Where the system allows fewer threads (RLIMIT_NPROC), fewer at a
//! time; where it allows none, one after another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// How many at a time, on a machine with two processors or with many.
pub const AT_A_TIME: usize = 4;

/// What `work` returns for each of `things`, in their order.
pub fn map<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results = Vec::new();
    each(things, work, |result| results.push(result));
    results
}

/// Has `take` take what `work` returns for each of `things`, in their order, each as soon as it is there.
pub fn each<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync, mut take: impl FnMut(R)) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let mut threads = 0;
        for _ in 0..AT_A_TIME.min(things.len()) {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            let one_after_another = move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(thing) = things.get(at) else { break };
                    // The receiver is gone only if this function has been left, and then nothing is owed.
                    let _ = sender.send((at, work(thing)));
                }
            };
            if thread::Builder::new().spawn_scoped(scope, one_after_another).is_err() {
                break;
            }
            threads += 1;
        }
        drop(sender);
        if threads == 0 {
            return things.iter().for_each(|thing| take(work(thing)));
        }

        let mut early: Vec<Option<R>> = things.iter().map(|_| None).collect();
        let mut due = 0;
        for (at, result) in receiver {
            early[at] = Some(result);
            while let Some(result) = early.get_mut(due).and_then(Option::take) {
                take(result);
                due += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_things_whoever_is_first() {
        let (first, second) = mpsc::channel();
        let second = std::sync::Mutex::new(second);
        let results = map(&[0, 1, 2], |&thing| {
            // The first waits for the last.
            match thing {
                0 => second.lock().unwrap().recv().unwrap(),
                2 => first.send(()).unwrap(),
                _ => (),
            }
            thing * 10
        });
        assert_eq!(results, [0, 10, 20]);
        assert_eq!(map(&[] as &[i32], |&thing| thing), []);
    }
}
