//! The orderly stop of the chapters from 11 on, and what those from 10 on hold for clients that never read.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::{command, left_out, runs, say, terminal};
use close_call::probe::server::processes::{Processes, memory};
use socket2::{Domain, Socket, Type};

/// A server with a greeting of that many bytes, its address, and what it prints.
fn listening(chapter: &str, greeting: usize) -> (Child, String, BufReader<std::process::ChildStdout>) {
    let mut command = command(chapter, &["--listen", "127.0.0.1:0"]);
    command.env("GREETING", greeting.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on ").unwrap().trim().to_string();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, address, out)
}

fn hear(out: &mut impl BufRead, word: &str) {
    let mut heard = String::new();
    while !heard.contains(word) {
        heard.clear();
        assert_ne!(out.read_line(&mut heard).unwrap(), 0, "{word:?} was not printed");
    }
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: a bare system call on a child that is not yet waited for.
    assert_eq!(unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) }, 0);
}

/// The chapters that stop in an orderly way.
const STOPPING: &[&str] = &["11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];

#[test]
fn a_server_that_is_told_to_stop_finishes_what_was_begun() {
    const LENGTH: usize = 4_000_000;
    let signals = [(libc::SIGTERM, "SIGTERM"), (libc::SIGINT, "SIGINT")];
    let chapters = STOPPING.iter().filter(|chapter| runs(chapter));
    for (chapter, (number, name)) in chapters.flat_map(|chapter| signals.map(|signal| (chapter, signal))) {
        let (mut child, address, mut out) = listening(chapter, LENGTH);
        let mut client = TcpStream::connect(&address).unwrap();
        let _idle = TcpStream::connect(&address).unwrap();
        client.write_all(b"Hello, server!").unwrap();
        hear(&mut out, "received");
        signal(&child, number);
        hear(&mut out, &format!("stopping on {name}"));

        let mut reply = Vec::new();
        client.read_to_end(&mut reply).unwrap();
        let whole: Vec<u8> = b"Hello, client!".iter().copied().cycle().take(LENGTH).collect();
        assert!(reply == whole, "{chapter}: {} bytes of {LENGTH}, and then the end", reply.len());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{chapter}");
        assert!(TcpStream::connect(&address).is_err(), "no server listens there any more");
    }
}

/// A greeting that the kernel cannot take from a server in full: it keeps at most some 4 MB to be sent (tcp(7), tcp_wmem).
const MORE_THAN_FITS: usize = 16_000_000;

/// A client that sends a message and never reads, and for which the kernel keeps little.
fn never_reads(address: &str) -> Socket {
    let mut client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Before the connect, which agrees on the window. Otherwise it grows by megabytes, and a server may be done.
    client.set_recv_buffer_size(4096).unwrap();
    client.connect(&address.parse::<SocketAddr>().unwrap().into()).unwrap();
    client.write_all(b"Hello, server!").unwrap();
    client
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for chapter in STOPPING.iter().filter(|chapter| runs(chapter)) {
        let (mut child, address, mut out) = listening(chapter, MORE_THAN_FITS);
        let _client = never_reads(&address);
        hear(&mut out, "received");
        signal(&child, libc::SIGTERM);
        hear(&mut out, "stopping on SIGTERM");
        signal(&child, libc::SIGTERM);
        let status = child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGTERM), "{chapter}");
    }
}

/// From the line on by which they are known to listen, a signal is a stop.
#[test]
fn a_signal_that_comes_as_soon_as_it_listens_stops_it_in_order() {
    for chapter in STOPPING.iter().filter(|chapter| runs(chapter)) {
        for _ in 0..20 {
            let (mut child, _, mut out) = listening(chapter, 14);
            signal(&child, libc::SIGTERM);
            hear(&mut out, "stopping on SIGTERM");
            assert_eq!(child.wait().unwrap().code(), Some(0), "{chapter}");
        }
    }
}

/// What a stop promises, with all of it at once; and chapter 18 has a request in flight for each client.
#[test]
fn told_to_stop_each_ends_the_idle_and_replies_to_what_has_come() {
    for chapter in STOPPING.iter().filter(|chapter| runs(chapter)) {
        for probe in ["told-to-stop", "stop-while-owing"] {
            let (shown, status) = terminal(&mut command(chapter, &["--probe", probe]));
            let verdict = shown.lines().last().unwrap();
            assert_eq!(verdict, format!("{probe}: ok. The server has ended: exit status 0."), "{chapter}: {shown}");
            assert!(status.success(), "{chapter}");
        }
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_client() {
    let chapters = ["10-never-block"].iter().chain(STOPPING);
    for chapter in chapters.filter(|chapter| runs(chapter)) {
        let (shown, _) = terminal(&mut command(chapter, &["--probe", "unread-log"]));
        let verdict = shown.lines().last().unwrap();
        assert_eq!(verdict, "unread-log: ok. The server still runs.", "{chapter}: {shown}");
        assert!(shown.contains(" lines of the log are lost: nobody has read it)"), "{chapter}: {shown}");
    }
}

/// As with `… --listen | head -1`, and then Ctrl-C.
#[test]
fn a_reader_that_has_gone_ends_no_server() {
    for chapter in STOPPING.iter().filter(|chapter| runs(chapter)) {
        let (mut child, address, mut out) = listening(chapter, 14);
        let served = || {
            let mut client = TcpStream::connect(&address).unwrap();
            client.write_all(b"Hello, server!").unwrap();
            client.read_exact(&mut [0; 14]).unwrap();
        };
        served();
        hear(&mut out, "New connection");
        drop(out);
        (0..3).for_each(|_| served());
        signal(&child, libc::SIGTERM);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{chapter}");
    }
}

/// Pages that the kernel holds for TCP, and the number from which it is under pressure (tcp(7), tcp_mem). Then it is slow
/// to take more, and even calls a socket readable on which a recv waits: other tests would fail of it. `None` in a network
/// namespace that has no such number of its own, as in a container.
fn tcp_pages() -> Option<(u64, u64)> {
    let number = |text: &str, nth| text.split_whitespace().nth(nth).unwrap().parse::<u64>().unwrap();
    let sockstat = fs::read_to_string("/proc/net/sockstat").unwrap();
    let tcp = sockstat.lines().find(|line| line.starts_with("TCP:")).unwrap();
    let held = number(tcp.split("mem ").nth(1).unwrap(), 0);
    Some((held, number(&fs::read_to_string("/proc/sys/net/ipv4/tcp_mem").ok()?, 1)))
}

#[test]
fn what_is_held_for_clients_that_never_read_is_bounded() {
    const CLIENTS: usize = 20;
    const GREETING: usize = 64 * 1024;
    let chapters = ["10-never-block", "11-limits", "12-poll", "14-epoll", "15-mio", "16-tokio", "18-completions"];
    for chapter in chapters.into_iter().filter(|chapter| runs(chapter)) {
        say(&format!("{CLIENTS} clients that never read, and {chapter}"));
        let (mut child, address, out) = listening(chapter, GREETING);
        // What it prints has to be read, or it would wait for that.
        let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).count());
        let before = memory(&[child.id()]);
        let pages = tcp_pages();
        let address: SocketAddr = address.parse().unwrap();
        let mut clients: Vec<Socket> = (0..CLIENTS)
            .map(|_| {
                let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                // Set before the connect, which agrees on the window: the kernel keeps little on either side.
                client.set_recv_buffer_size(4096).unwrap();
                client.set_send_buffer_size(4096).unwrap();
                client.connect(&address.into()).unwrap();
                client.set_nonblocking(true).unwrap();
                client
            })
            .collect();
        // Each message is worth a greeting, so these are worth far more than the bound. No more of them: what the server
        // does not read, its kernel has to hold.
        for _ in 0..32 {
            for client in &mut clients {
                // A full window refuses; then enough is waiting already.
                let _ = client.write(&[b'x'; 1024]);
            }
        }
        let (mut peak, mut most, mut still) = (0, 0, 0);
        while still < 5 {
            let held = memory(&[child.id()]);
            let asleep = Processes::of(&[child.id()]).states().iter().all(|state| *state == b'S');
            still = if asleep && held <= peak { still + 1 } else { 0 };
            peak = peak.max(held);
            most = most.max(tcp_pages().map_or(0, |(held, _)| held));
            std::thread::sleep(Duration::from_millis(20));
        }
        let each = (peak - before) / CLIENTS as u64;
        println!("{chapter}: {CLIENTS} clients that never read, {each} bytes each, {} MB in all", peak >> 20);
        match pages {
            Some((before, pressure)) => {
                println!("    the kernel holds {} pages more for TCP, of {pressure}", most.saturating_sub(before));
                assert!(most < pressure, "the kernel is under memory pressure: {most} pages");
            }
            None => left_out("how much the kernel holds for TCP, which is not said in this network namespace"),
        }
        // The buffer's bound, a greeting on top of it, and as much again, because a Vec grows by doubling.
        assert!(each <= 2 * (64 * 1024 + GREETING as u64), "{chapter}: {each} bytes per client");
        assert!(each >= 32 * 1024, "{chapter}: {each} bytes per client: the buffers were not filled");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(clients);
        assert!(reader.join().unwrap() >= CLIENTS);
    }
}
