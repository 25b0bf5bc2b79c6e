//! What `check` sees that no client sees, and that it looks where it used to wait.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use close_call::probe::idle::{self, Threads};
use close_call::probe::presets::Preset;
use close_call::probe::probes;
use close_call::probe::protocol::Terms;
use close_call::probe::server::port::{FreePort, Port};
use close_call::probe::server::processes::Processes;
use close_call::probe::server::waits::{Wait, Waits};
use close_call::probe::server::wakes;
use close_call::probe::target::{Report, Target};

use crate::check::{check, verdicts};
use crate::common::{command, exe, left_out, python, room_for_a_crowd, settings, tempdir};
use insta::assert_snapshot;
use socket2::SockRef;

/// What `check` prints of a server of tests/peers, and its status.
fn on(options: &[&str], file: &str, args: &[&str]) -> Option<(String, Option<i32>)> {
    let server = python(file)?;
    let (shown, status, _) = check(&[options, &["--"], &server[..], args].concat());
    Some((shown, status))
}

/// One line, whatever the width.
fn unwrapped(shown: &str) -> String {
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_server_that_loses_a_descriptor_with_each_reset_leaks_under_every_probe_that_resets() {
    if !room_for_a_crowd() {
        return;
    }
    let only = "leaves,impatient,half-close,rude,unread,send-then-reset,reset-in-queue,stampede,never-reads";
    let Some((shown, status)) = on(&["--only", only], "leaking_server.py", &[]) else { return };
    let expected = [
        ("leaves", "ok"),
        ("impatient", "ok"),
        ("half-close", "ok"),
        ("rude", "leaks"),
        ("unread", "leaks"),
        ("send-then-reset", "leaks"),
        ("reset-in-queue", "leaks"),
        ("stampede", "leaks"),
        ("never-reads", "leaks"),
    ];
    assert_eq!((verdicts(&shown), status), (expected.to_vec(), Some(1)), "{shown}");
    let says = "the server keeps descriptors: 16 more after such clients had come and gone 16 times.";
    assert!(unwrapped(&shown).contains(says), "{shown}");
    let cause = "leaks under rude, unread, send-then-reset, reset-in-queue, stampede, never-reads: a way out of the loop \
                 does not close (rule 4, chapters 9 and 11).";
    assert!(unwrapped(&shown).contains(cause), "{shown}");
}

#[test]
fn a_server_that_keeps_a_connection_for_a_while_leaks_nothing() {
    let Some((shown, status)) = on(&["--only", "rude,unread"], "leaking_server.py", &["lingers"]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("rude", "ok"), ("unread", "ok")], Some(0)), "{shown}");
}

#[test]
fn an_error_that_a_server_only_prints_is_a_remark_and_strict_counts_it() {
    let Some((shown, status)) = on(&["--only", "leaves"], "swallowing_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("leaves", "ok")], Some(0)), "{shown}");
    let typed = "$ cargo run -- check --only leaves -- python3 tests/peers/swallowing_server.py";
    let _settings = settings();
    assert_snapshot!("check-swallows-ebadf", format!("{typed}\n{shown}"));
    let shown = unwrapped(&shown);
    assert!(shown.contains("leaves ok it printed: oops [Errno 9] Bad file descriptor"), "{shown}");
    assert!(shown.contains("EBADF under leaves: something that was closed is still in a list"), "{shown}");
    let (shown, status) = on(&["--strict", "--only", "leaves"], "swallowing_server.py", &[]).unwrap();
    assert!(shown.ends_with("\n1 of 1 verdicts are ok; 1 remark that counts.\n"), "{shown}");
    assert_eq!(status, Some(1));
    let (json, _) = on(&["--json", "--only", "leaves"], "swallowing_server.py", &[]).unwrap();
    let keys =
        r#""printed":"oops [Errno 9] Bad file descriptor","printed_times":1,"thread_ended":"","cause":"something"#;
    assert!(json.contains(keys), "{json}");
}

#[test]
fn a_thread_that_ends_is_a_remark_with_the_error_that_ended_it() {
    let Some((shown, status)) = on(&["--only", "rude"], "dying_thread_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("rude", "ok")], Some(0)), "{shown}");
    assert!(unwrapped(&shown).contains("rude ok it printed: ConnectionResetError: [Errno 104]"), "{shown}");
    // Its traceback is more than a server would say of a client that was reset.
    let (_, status) = on(&["--strict", "--only", "rude"], "dying_thread_server.py", &[]).unwrap();
    assert_eq!(status, Some(1));
    let (shown, _) = on(&["--only", "leaves"], "dying_thread_server.py", &["pool"]).unwrap();
    assert!(unwrapped(&shown).contains("leaves ok a thread has ended: "), "{shown}");
}

#[test]
fn what_a_client_has_caused_and_a_server_logs_is_no_fault_even_where_it_is_strict() {
    let program = exe("14-epoll");
    let args = ["--strict", "--only", "rude", "--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"];
    let (shown, status, _) = check(&args);
    assert!(!shown.contains("it printed"), "{shown}");
    assert_eq!(status, Some(0), "{shown}");
    let (json, ..) = check(&[&["--json"], &args[1..]].concat());
    assert!(json.contains(r#""printed":"closing connection to 127.0.0.1:"#), "{json}");
}

cases!(a_server_that_sleeps_between_its_looks_is_waited_for: is_waited_for:
    alone => &[],
    beside_a_thread_that_waits_for_ever => &["beside"],
);

fn is_waited_for(args: &[&str]) {
    let Some((shown, status)) = on(&["--only", "stranger,leaves"], "polling_server.py", args) else { return };
    let expected = vec![("leaves", "ok"), ("stranger", "crossed")];
    assert_eq!((verdicts(&shown), status), (expected, Some(1)), "{shown}");
}

#[test]
fn a_server_that_goes_on_sending_is_said_to() {
    let Some((shown, status)) = on(&["--only", "polite"], "ticking_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok")], Some(0)), "{shown}");
}

cases!(a_reply_that_is_larger_than_all_buffers_is_read_to_its_end: is_read_to_its_end:
    of_300_kb => "300000",
    of_3_mb => "3000000",
    of_30_mb => "30000000",
);

fn is_read_to_its_end(bytes: &str) {
    let options = ["--preset", "http", "--only", "polite,leaves,half-close,unread,long-message"];
    let Some((shown, status)) = on(&options, "http_server.py", &[bytes]) else { return };
    assert!(verdicts(&shown).iter().all(|(_, verdict)| *verdict == "ok"), "{bytes}: {shown}");
    assert_eq!(status, Some(0), "{bytes}");
}

cases!(work_that_gets_on_or_that_is_owed_is_no_spinning: is_no_spinning:
    request_by_request => "slow",
    all_together => "batch",
);

fn is_no_spinning(kind: &str) {
    // Some thousand requests are more work than that. What one of them costs is measured first, as `check` does.
    let (protocol, spins) = (Preset::ALL[0].protocol(), Duration::from_millis(300));
    let terms = Terms { protocol, spins, ..Terms::default() };
    let Some(alone) = patient_report("http_server.py", &[kind], "polite", &terms) else { return };
    let terms = Terms { cost: alone.cost, reply_length: Some(alone.sent), ..terms };
    let report = patient_report("http_server.py", &[kind], "long-message", &terms).unwrap();
    assert_eq!(report.verdict.cell(), "ok", "{kind}: {}", report.verdict.sentence());
    assert!(report.cost > 2 * spins, "{:?} of work", report.cost);
}

#[test]
fn a_reply_that_the_kernel_holds_back_is_on_its_way() {
    let Some((shown, status)) = on(&["--only", "polite,long-message"], "corked_server.py", &[]) else { return };
    let expected = vec![("polite", "ok"), ("long-message", "ok")];
    assert_eq!((verdicts(&shown), status), (expected, Some(0)), "{shown}");
}

#[test]
fn a_message_that_was_taken_in_part_goes_on_where_it_stopped() {
    let options = ["--preset", "http", "--only", "never-reads"];
    let Some((shown, status)) = on(&options, "http_server.py", &["unbounded"]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("never-reads", "grows")], Some(1)), "{shown}");
}

#[test]
fn another_message_of_the_protocol_meets_another_part_of_the_server() {
    let options = ["--preset", "http", "--only", "leaves,rude"];
    let Some((shown, status)) = on(&options, "http_server.py", &["upgrade"]) else { return };
    assert_eq!(status, Some(0), "{shown}");
    let also = r"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: x\r\n\r\n";
    let (shown, status) = on(&[&options[..], &["--also", also]].concat(), "http_server.py", &["upgrade"]).unwrap();
    assert_eq!((verdicts(&shown)[0], status), (("leaves", "ok"), Some(1)), "{shown}");
    assert_eq!(verdicts(&shown)[1], ("rude", "exit status 1"), "{shown}");
    assert!(unwrapped(&shown).contains(&format!("The clients had sent \"{also}\".")), "{shown}");
}

#[test]
fn a_limit_that_a_crowd_shows_is_one_in_a_stampede() {
    if !room_for_a_crowd() {
        return;
    }
    let Some((shown, status)) = on(&["--only", "stampede,crowd"], "limited_server.py", &["32"]) else { return };
    assert_eq!(status, Some(0), "{shown}");
    let kinds: Vec<&str> = verdicts(&shown).into_iter().map(|(_, verdict)| verdict).collect();
    assert!(kinds.iter().all(|kind| *kind != "ok"), "{shown}");
}

#[test]
fn a_pool_of_two_is_told_how_many_silent_clients_show_it() {
    let Some((shown, status)) = on(&["--only", "urgent,stranger"], "pool_server.py", &["2"]) else { return };
    assert_eq!(status, Some(0), "{shown}");
    let says = "It serves 2 clients at a time: two-at-once shows it with --silent 2.";
    assert!(unwrapped(&shown).contains(says), "{shown}");
}

#[test]
fn without_a_polite_client_that_is_served_nothing_more_is_played() {
    let Some(server) = python("line_server.py") else { return };
    let (shown, status, errors) = check(&[&["--"], &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("polite", "no reply")], Some(2)), "{shown}");
    assert!(unwrapped(&errors).ends_with("With --preset line it answers."), "{errors}");
    let Some(server) = python("silent_server.py") else { return };
    let (_, status, errors) = check(&[&["--only", "rude", "--"], &server[..]].concat());
    assert_eq!(status, Some(2));
    assert!(unwrapped(&errors).contains("None of the presets is answered either"), "{errors}");
}

/// A report on a server of tests/peers that has as long as it likes for a reply: an hour.
fn patient_report(file: &str, args: &[&str], probe: &str, terms: &Terms) -> Option<Report> {
    let [program, file] = python(file)?;
    let port = FreePort::find().unwrap();
    let mut command = Command::new(program);
    command.arg(file).args(args);
    let target = Target { command, port: Port::Given(port.number), wait: Duration::from_secs(60), patience: HOUR };
    Some(target.report(probes::by_name(probe).unwrap(), terms))
}

const HOUR: Duration = Duration::from_secs(3600);

/// With an hour of patience, a test that ends has looked, and not waited.
#[test]
fn what_cannot_come_is_not_waited_for() {
    if Waits::default().of(&Processes::of(&[std::process::id()]).tasks).is_err() {
        return left_out("/proc/PID/syscall may not be read");
    }
    for (file, args, probe) in [("silent_server.py", &[][..], "polite"), ("pool_server.py", &["1"], "two-at-once")] {
        let Some(report) = patient_report(file, args, probe, &Terms::default()) else { return };
        assert_eq!(report.verdict.cell(), "no reply", "{file}");
    }
    let command = command("examples/naive-14-edge-triggered", &["--listen", "127.0.0.1:0"]);
    let target = Target { command, port: Port::Announced, wait: Duration::from_secs(60), patience: HOUR };
    let verdict = target.verdict(probes::by_name("long-message").unwrap(), &Terms::default(), &mut |_| {});
    assert_eq!(verdict.cell(), "left unread");
}

/// A thread that has slept through a message and its reply has nothing to do with either, and is not waited for again.
#[test]
fn that_others_serve_than_those_that_sleep_is_learnt_from_a_reply() {
    if Waits::default().of(&Processes::of(&[std::process::id()]).tasks).is_err() {
        return left_out("/proc/PID/syscall may not be read");
    }
    let Some(report) = patient_report("delegating_server.py", &[], "polite", &Terms::default()) else { return };
    assert_eq!((report.verdict.cell(), report.others_serve), ("ok".into(), true));
    let Some(report) = patient_report("polling_server.py", &[], "polite", &Terms::default()) else { return };
    assert_eq!((report.verdict.cell(), report.others_serve), ("ok".into(), false));
}

#[test]
fn a_server_that_an_alarm_will_wake_is_waited_for() {
    let Some((shown, status)) = on(&["--only", "polite"], "alarm_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok")], Some(0)), "{shown}");
}

/// A server that keeps the sockets of clients that have gone waits for nothing of theirs, unless the kernel asks for them.
#[test]
fn a_connection_that_is_over_wakes_nobody() {
    let Some([python, file]) = python("keeping_server.py") else { return };
    for (resets, args, expected) in [(true, &[][..], false), (false, &[], false), (false, &["keepalive"], true)] {
        let port = FreePort::find().unwrap();
        let mut server = Command::new(python);
        let server = server.arg(file).args(args).env("PORT", port.number.to_string()).stdin(Stdio::null());
        let mut server = server.stdout(Stdio::piped()).spawn().unwrap();
        let client = loop {
            match TcpStream::connect(("127.0.0.1", port.number)) {
                Ok(client) => break client,
                Err(_) => assert!(server.try_wait().unwrap().is_none(), "it has ended"),
            }
        };
        if resets {
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(client);
        let mut said = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), if resets { "reset" } else { "ended" });
        let (now, mut waits) = (|| Processes::of(&[server.id()]), Waits::default());
        let readable = waits.of(&now().tasks).is_ok();
        // It may still be on its way to where it waits for ever.
        let can_wake = loop {
            let can_wake = wakes::can_wake(&now(), &HashSet::new(), &mut waits);
            if !readable || idle::threads(&now()) == Threads::Asleep && !waits.some_run() {
                break can_wake;
            }
        };
        server.kill().unwrap();
        server.wait().unwrap();
        if !readable {
            return left_out("/proc/PID/syscall may not be read");
        }
        assert_eq!(can_wake, expected, "resets: {resets}, {args:?}");
    }
}

/// It wakes between the question whether it is idle and the one what it waits for, sooner or later.
#[test]
fn a_server_that_is_often_awake_is_waited_for() {
    let folder = tempdir();
    let script = folder.path().join("often.probe");
    fs::write(&script, format!("# often: be served, again and again\n{}", "alice is served\n".repeat(4))).unwrap();
    let Some((shown, status)) = on(&["--script", script.to_str().unwrap()], "often_awake_server.py", &[]) else {
        return;
    };
    assert_eq!((unwrapped(&shown).starts_with("often ok"), status), (true, Some(0)), "{shown}");
}

/// That its other threads wait for ever says nothing of one that runs.
#[test]
fn a_server_that_runs_is_not_one_that_cannot_wake() {
    let mut child = Command::new("sh");
    let child = child.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let can_wake = wakes::can_wake(&Processes::of(&[child.id()]), &HashSet::new(), &mut Waits::default());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(can_wake);
}

#[test]
fn a_wait_is_told_from_a_sleep() {
    for (program, argument, expected) in [("sleep", "600", Wait::Nap), ("cat", "-", Wait::Unlimited)] {
        let mut child = Command::new(program).arg(argument).stdin(Stdio::piped()).spawn().unwrap();
        let mut waits = Waits::default();
        let found = loop {
            match waits.of(&Processes::of(&[child.id()]).tasks) {
                Ok(threads) => match threads.first().map(|thread| (thread.wait(), thread.descriptors())) {
                    Some((wait @ Wait::Nap, _)) => break wait,
                    Some((wait, Some(descriptors))) if descriptors == [0] => break wait,
                    _ => {}
                },
                Err(error) => {
                    left_out(&format!("/proc/PID/syscall may not be read: {error}"));
                    break expected;
                }
            }
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, expected, "{program}");
    }
}
