//! `cargo run -- start`: a package of the reader's own, and nothing else is touched.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use insta::assert_snapshot;

use crate::common::{as_nobody, built, command, output, say, settings, tempdir, temporary, terminal};

/// What `start ARGS` writes on standard error, run in `folder`, and its status.
fn refused(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let output = command("close-call", &[&["start"], args].concat()).current_dir(folder).output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn start_creates_chapter_5_as_a_package_of_its_own() {
    let folder = tempdir();
    let folder = folder.path().join("my-server");
    let name = folder.to_str().unwrap();
    let (said, status) = terminal(&mut command("close-call", &["start", name]));
    assert!(status.success(), "{said}");
    let _settings = settings();
    assert_snapshot!("start", format!("$ cargo run -- start ../my-server\n{}", said.replace(name, "../my-server")));

    let code = |source: &str| source.lines().skip_while(|line| line.starts_with("//!")).map(String::from).collect();
    let [theirs, ours]: [Vec<String>; 2] = [folder.join("src/main.rs"), "chapters/05-log-before-close.rs".into()]
        .map(|file: PathBuf| code(&fs::read_to_string(file).unwrap()));
    assert_eq!(theirs, ours, "what is created is chapter 5, line by line");

    let again = refused(Path::new("."), &[name]);
    let words = format!("{name} exists and is not empty; start needs a folder that is empty or new\n");
    assert_eq!(again, (words, Some(1)));
}

/// A name that cargo would not take for a package, in a folder whose name a shell takes for two words.
#[test]
fn a_server_that_is_started_anywhere_can_be_built_and_checked() {
    let folder = tempdir();
    let server = folder.path().join("my servers").join("deps");
    let (said, status) = terminal(&mut command("close-call", &["start", server.to_str().unwrap()]));
    assert!(status.success(), "{said}");
    let quoted = format!("'{}'", server.display());
    assert_eq!(said.matches(&quoted).count(), 2, "{said}");

    let mut build = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    build.env("TMPDIR", temporary());
    build.args(["build", "--quiet", "--offline", "--manifest-path"]).arg(server.join("Cargo.toml"));
    // Shared, so that the library is built once for all runs of this test.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("started");
    assert!(build.arg("--target-dir").arg(&target).status().unwrap().success());
    let program = target.join("debug/my-deps");
    let check = ["check", "--only", "polite,impatient,rude", "--", program.to_str().unwrap(), "--listen"];
    let (shown, status) = output(&mut command("close-call", &[&check[..], &["127.0.0.1:{port}"]].concat()));
    let rows = shown.lines().filter(|line| !line.starts_with(' '));
    let verdicts: Vec<&str> = rows.filter_map(|line| line.split_whitespace().nth(1)).take(3).collect();
    assert_eq!((verdicts, status.code()), (vec!["ok", "EBADF", "ECONNRESET"], Some(1)), "{shown}");

    // By its folder: built where it says, which is where the clone is built, or here, and played as before.
    let config = server.join(".cargo/config.toml");
    fs::write(&config, format!("[build]\ntarget-dir = {:?}\n", target.display().to_string())).unwrap();
    let check = ["check", "--only", "polite,impatient,rude", server.to_str().unwrap()];
    let (here, status) = output(command("close-call", &check).env("CARGO_NET_OFFLINE", "true"));
    assert_eq!((here, status.code()), (shown, Some(1)));

    // The book shows nothing of it to compare with.
    let compared = Command::new(&program).arg("--compare").output().unwrap();
    let words = "the book does not show my-deps; --compare is for its chapters\n";
    assert_eq!((String::from_utf8(compared.stderr).unwrap().as_str(), compared.status.code()), (words, Some(2)));
}

/// The library comes with it.
#[test]
fn a_server_on_a_library_that_is_started_can_be_built_and_checked() {
    let folder = tempdir();
    for (chapter, feature) in [("15-mio", "mio"), ("16-tokio", "tokio")] {
        if !built(chapter) {
            let words = format!("{chapter} was not built: cargo run --features {feature} -- start DIR {chapter}\n");
            assert_eq!(refused(folder.path(), &["x", chapter]), (words, Some(2)));
            continue;
        }
        say(&format!("building a copy of {chapter}"));
        let server = folder.path().join(chapter);
        let (said, status) = terminal(&mut command("close-call", &["start", server.to_str().unwrap(), chapter]));
        assert!(status.success(), "{said}");
        let mut build = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        build.env("TMPDIR", temporary());
        build.args(["build", "--quiet", "--offline", "--manifest-path"]).arg(server.join("Cargo.toml"));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("started");
        assert!(build.arg("--target-dir").arg(&target).status().unwrap().success());
        let program = target.join(format!("debug/my-{chapter}"));
        let only = "polite,reset-in-queue,out-of-descriptors";
        let check = ["check", "--only", only, "--", program.to_str().unwrap(), "--listen", "127.0.0.1:{port}"];
        let (shown, status) = output(&mut command("close-call", &check));
        assert_eq!(status.code(), Some(0), "{shown}");
    }
}

#[test]
fn a_folder_that_cannot_be_checked_is_refused_with_what_cargo_says() {
    let folder = tempdir();
    let checked = |args: &[&str]| {
        let output = command("close-call", &[&["check"], args].concat()).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let name = folder.path().to_str().unwrap();
    let (said, status) = checked(&[name]);
    let words = format!("{name} has no Cargo.toml, as a folder of start has: check [OPTIONS] -- COMMAND [ARG ...]");
    assert!(said.starts_with(&words) && status == Some(2), "{said}");

    fs::write(folder.path().join("Cargo.toml"), "mine").unwrap();
    let (said, status) = checked(&[name, "--only", "polite"]);
    assert!(said.contains("error") && said.ends_with(&format!("{name}: cargo could not build it\n")), "{said}");
    assert_eq!(status, Some(2));
    // What is wrong with the options is said before anything is built.
    let (said, status) = checked(&[name, "--skip", "polit"]);
    assert!(said.contains("polit") && !said.contains("cargo could not"), "{said}");
    assert_eq!(status, Some(2));
    let (said, status) = checked(&[name, "--", "true"]);
    assert!(said.starts_with("check needs a folder or a command, and not both") && status == Some(2), "{said}");
}

/// It is built with what the clone has built, wherever that is.
#[test]
fn a_server_that_is_started_shares_the_folder_of_what_is_built() {
    let folder = tempdir();
    let server = folder.path().join("shares");
    let exe = crate::common::exe("close-call");
    assert!(terminal(&mut command("close-call", &["start", server.to_str().unwrap()])).1.success());
    let config = fs::read_to_string(server.join(".cargo/config.toml")).unwrap();
    let target = exe.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).unwrap();
    assert_eq!(config, format!("[build]\ntarget-dir = {:?}\n", target.to_str().unwrap()));
    let lock = |folder: &Path| fs::read_to_string(folder.join("Cargo.lock")).unwrap();
    assert_eq!(lock(&server), lock(Path::new(env!("CARGO_MANIFEST_DIR"))));
}

#[test]
fn nothing_is_overwritten_by_an_empty_name() {
    let folder = tempdir();
    fs::write(folder.path().join("Cargo.toml"), "mine").unwrap();
    let words = "start needs a folder, and takes a chapter after it: start DIR [CHAPTER]\n";
    assert_eq!(refused(folder.path(), &[""]), (words.to_string(), Some(2)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("Cargo.toml")).unwrap(), "mine");
}

#[test]
fn a_folder_that_can_be_written_and_not_listed_is_refused() {
    let folder = tempdir();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let hidden = folder.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    fs::write(hidden.join("Cargo.toml"), "mine").unwrap();
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o333)).unwrap();
    let Some((beside, mut start)) = as_nobody("close-call", &["start", hidden.to_str().unwrap()]) else { return };
    // What cargo has built it from: it was not installed.
    fs::write(beside.path().join("close-call.d"), "").unwrap();
    let output = start.output().unwrap();
    let words = format!("{}: opendir: Permission denied (os error 13)\n", hidden.display());
    assert_eq!((String::from_utf8(output.stderr).unwrap(), output.status.code()), (words, Some(1)));
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(fs::read_to_string(hidden.join("Cargo.toml")).unwrap(), "mine");
    assert_eq!(fs::read_dir(&hidden).unwrap().count(), 1);
}

#[test]
fn a_file_in_the_way_is_refused_and_kept() {
    let folder = tempdir();
    fs::write(folder.path().join("taken"), "mine").unwrap();
    let words = "taken: opendir: Not a directory (os error 20)\n";
    assert_eq!(refused(folder.path(), &["taken"]), (words.to_string(), Some(1)));
    assert_eq!(fs::read_to_string(folder.path().join("taken")).unwrap(), "mine");
}
