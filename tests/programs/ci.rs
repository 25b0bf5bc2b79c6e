//! `close-call` installed, where there is no clone: what it says there, and the workflow and the loop of the page "In your
//! CI", as the page has them.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use crate::common::{exe, left_out, python, python_program, room_for_a_crowd, settings, tempdir};
use insta::assert_snapshot;
use tempfile::TempDir;

/// A folder of someone else's, and in its folder `bin` the program, as `cargo install` would put it.
fn elsewhere() -> TempDir {
    let folder = tempdir();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    // By another process: a program that is open for writing in this one cannot be started by any.
    assert!(Command::new("cp").arg(exe("close-call")).arg(bin).status().unwrap().success());
    folder
}

/// What `sh` makes of a line or a script in that folder.
fn sh(folder: &Path, script: &str) -> Output {
    let python = python_program().and_then(Path::parent).unwrap_or(Path::new("/"));
    let path = format!("{}:{}:{}", folder.join("bin").display(), python.display(), env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-ec", script]).current_dir(folder).env("PATH", path).env_remove("CARGO").stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file of tests/peers as a server of someone else's.
fn copy(peer: &str, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(Path::new("tests/peers").join(peer), to).unwrap();
}

/// Whether the scripts can run here: they need Python and what they name.
fn can_run(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| Command::new(program).arg("--version").output().is_err());
    if let Some(program) = missing {
        left_out(&format!("there is no {program} on this machine"));
    }
    missing.is_none() && python("").is_some()
}

#[test]
fn an_installed_program_says_what_it_can_do_without_the_chapters() {
    let folder = elsewhere();
    let output = sh(folder.path(), "close-call");
    let _settings = settings();
    assert_snapshot!("installed", format!("$ close-call\n{}", text(&output.stdout)));
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &[][..]));

    // What it tells the reader to type, the reader can type there: nothing of cargo but what is in a clone.
    for line in ["close-call list", "close-call --help", "close-call check --help"] {
        let output = sh(folder.path(), line);
        let shown = text(&output.stdout);
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &[][..]), "{line}");
        assert!(!shown.contains("cargo run") && !shown.contains("01-blocking-server"), "{line}: {shown}");
        assert!(shown.contains("close-call check"), "{line}: {shown}");
    }
    let output = sh(folder.path(), "close-call start my-server");
    assert_eq!((output.status.code(), text(&output.stderr).lines().count()), (Some(1), 1));
    assert!(!folder.path().join("my-server").exists());
}

#[test]
fn the_workflow_of_the_page_does_as_the_page_says() {
    if !room_for_a_crowd() {
        return;
    }
    if !can_run(&["jq"]) {
        return;
    }
    let folder = elsewhere();
    let (server, list) = (folder.path().join("server.py"), folder.path().join("known.txt"));
    let workflow = fs::read_to_string("book/ci/close-call.yml").unwrap();
    let check = workflow.lines().find_map(|line| line.trim().strip_prefix("- run: ")).unwrap();

    copy("select_server.py", &server);
    fs::write(&list, "").unwrap();
    let output = sh(folder.path(), check);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(fs::read_to_string(folder.path().join("junit.xml")).unwrap().contains("<failure "));

    let known = fs::read_to_string("book/ci/known.sh").unwrap();
    sh(folder.path(), &known);
    assert_eq!(fs::read_to_string(&list).unwrap(), "out-of-descriptors EMFILE\ncrowd ValueError\n");
    let output = sh(folder.path(), check);
    assert_eq!(output.status.code(), Some(0), "as known: {}", text(&output.stdout));

    copy("selectors_server.py", &server);
    let output = sh(folder.path(), check);
    assert_eq!(output.status.code(), Some(1), "better than known: {}", text(&output.stdout));
    fs::write(&list, "# nothing\n").unwrap();
    let output = sh(folder.path(), check);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_class_is_checked_in_one_loop() {
    if !room_for_a_crowd() {
        return;
    }
    if !can_run(&["jq", "column"]) {
        return;
    }
    let folder = elsewhere();
    for (name, peer) in [
        ("alice", "selectors_server.py"),
        ("bob", "story_server.py"),
        ("carol", "select_server.py"),
        ("dave", "story_client.py"),
        ("erin", "hoarding_server.py"),
    ] {
        copy(peer, &folder.path().join("servers").join(name).join("server.py"));
    }
    let script = fs::read_to_string("book/ci/class.sh").unwrap();
    let output = sh(folder.path(), &script);
    let _settings = settings();
    assert_snapshot!("ci-class", format!("$ sh class.sh\n{}", text(&output.stdout)));
    assert!(text(&output.stderr).contains("servers/dave/server.py: it ended before it listened"));
}
