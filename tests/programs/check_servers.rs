//! `check` on servers as they are: that size themselves, change their user, log in floods, replace their workers, or have
//! little room in their queue.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::check::{check, verdicts};
use crate::common::{command, exe, left_out, python, room_for_a_crowd, say};
use close_call::probe::probes;
use close_call::probe::protocol::Terms;
use close_call::probe::server::port::{FreePort, Port};
use close_call::probe::target::{Afterwards, Target};

/// `check` with these options on a file of tests/peers and its arguments.
fn on(options: &[&str], file: &str, args: &[&str]) -> Option<(String, Option<i32>)> {
    let server = python(file)?;
    say(&format!("{file} {}", args.join(" ")));
    let (shown, status, errors) = check(&[options, &["--"], &server[..], args].concat());
    assert_eq!(errors, "", "{shown}");
    Some((shown, status))
}

const DESCRIPTORS: &[&str] = &["--only", "out-of-descriptors"];

#[test]
fn a_server_that_is_confused_by_a_limit_lowered_later_is_given_one_at_its_start() {
    let Some((shown, status)) = on(DESCRIPTORS, "sized_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("out-of-descriptors", "ok")], Some(0)), "{shown}");
    let words = "out-of-descriptors       ok            It had 64 descriptors from its start on.\n";
    assert!(shown.starts_with(words), "{shown}");
}

#[test]
fn so_is_one_whose_limit_may_not_be_lowered_later() {
    let Some([python, file]) = python("other_user_server.py") else { return };
    let (shown, status, errors) = check(&[DESCRIPTORS, &["--", python, file]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("out-of-descriptors", "ok")], Some(0)), "{shown}{errors}");
    let capabilities = fs::read_to_string("/proc/self/status").unwrap();
    let effective = capabilities.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let effective = u64::from_str_radix(effective.trim(), 16).unwrap();
    // By their numbers: CAP_SETUID, CAP_SYS_PTRACE and CAP_SYS_RESOURCE. Root in a container has the first alone.
    let [setuid, ptrace, resource] = [7, 19, 24].map(|number| effective & 1 << number != 0);
    let blind = setuid && !ptrace;
    assert_eq!(errors.starts_with("/proc/PID/syscall: "), blind, "{errors}");
    assert_eq!(errors.lines().count(), usize::from(blind), "{errors}");
    // Root may where it has CAP_SYS_RESOURCE; another user never changes his user.
    if !setuid || resource {
        return left_out("on this machine the limit may be lowered");
    }
    assert!(shown.contains("It had 64 descriptors from its start on."), "{shown}");
}

#[test]
fn a_server_may_have_any_name() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    // The kernel cuts a name at 15 bytes, here in the middle of a letter; and a name may hold what else a line of stat has.
    for name in ["серверчат", "a) R 1 (b"] {
        let code =
            format!("import ctypes\nctypes.CDLL(None).prctl(15, {name:?}.encode())\nexec(open({file:?}).read())");
        let (shown, status, _) = check(&["--only", "polite,impatient", "--", python, "-c", &code]);
        assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("impatient", "ok")], Some(0)), "{shown}");
    }
}

#[test]
fn what_a_flooding_server_has_written_is_said_and_not_kept() {
    let Some((shown, status)) = on(DESCRIPTORS, "flooding_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("out-of-descriptors", "spins")], Some(1)), "{shown}");
    // It stops being read once it is certain that it floods.
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let megabytes = words.split_once("It wrote ").and_then(|(_, rest)| rest.split_once(" MB meanwhile."));
    let megabytes: u64 = megabytes.expect(&shown).0.parse().unwrap();
    assert!((1..200).contains(&megabytes), "{shown}");
}

#[test]
fn a_server_that_prints_what_it_is_sent_floods_nothing() {
    let Some((shown, _)) = on(&["--only", "never-reads"], "select_server.py", &[]) else { return };
    assert!(!shown.contains("meanwhile"), "{shown}");
}

#[test]
fn a_worker_that_was_replaced_is_named() {
    let Some((shown, status)) = on(&["--only", "polite,rude"], "preforking_server.py", &[]) else { return };
    let expected = vec![("polite", "ok"), ("rude", "worker died")];
    assert_eq!((verdicts(&shown), status), (expected, Some(1)), "{shown}");
    assert!(shown.contains("\n    ConnectionResetError: [Errno 104] Connection reset by peer\n"), "{shown}");

    let Some((shown, _)) = on(&["--only", "rude", "--json"], "preforking_server.py", &[]) else { return };
    let why = r#""why":"a worker has ended: python3. The server still runs and has started another.""#;
    assert!(shown.contains(why), "{shown}");
}

#[test]
fn a_short_queue_is_waited_for() {
    if !room_for_a_crowd() {
        return;
    }
    let only = "polite,two-at-once,urgent,stranger,stampede,crowd";
    let Some((shown, _)) = on(&["--only", only, "--hammer", "300"], "pool_server.py", &["400"]) else { return };
    let refused: Vec<_> =
        verdicts(&shown).into_iter().filter(|(name, cell)| *name != "crowd" && *cell != "ok").collect();
    assert_eq!(refused, [], "{shown}");
    assert!(shown.contains("Not in 300 clients."), "{shown}");
}

#[test]
fn as_many_silent_clients_as_there_are_threads_block_a_pool() {
    for (silent, expected) in [("7", ("two-at-once", "ok")), ("8", ("two-at-once", "no reply"))] {
        let options = ["--only", "two-at-once", "--silent", silent];
        let Some((shown, status)) = on(&options, "pool_server.py", &["8"]) else { return };
        assert_eq!((verdicts(&shown), status), (vec![expected], Some(0)), "a choice: {shown}");
    }
}

#[test]
fn a_client_that_is_turned_away_may_be_told_why() {
    if !room_for_a_crowd() {
        return;
    }
    let Some((shown, status)) = on(&["--only", "polite,crowd"], "maintained_server.py", &[]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("crowd", "turned away")], Some(0)), "{shown}");
    assert!(shown.contains("choice: it serves so many clients at a time, and no more."), "{shown}");
}

#[test]
fn a_terminal_is_shown_what_is_being_played_and_for_how_long() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    // It takes its time until it listens. script(1) gives it a terminal.
    let server = format!("sh -c 'sleep 3; exec {python} {file}'");
    let line = format!("{} check --only polite -- {server}", exe("close-call").display());
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let Ok(mut child) = script.spawn() else {
        return left_out("there is no script(1) on this machine");
    };
    let mut shown = String::new();
    child.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
    child.wait().unwrap();
    let drawn = shown.split('\r').filter_map(|part| part.strip_prefix("\x1b[K0 of 1 ... polite ")?.strip_suffix(" s"));
    let seconds: Vec<u32> = drawn.map(|seconds| seconds.parse().unwrap()).collect();
    // How often it is drawn depends on how busy the machine is.
    assert!(seconds.is_sorted() && seconds.first() < seconds.last(), "{shown:?}");
    assert!(shown.contains("\x1b[Kpolite "), "{shown:?}");
}

#[test]
fn a_probe_that_takes_too_long_is_given_up() {
    let Some([python, file]) = python("silent_server.py") else { return };
    let report = |bound| {
        let port = FreePort::find().unwrap();
        let mut command = Command::new(python);
        command.arg(file);
        let (second, port) = (Duration::from_secs(1), Port::Given(port.number));
        let target = Target { command, port, wait: 10 * second, patience: second };
        let report = target.report(probes::by_name("polite").unwrap(), &Terms { bound, ..Terms::default() });
        report.verdict.sentence()
    };
    assert_eq!(report(Some(Duration::ZERO)), "the server was still at work after 0 s.");
    assert_eq!(report(Some(Duration::from_secs(60))), report(None));
}

/// A play of which only the verdict counts ends with it.
#[test]
fn where_the_verdict_alone_counts_nobody_comes_afterwards() {
    for (verdict_only, afterwards) in [(false, Afterwards::Serves), (true, Afterwards::NotAsked)] {
        let command = command("06-skip-the-dead", &["--listen", "127.0.0.1:0"]);
        let (port, wait, patience) = (Port::Announced, Duration::from_secs(60), Duration::ZERO);
        let target = Target { command, port, wait, patience };
        let report = target.report(probes::by_name("half-close").unwrap(), &Terms { verdict_only, ..Terms::default() });
        assert_eq!((&report.verdict.cell()[..], report.afterwards), ("reply lost", afterwards));
    }
}
