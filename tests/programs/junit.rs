//! Where a report goes, and what becomes of it when it cannot be written or the check is interrupted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::{command, exe, left_running, mark, tempdir};

/// The arguments of a check that writes a report.
fn reporting(file: &Path) -> Vec<String> {
    let program = exe("14-epoll");
    let words = ["check", "--only", "polite", "--junit", file.to_str().unwrap(), "--", program.to_str().unwrap()];
    words.into_iter().chain(["--listen", "127.0.0.1:{port}"]).map(String::from).collect()
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let folder = tempdir();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for file in [Path::new("/dev/full"), Path::new("/dev/stdout"), &fifo, folder.path()] {
        // Standard output is a pipe.
        let output = command("close-call", &[]).args(reporting(file)).output().unwrap();
        let words = format!("{}: it is no regular file, and a report replaces what is in one\n", file.display());
        assert_eq!((String::from_utf8(output.stderr).unwrap(), output.status.code()), (words, Some(2)));
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_named_and_is_no_fault_of_the_servers() {
    let folder = tempdir();
    let file = folder.path().join("junit.xml");
    // No file may grow, and the signal that says so is ignored: the write fails instead. setrlimit(2), RLIMIT_FSIZE.
    let line = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", line, "sh"]).arg(exe("close-call")).args(reporting(&file)).output().unwrap();
    let words = format!("{}: File too large (os error 27)\n", file.display());
    assert_eq!((String::from_utf8(output.stderr).unwrap(), output.status.code()), (words, Some(2)));

    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command("close-call", &[]).args(reporting(&file)).stdout(full).output().unwrap();
    let words = "write: No space left on device (os error 28)\n";
    assert_eq!((String::from_utf8(output.stderr).unwrap().as_str(), output.status.code()), (words, Some(2)));
}

#[test]
fn the_last_report_is_none_of_a_check_that_was_interrupted() {
    let folder = tempdir();
    let file = folder.path().join("junit.xml");
    fs::write(&file, "the last one").unwrap();
    let refused = command("close-call", &["check", "--junit", file.to_str().unwrap(), "--nonsense"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), "the last one", "no check has begun");

    let mark = mark();
    let mut check = command("close-call", &["check", "--junit", file.to_str().unwrap(), "--", "sh", "-c"]);
    check.arg("exec sleep 600").env("CLOSE_CALL_TEST", &mark);
    check.stdout(Stdio::null()).stderr(Stdio::null());
    let mut check = check.spawn().unwrap();
    // Its own command line has that word too, and it may not have begun.
    while !left_running(&mark).iter().any(|line| line.starts_with("sleep")) {
        thread::sleep(Duration::from_millis(1));
    }
    check.kill().unwrap();
    check.wait().unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    while !left_running(&mark).is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
}
