//! Whatever a server does, nothing is left of it when its check is over or is ended, and no other process is touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::check::{check, verdicts};
use crate::common::{as_nobody, command, copied, left_out, left_running, mark, python, say, tempdir};

const GENEROUS: Duration = Duration::from_secs(60);

/// Returns when `is_it` is so; fails with `what` if that takes a minute.
fn until(what: &str, is_it: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_it() {
        assert!(begun.elapsed() < GENEROUS, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A check that has been started on a shell's command, which the mark names, and has started it.
fn started(shell: &str, mark: &str) -> Child {
    let mut check = command("close-call", &["check", "--", "sh", "-c", shell]);
    check.env("CLOSE_CALL_TEST", mark).stdout(Stdio::null()).stderr(Stdio::null());
    default_signals(&mut check);
    check.spawn().unwrap()
}

/// A shell starts what it puts into the background with SIGINT and SIGQUIT ignored, and what is ignored stays so in all
/// that comes of it, `cargo test &` for instance.
fn default_signals(command: &mut Command) {
    let reset = || {
        for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
            // SAFETY: a bare system call, which is async-signal-safe.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; `signal` is one.
    unsafe { command.pre_exec(reset) };
}

/// Three processes: a child of a child, one that has left the session, and one that has left the session and whose
/// environment is empty, so that only its arguments carry the mark.
fn three(mark: &str) -> String {
    format!(
        "setsid sleep 600 & \
         setsid env -i sh -c 'sleep 600; :' sh CLOSE_CALL_TEST={mark} & \
         sh -c 'sleep 600; :' & wait"
    )
}

#[test]
fn whatever_ends_a_check_ends_all_that_it_has_started() {
    for signal in [
        libc::SIGINT,
        libc::SIGTERM,
        libc::SIGQUIT,
        libc::SIGHUP,
        libc::SIGUSR1,
        libc::SIGALRM,
        libc::SIGPIPE,
        libc::SIGKILL,
    ] {
        let mark = mark();
        let mut check = started(&three(&mark), &mark);
        // By how their lines begin: those of the check and of its keeper have the same words further on.
        let all_three = || {
            let lines = left_running(&mark);
            let begins = |words: &str| lines.iter().filter(|line| line.starts_with(words)).count();
            begins("sleep\0") == 2 && begins("sh\0-c\0sleep 600; :\0sh\0CLOSE_CALL_TEST=") == 1
        };
        until("all three are started", all_three);
        // SAFETY: a bare system call on a child that is not yet waited for.
        unsafe { libc::kill(i32::try_from(check.id()).unwrap(), signal) };
        assert_eq!(check.wait().unwrap().signal(), Some(signal), "signal {signal} is what it does by default");
        until("all of it is gone", || left_running(&mark).is_empty());
    }
}

#[test]
fn a_check_that_is_over_leaves_neither_session_nor_an_empty_environment_behind() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    let mark = mark();
    let shell = format!("setsid env -i sh -c 'sleep 600; :' sh CLOSE_CALL_TEST={mark} & exec {python} {file}");
    let (shown, status, _) = check(&["--only", "polite,impatient", "--", "sh", "-c", &shell]);
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("impatient", "ok")], Some(0)));
    assert_eq!(left_running(&mark), Vec::<String>::new());
}

#[test]
fn a_server_whose_parent_has_ended_is_stopped_like_any_other() {
    let Some([python, file]) = python("story_server_swapped.py") else { return };
    // The inner shell ends at once, and leaves the server behind. To have several events in one pass, it must be found.
    let shell = format!("({python} {file} &); sleep 600");
    let (shown, status, _) = check(&["--only", "polite,impatient,urgent-then-close", "--", "sh", "-c", &shell]);
    // It dies, as it does when it is started directly; the shell in front of it lives, so bob is refused.
    let expected = vec![("polite", "ok"), ("impatient", "refused"), ("urgent-then-close", "refused")];
    assert_eq!((verdicts(&shown), status), (expected, Some(1)), "{shown}");
}

#[test]
fn a_server_that_has_left_the_group_is_stopped_and_ended_too() {
    let Some([python, file]) = python("story_server_swapped.py") else { return };
    let (shown, status, _) = check(&["--only", "polite,urgent-then-close", "--", "setsid", "--wait", python, file]);
    let expected = vec![("polite", "ok"), ("urgent-then-close", "EBADF")];
    assert_eq!((verdicts(&shown), status), (expected, Some(1)), "{shown}");
}

#[test]
fn a_server_that_ends_its_keeper_is_ended_all_the_same() {
    let Some(server) = python("ends_its_parent_server.py") else { return };
    // `check` sees to it that nothing is left.
    let (shown, status, _) = check(&[&["--only", "polite,leaves", "--"], &server[..]].concat());
    // Polite could not do its part, and nothing is played without it.
    assert_eq!((verdicts(&shown), status), (vec![("polite", "failed")], Some(2)), "{shown}");
    let words = "the keeper has ended (signal 9), which adopts what loses its parent";
    assert!(shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{shown}");
}

#[test]
fn a_keeper_that_was_stopped_ends_what_it_keeps() {
    let mark = mark();
    let mut check = started("kill -STOP $PPID; exec sleep 600", &mark);
    until("it is started", || left_running(&mark).iter().any(|line| line.starts_with("sleep")));
    check.kill().unwrap();
    check.wait().unwrap();
    until("all of it is gone", || left_running(&mark).is_empty());
}

#[test]
fn a_process_of_another_is_not_touched_whatever_its_environment_says() {
    let mark = mark();
    let mut check = started("sleep 600", &mark);
    until("it is started", || left_running(&mark).iter().any(|line| line.starts_with("sleep\0")));
    let mut sleep = Command::new("sleep");
    sleep.arg("600").env("CLOSE_CALL", format!("{}-0", check.id()));
    let mut bystander = sleep.spawn().unwrap();
    // SAFETY: a bare system call on a child that is not yet waited for.
    unsafe { libc::kill(i32::try_from(check.id()).unwrap(), libc::SIGTERM) };
    check.wait().unwrap();
    until("all of it is gone", || left_running(&mark).is_empty());
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander still runs");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

/// A copy of Python that becomes root, whoever starts it. `None` where this is not run by root.
fn python_of_root(folder: &Path) -> Option<PathBuf> {
    // SAFETY: a bare system call.
    if unsafe { libc::geteuid() } != 0 {
        left_out("only root can make a program that others may not signal");
        return None;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let found = Command::new("python3").args(["-c", "import sys; print(sys._base_executable)"]).output().ok()?;
    let copy = copied(Path::new(String::from_utf8(found.stdout).unwrap().trim()), folder);
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o4755)).unwrap();
    let as_nobody = Command::new(&copy).args(["-c", "import os; os.setuid(0)"]).uid(65534).status();
    if !as_nobody.is_ok_and(|status| status.success()) {
        left_out("no program may become root here");
        return None;
    }
    Some(copy)
}

#[test]
fn a_process_that_may_not_be_signalled_is_named_and_not_waited_for() {
    let folder = tempdir();
    let Some(python) = python_of_root(folder.path()) else { return };
    say("a server that check may not end");
    let server = fs::read_to_string("tests/peers/asyncio_server.py").unwrap();
    let mark = mark();
    let code = format!("import os\nos.setresuid(0, 0, 0)\n{server}");
    let only = ["check", "--only", "polite,impatient", "--"];
    let Some((_folder, mut check)) = as_nobody("close-call", &only) else { return };
    check.arg(python).args(["-c", &code, &format!("CLOSE_CALL_TEST={mark}")]);
    let output = check.output().unwrap();
    let (shown, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let left = left_running(&mark);
    // This test may: what check could not end, it does.
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
        if words.split(|&byte| byte == 0).any(|word| word == format!("CLOSE_CALL_TEST={mark}").as_bytes()) {
            let pid: i32 = process.file_name().to_str().unwrap().parse().unwrap();
            // SAFETY: a bare system call on a process that carries this test's mark.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }
    assert_eq!(verdicts(&shown), [("polite", "ok"), ("impatient", "failed")], "{shown}{errors}");
    assert!(shown.contains("kill: Operation not permitted (os error 1)"), "{shown}");
    assert_eq!(left.len(), 2, "one for each probe: {left:?}");
    let said = errors.lines().filter(|line| line.ends_with("could not be ended, and still runs")).count();
    assert_eq!((said, output.status.code()), (2, Some(2)), "{errors}");
}

#[test]
fn where_it_cannot_be_seen_that_a_server_naps_that_is_said_once() {
    let Some([_, file]) = python("asyncio_server.py") else { return };
    let code = fs::read_to_string(file).unwrap();
    // PR_SET_DUMPABLE 0: only root may look into such a process.
    let code = format!("import ctypes\nctypes.CDLL(None).prctl(4, 0)\n{code}");
    let args = ["check", "--only", "polite", "--", "python3", "-c", &code];
    // The python3 that nobody finds, which need not be root's.
    let Some((_folder, mut check)) = as_nobody("close-call", &args) else { return };
    let output = check.output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let words =
        "/proc/PID/syscall: Permission denied (os error 13): a server that sleeps for a time is taken for idle\n";
    assert_eq!(
        (verdicts(&shown), String::from_utf8(output.stderr).unwrap()),
        (vec![("polite", "ok")], words.to_string())
    );
}
