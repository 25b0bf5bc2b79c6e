//! poll(2) over a list of numbers: what it says where select says less, and what both say alike.

use std::fs::File;
use std::io::{Write, pipe};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use close_call::net::{self, Socket};
use close_call::poll::{Events, poll};
use close_call::select::select;

use crate::descriptors::left_out;
use crate::{NUMBERS, ThreadId, room_for};

const NOW: Option<Duration> = Some(Duration::ZERO);
const GENEROUS: Option<Duration> = Some(Duration::from_secs(60));

/// What is said of one number that is asked for everything.
fn said(fd: RawFd) -> String {
    poll(&[(fd, Events::IN | Events::OUT | Events::PRI)], NOW).unwrap()[0].to_string()
}

#[test]
fn a_regular_file_is_always_ready() {
    let file = File::open("Cargo.toml").unwrap();
    assert_eq!(said(file.as_raw_fd()), "IN|OUT");
}

#[test]
fn the_end_of_a_pipe_is_told_from_data_in_it() {
    let (reader, mut writer) = pipe().unwrap();
    assert_eq!((said(reader.as_raw_fd()), said(writer.as_raw_fd())), ("0".into(), "OUT".into()));
    writer.write_all(b"x").unwrap();
    assert_eq!(said(reader.as_raw_fd()), "IN");
    drop(writer);
    assert_eq!(said(reader.as_raw_fd()), "IN|HUP", "a byte, and then the end");
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    assert_eq!(said(writer.as_raw_fd()), "OUT|ERR");
    // HUP and ERR come unasked.
    assert_eq!(poll(&[(writer.as_raw_fd(), Events::NONE)], GENEROUS).unwrap(), [Events::ERR]);
}

#[test]
fn what_a_connection_says_is_what_select_says_and_at_a_reset_more() {
    let end = |acts: &dyn Fn(Socket) -> Option<Socket>| {
        let (ours, peer, (theirs, own)) = net::connection().unwrap();
        let kept = acts(peer);
        net::until_arrived(&theirs, &own).unwrap();
        (ours, kept)
    };
    let sends = |peer: Socket| {
        peer.send(b"x").unwrap();
        Some(peer)
    };
    let urgent = |peer: Socket| {
        peer.send_out_of_band(b'!').unwrap();
        Some(peer)
    };
    let half_closes = |peer: Socket| {
        peer.shutdown(Shutdown::Write).unwrap();
        Some(peer)
    };
    let resets = |peer: Socket| {
        peer.reset().unwrap();
        None
    };
    for (acts, words) in [
        (&(|peer| Some(peer)) as &dyn Fn(Socket) -> Option<Socket>, "OUT"),
        (&sends, "IN|OUT"),
        (&urgent, "PRI|OUT"),
        (&half_closes, "IN|OUT"),
        (&|_| None, "IN|OUT"),
        (&resets, "IN|OUT|ERR|HUP"),
    ] {
        let (ours, _kept) = end(acts);
        let fd = ours.as_raw_fd();
        assert_eq!(said(fd), words);
        let ready = select(&[fd], &[fd], &[fd], NOW).unwrap();
        let lists = [("IN", ready.readable), ("OUT", ready.writable), ("PRI", ready.exceptional)];
        let by_select = lists.iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| *name);
        let by_poll = words.split('|').filter(|name| !["ERR", "HUP"].contains(name));
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        assert_eq!(sorted(by_select.collect()), sorted(by_poll.collect()), "select and poll, at {words}");
    }
}

#[test]
fn a_closed_number_is_no_error_of_the_call_and_is_said_at_once() {
    if !room_for(NUMBERS) {
        return;
    }
    // A number that no test beside this one takes.
    let (reader, mut writer) = pipe().unwrap();
    // SAFETY: a bare system call on an open descriptor.
    let closed = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 710) };
    net::close(closed).unwrap();
    // Without a limit: it returns all the same, as often as it is called.
    for _ in 0..3 {
        assert_eq!(poll(&[(closed, Events::IN)], None).unwrap(), [Events::NVAL]);
    }
    writer.write_all(b"x").unwrap();
    let asked = [(closed, Events::IN), (reader.as_raw_fd(), Events::IN)];
    assert_eq!(poll(&asked, None).unwrap(), [Events::NVAL, Events::IN], "the others are still answered");
    assert_eq!(poll(&[(-1, Events::IN)], NOW).unwrap(), [Events::NONE], "a negative number is left out");
}

#[test]
fn there_is_no_fd_setsize() {
    // As many as this process may have.
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is ours.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
    if limit.rlim_max <= 1500 {
        left_out(&format!("a list of poll beyond 1,500: this process may have only {} descriptors", limit.rlim_max));
        return;
    }
    let (reader, mut writer) = pipe().unwrap();
    // SAFETY: a bare system call on an open descriptor.
    let beyond = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 1400) };
    assert!(beyond >= 1400);
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&[(beyond, Events::IN)], GENEROUS).unwrap(), [Events::IN]);
    assert_eq!(select(&[beyond], &[], &[], NOW).unwrap_err().name(), "EINVAL");
    net::close(beyond).unwrap();
}

#[test]
fn each_answer_is_at_the_position_of_its_question() {
    let pipes: Vec<_> = (0..6).map(|_| pipe().unwrap()).collect();
    for at in [1, 4] {
        (&pipes[at].1).write_all(b"x").unwrap();
    }
    let asked: Vec<_> = [5, 4, 3, 2, 1, 0, 1].map(|at: usize| (pipes[at].0.as_raw_fd(), Events::IN)).to_vec();
    let ready: Vec<bool> = poll(&asked, GENEROUS).unwrap().iter().map(|said| said.intersects(Events::IN)).collect();
    assert_eq!(
        ready,
        [false, true, false, false, true, false, true],
        "and one that is asked about twice is said twice"
    );
}

#[test]
fn a_timeout_is_not_cut_short_and_an_empty_list_only_waits() {
    let (reader, _writer) = pipe().unwrap();
    for timeout in [Duration::from_nanos(1), Duration::from_micros(1_500), Duration::from_millis(30)] {
        let begun = Instant::now();
        assert_eq!(poll(&[(reader.as_raw_fd(), Events::IN)], Some(timeout)).unwrap(), [Events::NONE]);
        assert!(begun.elapsed() >= timeout, "{:?} is less than {timeout:?}", begun.elapsed());
    }
    assert_eq!(poll::<RawFd>(&[], Some(Duration::from_millis(1))).unwrap(), []);
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&[(reader.as_raw_fd(), Events::IN)], Some(Duration::MAX)).unwrap(), [Events::IN]);
}

#[test]
fn a_signal_is_eintr_even_with_sa_restart() {
    extern "C" fn nothing(_: libc::c_int) {}
    static DONE: AtomicBool = AtomicBool::new(false);
    let signal = libc::SIGRTMIN();
    // SAFETY: the handler does nothing, which is safe in any thread at any time.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
    }
    let waiting = ThreadId::own();
    let signals = thread::spawn(move || {
        // Again and again, because it cannot be known when the other thread has begun to wait.
        while !DONE.load(Ordering::Relaxed) {
            waiting.signal(signal);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let result = poll::<RawFd>(&[], GENEROUS);
    DONE.store(true, Ordering::Relaxed);
    signals.join().unwrap();
    assert_eq!(result.unwrap_err().to_string(), "poll: Interrupted system call (os error 4)");
}

#[test]
fn more_entries_than_descriptors_are_einval() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is ours.
    unsafe { assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0) };
    let Ok(most) = usize::try_from(limit.rlim_max) else { return };
    if most > 1 << 22 {
        left_out(&format!("a list of poll that is too long: this process may have {most} descriptors"));
        return;
    }
    let asked = vec![(-1, Events::IN); most + 1];
    assert_eq!(poll(&asked, NOW).unwrap_err().to_string(), "poll: Invalid argument (os error 22)");
}
