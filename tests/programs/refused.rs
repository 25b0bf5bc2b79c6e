//! What `check` refuses before it has begun, in one line, and where it can do its part although the machine allows little.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::check::{check, verdicts};
use crate::common::{command, exe, left_out, left_running, mark, python, tempdir, tempfile};

/// A chapter's server, as the command of a check.
fn chapter() -> [String; 3] {
    [exe("14-epoll").to_str().unwrap().into(), "--listen".into(), "127.0.0.1:{port}".into()]
}

/// `check OPTIONS -- CHAPTER` under a program that changes the world around it; `None` where that program cannot do so,
/// which is then said.
fn under(wrapper: &[&str], options: &[&str]) -> Option<(String, Option<i32>, String)> {
    let (program, args) = wrapper.split_first().unwrap();
    if !Command::new(program).args(args).arg("true").output().is_ok_and(|tried| tried.status.success()) {
        left_out(&format!("{} cannot be had here", wrapper.join(" ")));
        return None;
    }
    let mark = mark();
    let mut command = Command::new(program);
    command.args(args).arg(exe("close-call")).arg("check").args(options).arg("--").args(chapter());
    let output = command.env("CLOSE_CALL_TEST", &mark).stdin(Stdio::null()).output().unwrap();
    assert_eq!(left_running(&mark), Vec::<String>::new(), "{wrapper:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some((text(output.stdout), output.status.code(), text(output.stderr)))
}

#[test]
fn a_listener_that_was_not_started_here_is_refused() {
    let Some([python, file]) = python("asyncio_server.py") else { return };
    let folder = tempdir();
    let port = folder.path().join("port");
    // What a supervisor or a container does: it is told the port, and its server is nobody's child here.
    let elsewhere = thread::spawn({
        let port = port.clone();
        move || {
            while !port.exists() {
                thread::sleep(Duration::from_millis(1));
            }
            let mut server = Command::new(python);
            server.arg(file).env("PORT", fs::read_to_string(&port).unwrap().trim()).spawn().unwrap()
        }
    });
    let line = "echo $PORT >$1.new && mv $1.new $1 && exec sleep 600";
    let (shown, status, errors) = check(&["--only", "polite", "--", "sh", "-c", line, "sh", port.to_str().unwrap()]);
    let mut server = elsewhere.join().unwrap();
    assert!(server.try_wait().unwrap().is_none(), "it is left alone");
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((shown.as_str(), status, errors.lines().count()), ("", Some(2), 1), "{errors}");
    let number = fs::read_to_string(&port).unwrap();
    let words = format!("something else listens on port {}: process {}, ", number.trim(), server.id());
    assert!(errors.contains(&words), "{errors}");
    let why = "; what is not started here can be neither stopped nor ended (check a container from inside)\n";
    assert!(errors.ends_with(why), "{errors}");
}

#[test]
fn the_processes_of_another_namespace_are_not_taken_for_ours() {
    let Some((shown, status, errors)) = under(&["unshare", "-pf"], &["--only", "polite"]) else { return };
    let why = ": it could not be started: /proc shows the processes of another PID namespace; \
               mount this one's there, as unshare --mount-proc does\n";
    assert_eq!((shown.as_str(), status), ("", Some(2)), "{errors}");
    assert_eq!(errors, format!("{}{why}", chapter().join(" ")));

    let Some((shown, status, _)) = under(&["unshare", "-pf", "--mount-proc"], &["--only", "polite"]) else { return };
    assert_eq!((verdicts(&shown), status), (vec![("polite", "ok")], Some(0)));
}

/// strace(1), which has this system call fail in all that it starts.
fn failing(call: &str, error: &str, log: &str) -> Vec<String> {
    let words = format!("strace -f -qq -o {log} -e trace={call} -e inject={call}:error={error}");
    words.split(' ').map(String::from).collect()
}

#[test]
fn without_close_range_a_check_does_what_it_does_with_it() {
    for error in ["ENOSYS", "EPERM"] {
        let log = tempfile();
        let strace = failing("close_range", error, log.path().to_str().unwrap());
        let strace: Vec<&str> = strace.iter().map(|word| &word[..]).collect();
        let Some((shown, status, errors)) = under(&strace, &["--only", "polite,impatient"]) else { return };
        assert_eq!((verdicts(&shown), status), (vec![("polite", "ok"), ("impatient", "ok")], Some(0)), "{errors}");
        let failed = fs::read_to_string(log.path()).unwrap().lines().filter(|line| line.contains("INJECTED")).count();
        assert!(failed >= 6, "each of guard, keeper and server asks for it: {failed}");
    }
}

#[test]
fn a_descriptor_that_was_left_open_to_us_is_not_the_servers_even_without_close_range() {
    let Some([python, _]) = python("") else { return };
    let log = tempfile();
    let code = "import os, sys; sys.exit(' '.join(sorted(os.listdir('/proc/self/fd'))))";
    for wrapper in [vec![], failing("close_range", "ENOSYS", log.path().to_str().unwrap())] {
        let line = format!("exec 7</dev/null; exec {} \"$@\"", wrapper.join(" "));
        let mut shell = Command::new("sh");
        shell.args(["-c", &line, "sh"]).arg(exe("close-call")).args(["check", "--", python, "-c", code]);
        let Ok(output) = shell.output() else { return };
        let errors = String::from_utf8(output.stderr).unwrap();
        if output.status.code() != Some(2) {
            return left_out("strace cannot be had here");
        }
        assert!(errors.starts_with("    0 1 2 3\n"), "3 is the listing's own: {errors}");
    }
}

#[test]
fn where_no_thread_can_be_started_the_probes_are_played_one_after_another() {
    let log = tempfile();
    // A thread is made by clone3(2), a process by clone(2).
    let strace = failing("clone3", "EAGAIN", log.path().to_str().unwrap());
    let strace: Vec<&str> = strace.iter().map(|word| &word[..]).collect();
    let options = ["--only", "polite,leaves,impatient,hammer"];
    let Some((shown, status, errors)) = under(&strace, &options) else { return };
    let expected = vec![("polite", "ok"), ("leaves", "ok"), ("impatient", "ok"), ("hammer", "failed")];
    assert_eq!((verdicts(&shown), status, errors.as_str()), (expected, Some(2), ""), "{shown}");
    assert!(shown.contains("no thread for a client: Resource temporarily"), "{shown}");

    // On a terminal, which script(1) gives it, a thread more is wanted, for the line that says what is played.
    let line = format!(
        "{} {} check --only polite,leaves -- {}",
        strace.join(" "),
        exe("close-call").display(),
        chapter().join(" ")
    );
    let Ok(output) = Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output() else {
        return left_out("there is no script(1) on this machine");
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.ends_with("2 of 2 verdicts are ok.\r\n"), "{shown}");
}

#[test]
fn the_largest_number_of_clients_ends_with_the_server() {
    let Some(server) = python("worn_out_server.py") else { return };
    let largest = usize::MAX.to_string();
    let options = ["--only", "hammer", "--hammer", &largest, "--"];
    let (shown, status, _) = check(&[&options, &server[..]].concat());
    assert_eq!((verdicts(&shown), status), (vec![("hammer", "EBADF")], Some(1)), "{shown}");
}

#[test]
fn a_word_that_is_no_verdict_is_not_known() {
    let list = tempfile();
    fs::write(list.path(), "\u{feff}rude ECONRESET\n").unwrap();
    let output = command("close-call", &["check", "--known", list.path().to_str().unwrap(), "--", "true"]).output();
    let output = output.unwrap();
    let words = "line 1: no probe has the verdict \"ECONRESET\"; a line is PROBE VERDICT";
    let expected = format!("{}: {words}\n", list.path().display());
    assert_eq!((String::from_utf8(output.stderr).unwrap(), output.status.code()), (expected, Some(2)));
}
