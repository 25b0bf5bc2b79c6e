//! select(2) over lists of numbers: the cases that the kernel's, CPython's and libevent's own tests have for it.

use std::fs::File;
use std::io::{Read, Write, pipe};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use close_call::net;
use close_call::select::{Ready, select};

use crate::{NUMBERS, ThreadId, room_for};

const NOW: Option<Duration> = Some(Duration::ZERO);
const GENEROUS: Option<Duration> = Some(Duration::from_secs(60));

/// None is ready.
fn nothing() -> Ready<RawFd> {
    Ready { readable: vec![], writable: vec![], exceptional: vec![] }
}

#[test]
fn a_regular_file_is_always_ready() {
    let fd = File::open("Cargo.toml").unwrap().into_raw_fd();
    let ready = select(&[fd], &[fd], &[fd], NOW).unwrap();
    assert_eq!(ready, Ready { readable: vec![fd], writable: vec![fd], exceptional: vec![] });
    net::close(fd).unwrap();
}

#[test]
fn a_pipe_with_a_byte_in_it_is_ready_at_both_ends() {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    let (r, w) = (reader.as_raw_fd(), writer.as_raw_fd());
    let ready = select(&[r, w], &[r, w], &[r, w], GENEROUS).unwrap();
    assert_eq!(ready, Ready { readable: vec![r], writable: vec![w], exceptional: vec![] });
}

#[test]
fn a_fifo_opened_for_both_is_writable_and_readable_once_written() {
    let path = std::env::temp_dir().join(format!("close-call-fifo-{}", std::process::id()));
    let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: `name` is a C string that outlives the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let mut fifo = File::options().read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let fd = fifo.as_raw_fd();
    assert_eq!(select(&[fd], &[fd], &[], NOW).unwrap(), Ready { writable: vec![fd], ..nothing() });
    fifo.write_all(b"x").unwrap();
    let both = Ready { readable: vec![fd], writable: vec![fd], exceptional: vec![] };
    assert_eq!(select(&[fd], &[fd], &[], NOW).unwrap(), both);
}

#[test]
fn a_timeout_empties_every_list_and_is_not_cut_short() {
    let (reader, _writer) = pipe().unwrap();
    let fd = reader.as_raw_fd();
    for timeout in [Duration::from_micros(1), Duration::from_nanos(1), Duration::from_millis(30)] {
        let begun = Instant::now();
        assert_eq!(select(&[fd], &[], &[fd], Some(timeout)).unwrap(), nothing());
        assert!(begun.elapsed() >= timeout, "{:?} is less than {timeout:?}", begun.elapsed());
    }
}

#[test]
fn a_timeout_beyond_all_time_is_none_at_all() {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(select(&[reader.as_raw_fd()], &[], &[], Some(Duration::MAX)).unwrap().readable.len(), 1);
}

#[test]
fn empty_lists_only_wait() {
    assert_eq!(select::<RawFd>(&[], &[], &[], Some(Duration::from_millis(1))).unwrap(), nothing());
}

#[test]
fn a_closed_descriptor_in_any_list_is_ebadf() {
    if !room_for(NUMBERS) {
        return;
    }
    // A number that no test beside this one takes, and below one that is open: beyond the table is another matter.
    let (reader, writer) = pipe().unwrap();
    let (low, high) = (reader.into_raw_fd(), writer);
    // SAFETY: a bare system call on an open descriptor.
    let closed = unsafe { libc::fcntl(low, libc::F_DUPFD_CLOEXEC, 700) };
    // SAFETY: as above.
    let above = unsafe { libc::fcntl(low, libc::F_DUPFD_CLOEXEC, 900) };
    net::close(closed).unwrap();
    for [inputs, outputs, exceptions] in [[&[closed][..], &[], &[]], [&[], &[closed], &[]], [&[], &[], &[closed]]] {
        let error = select(inputs, outputs, exceptions, NOW).unwrap_err();
        assert_eq!(error.to_string(), "select: Bad file descriptor (os error 9)");
    }
    net::close(above).unwrap();
    net::close(low).unwrap();
    drop(high);
}

#[test]
fn a_descriptor_that_no_set_can_hold_is_refused_by_number_and_limit() {
    let said = |fd: RawFd| {
        [
            select(&[fd], &[], &[], NOW).unwrap_err().to_string(),
            select(&[], &[fd], &[], NOW).unwrap_err().to_string(),
            select(&[], &[], &[fd], NOW).unwrap_err().to_string(),
        ]
    };
    for fd in [1024, 1025, i32::MAX] {
        let words = format!("select: descriptor {fd} is out of range: an fd_set ends below FD_SETSIZE, 1024");
        assert_eq!(said(fd), [&words[..]; 3]);
    }
    for fd in [-1, i32::MIN] {
        assert_eq!(said(fd), [&format!("select: descriptor {fd} is out of range: it is negative")[..]; 3]);
    }
}

#[test]
fn the_lists_come_back_in_the_order_in_which_they_went_in() {
    let pipes: Vec<_> = (0..6).map(|_| pipe().unwrap()).collect();
    for at in [1, 2, 4, 5] {
        (&pipes[at].1).write_all(b"x").unwrap();
    }
    let reader = |at: usize| pipes[at].0.as_raw_fd();
    let asked: Vec<RawFd> = [5, 0, 2, 3, 1, 4].map(reader).to_vec();
    assert_eq!(select(&asked, &[], &[], GENEROUS).unwrap().readable, [5, 2, 1, 4].map(reader));
    assert_eq!(select(&[reader(2), reader(2)], &[], &[], NOW).unwrap().readable, [reader(2), reader(2)], "twice asked");
}

#[test]
fn twelve_pairs_are_told_apart() {
    let pairs: Vec<_> = (0..12).map(|_| net::connection().unwrap()).collect();
    let all: Vec<RawFd> = pairs.iter().map(|(ours, ..)| ours.as_raw_fd()).collect();
    for (ours, peer, (theirs, own)) in &pairs {
        peer.send(b"x").unwrap();
        close_call::net::until_arrived(theirs, own).unwrap();
        assert_eq!(select(&all, &[], &all, NOW).unwrap().readable, [ours.as_raw_fd()]);
        assert_eq!(ours.recv(&mut [0; 8]).unwrap(), 1);
    }
}

#[test]
fn a_pipe_is_read_to_its_end_over_several_timeouts() {
    let (mut reader, mut writer) = pipe().unwrap();
    let fd = reader.as_raw_fd();
    let mut read = String::new();
    for word in ["one ", "two ", "three"] {
        assert_eq!(select(&[fd], &[], &[], Some(Duration::from_millis(1))).unwrap(), nothing());
        writer.write_all(word.as_bytes()).unwrap();
        assert_eq!(select(&[fd], &[], &[], GENEROUS).unwrap().readable, [fd]);
        let mut buffer = [0; 16];
        let n = reader.read(&mut buffer).unwrap();
        read += std::str::from_utf8(&buffer[..n]).unwrap();
    }
    drop(writer);
    assert_eq!(select(&[fd], &[], &[], GENEROUS).unwrap().readable, [fd], "the end is readable");
    assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(select(&[fd], &[], &[], GENEROUS).unwrap().readable, [fd], "and stays so");
    assert_eq!(read, "one two three");
}

#[test]
fn a_signal_is_eintr_even_with_sa_restart() {
    extern "C" fn nothing(_: libc::c_int) {}
    static DONE: AtomicBool = AtomicBool::new(false);
    // SAFETY: the handler does nothing, which is safe in any thread at any time.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
    let waiting = ThreadId::own();
    let signals = thread::spawn(move || {
        // Again and again, because it cannot be known when the other thread has begun to wait.
        while !DONE.load(Ordering::Relaxed) {
            waiting.signal(libc::SIGUSR1);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let result = select::<RawFd>(&[], &[], &[], GENEROUS);
    DONE.store(true, Ordering::Relaxed);
    signals.join().unwrap();
    assert_eq!(result.unwrap_err().to_string(), "select: Interrupted system call (os error 4)");
}

#[test]
fn what_is_left_of_a_timeout_after_a_signal_is_waited_for() {
    // As chapter 11 does it: the deadline is kept, and after a signal what is left of the time is asked for again.
    extern "C" fn nothing_to_do(_: libc::c_int) {}
    // SAFETY: the handler does nothing, which is safe in any thread at any time.
    unsafe { libc::signal(libc::SIGUSR2, nothing_to_do as extern "C" fn(libc::c_int) as libc::sighandler_t) };
    static DONE: AtomicBool = AtomicBool::new(false);
    let waiting = ThreadId::own();
    let signals = thread::spawn(move || {
        while !DONE.load(Ordering::Relaxed) {
            waiting.signal(libc::SIGUSR2);
            thread::sleep(Duration::from_millis(5));
        }
    });
    let begun = Instant::now();
    let all = Duration::from_millis(200);
    let mut interrupted = 0;
    let ready = loop {
        match select::<RawFd>(&[], &[], &[], Some(all.saturating_sub(begun.elapsed()))) {
            Err(error) if error.interrupted() => interrupted += 1,
            other => break other.unwrap(),
        }
    };
    let waited = begun.elapsed();
    DONE.store(true, Ordering::Relaxed);
    signals.join().unwrap();
    assert_eq!(ready, nothing());
    assert!(interrupted > 0, "at least one signal came in the middle");
    assert!(waited >= all, "{waited:?} is not cut short by {interrupted} signals");
}
