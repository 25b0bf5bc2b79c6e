//! What the tests share: a program run as on a terminal, what is left running of it, and the snapshots' settings.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod descriptors;

/// A module of tests, one for each case: a failure names its case, and no case waits for another.
#[allow(unused_macros)]
macro_rules! cases {
    ($tests:ident: $run:ident: $($name:ident => $case:expr),+ $(,)?) => {
        mod $tests {
            use super::*;
            $(#[test]
            fn $name() {
                $run($case);
            })+
        }
    };
}

use std::collections::BTreeSet;
use std::env;
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::mem;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::os::unix::{self, fs::PermissionsExt};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, OnceLock};

use close_call::command::ladder::{self, Chapter};
use insta::internals::SettingsBindDropGuard;
use tempfile::{NamedTempFile, TempDir};

#[allow(unused_imports)]
pub use descriptors::{left_out, room_for_a_crowd};

/// The program of that name, as cargo has built it for the tests.
pub fn exe(name: &str) -> PathBuf {
    held().0.join(name)
}

/// The folder with all programs, and Python. What has to be run to find out is run before any test goes on: a program that is
/// started has copies of all that this process has open, and a connection that a test has closed meanwhile is not.
fn held() -> &'static (PathBuf, Option<PathBuf>) {
    static HELD: OnceLock<(PathBuf, Option<PathBuf>)> = OnceLock::new();
    HELD.get_or_init(|| {
        let folder = hold();
        let python = find_python(&folder.join("python"));
        (folder, python)
    })
}

/// Holds on to the programs as they are when the tests begin, and returns the folder: while the tests run, a reader may
/// change a chapter and run it, and cargo builds it where the tests' programs are.
fn hold() -> PathBuf {
    name_changed_chapters();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // One at a time. A folder is in use for as long as somebody has its lock, whose process may be one that we cannot see.
    let _turn = locked(&all.join("programs.lock"), libc::LOCK_EX).unwrap();
    for entry in fs::read_dir(all).unwrap().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with("programs-");
        if ours && locked(&entry.path().join("lock"), libc::LOCK_EX | libc::LOCK_NB).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let held = tempfile::Builder::new().prefix("programs-").tempdir_in(all).unwrap().keep();
    mem::forget(locked(&held.join("lock"), libc::LOCK_EX));
    // Examples and programs are beside each other; the environment variable of one says where.
    let built = Path::new(env!("CARGO_BIN_EXE_client")).parent().unwrap();
    for (from, to) in [(built.to_path_buf(), held.clone()), (built.join("examples"), held.join("examples"))] {
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from).into_iter().flatten().flatten().filter(|file| file.path().is_file()) {
            // A second name. What cargo builds later gets the first one, and is another file.
            fs::hard_link(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    held
}

/// The file, created if need be, with a lock that lasts until it is closed, by its process's end at the latest. flock(2).
fn locked(path: &Path, how: libc::c_int) -> io::Result<File> {
    let file = File::create(path)?;
    // SAFETY: a bare system call on a descriptor that is open.
    if unsafe { libc::flock(file.as_raw_fd(), how) } == 0 { Ok(file) } else { Err(io::Error::last_os_error()) }
}

/// Says which chapters are not as they were committed, now and before each failure.
fn name_changed_chapters() {
    let git = Command::new("git").args(["diff", "--name-only", "HEAD", "--", "chapters"]).output();
    let changed = git.ok().filter(|output| output.status.success()).map(|output| output.stdout).unwrap_or_default();
    let changed = String::from_utf8_lossy(&changed).lines().collect::<Vec<_>>().join(", ");
    if changed.is_empty() {
        return;
    }
    let words = format!("not as it was committed: {changed}; what is tested of it may fail for that");
    say(&words);
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |failure| {
        eprintln!("{words}");
        usual(failure);
    }));
}

/// The program of that name as a command, with what cargo has put into the environment taken out.
pub fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(exe(name));
    command.args(args).env_remove("CARGO").env_remove("RUST_BACKTRACE").env("TMPDIR", temporary());
    command
}

/// Python with a file of tests/peers, or nothing where there is no Python, which is then said.
pub fn python(file: &str) -> Option<[&'static str; 2]> {
    let python = python_program().and_then(Path::to_str);
    if python.is_none() {
        left_out("there is no python3 on this machine");
    }
    Some([python?, Box::leak(format!("tests/peers/{file}").into_boxed_str())])
}

/// The program itself.
pub fn python_program() -> Option<&'static Path> {
    held().1.as_deref()
}

/// Python itself, because `python3` may be the shim of a version manager, a script that takes longer than a probe; and in a
/// virtual environment in this folder, because what is installed beside it may want to be loaded at each start.
fn find_python(folder: &Path) -> Option<PathBuf> {
    let ask = "import sys; print(getattr(sys, '_base_executable', sys.executable))";
    let asked = Command::new("python3").args(["-c", ask]).output().ok()?;
    let python = PathBuf::from(str::from_utf8(&asked.stdout).ok()?.trim());
    let (home, ours) = (python.parent()?, folder.join("bin").join("python3"));
    fs::create_dir_all(folder.join("bin")).unwrap();
    unix::fs::symlink(&python, &ours).unwrap();
    let settings = format!("home = {}\ninclude-system-site-packages = false\n", home.display());
    fs::write(folder.join("pyvenv.cfg"), settings).unwrap();
    let runs = Command::new(&ours).args(["-c", "import socket"]).status().is_ok_and(|status| status.success());
    [ours, python].into_iter().nth(usize::from(!runs))
}

/// Where the tests write what they need for a while: where the system says, or, if there is no room, where else every user may.
/// It is not in the clone, which only its owner may be able to enter.
pub fn temporary() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let first = env::temp_dir();
        let others = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from);
        let mut all = [first.clone()].into_iter().chain(others);
        let found = all.find(|folder| free(folder).is_ok_and(|bytes| bytes >= NEEDED));
        let found = found.unwrap_or_else(|| panic!("no room for the tests in {}; TMPDIR says where", first.display()));
        if found != first {
            say(&format!("{} has no room: what the tests write is in {}", first.display(), found.display()));
        }
        found
    })
}

/// What the tests write at a time at most, in bytes: copies of a program, and what cargo builds.
const NEEDED: u64 = 200 << 20;

/// How many bytes may be written in a folder. statvfs(3).
fn free(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_encoded_bytes())?;
    // SAFETY: all of the struct's fields are numbers, which may be zero; the path is a string that ends, and both are ours.
    let (result, found) = unsafe {
        let mut found = mem::zeroed::<libc::statvfs>();
        (libc::statvfs(path.as_ptr(), &mut found), found)
    };
    if result == 0 { Ok(found.f_bavail * found.f_frsize) } else { Err(io::Error::last_os_error()) }
}

/// A folder that is there until the test is over.
pub fn tempdir() -> TempDir {
    TempDir::new_in(temporary()).unwrap()
}

/// A file that is there until the test is over.
pub fn tempfile() -> NamedTempFile {
    NamedTempFile::new_in(temporary()).unwrap()
}

/// The program of that name as nobody runs it, in place of root, who may do anything: in a folder that every user can
/// reach, because a clone may be in one that only its owner may enter. Another user runs it as it is. `None` where nobody
/// can run nothing, which is then said.
pub fn as_nobody(name: &str, args: &[&str]) -> Option<(TempDir, Command)> {
    let folder = tempdir();
    // SAFETY: a bare system call.
    if unsafe { libc::geteuid() } != 0 {
        return Some((folder, command(name, args)));
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = copied(&exe(name), folder.path());
    let nobody = |mut command: Command| {
        // The group comes first, while it may still be changed.
        command.gid(NOBODY).uid(NOBODY).current_dir(folder.path());
        command
    };
    let mut reaches = Command::new("test");
    reaches.arg("-x").arg(&copy);
    if !nobody(reaches).status().unwrap().success() {
        left_out(&format!("nobody can run no program in {}", folder.path().display()));
        return None;
    }
    let mut command = Command::new(copy);
    command.args(args).env_remove("CARGO").env_remove("RUST_BACKTRACE");
    let command = nobody(command);
    Some((folder, command))
}

/// The user and group who own nothing.
pub const NOBODY: u32 = 65534;

/// A copy of a program in a folder, made by another process: while this one has it open for writing, what another test
/// starts has it too, and a program that is open for writing cannot be run.
pub fn copied(program: &Path, folder: &Path) -> PathBuf {
    assert!(Command::new("cp").arg(program).arg(folder).status().unwrap().success(), "cp {}", program.display());
    folder.join(program.file_name().unwrap())
}

/// What a terminal would show of it, standard output and standard error in the order in which they came, and its status.
pub fn terminal(command: &mut Command) -> (String, ExitStatus) {
    run(command, true)
}

/// Its standard output alone, and its status.
pub fn output(command: &mut Command) -> (String, ExitStatus) {
    run(command, false)
}

fn run(command: &mut Command, with_errors: bool) -> (String, ExitStatus) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let errors = if with_errors { Stdio::from(writer.try_clone().unwrap()) } else { Stdio::null() };
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn().unwrap();
    // The command still holds the pipe's writing end, and the pipe has no end until all of them are closed.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut shown = String::new();
    reader.read_to_string(&mut shown).unwrap();
    (shown, child.wait().unwrap())
}

/// How often a test does again what has to come out the same every time: the variable CLOSE_CALL_TIMES, or five times. `.ci/run`
/// says fifty.
pub fn times() -> usize {
    env::var("CLOSE_CALL_TIMES").map_or(5, |times| times.parse().expect("CLOSE_CALL_TIMES is a number"))
}

/// Says what a slow test is doing, past libtest, which keeps to itself what a test prints.
pub fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "    ... {what}");
}

/// Whether the chapter was built. Where it was not, that is said, once.
pub fn built(chapter: &str) -> bool {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let built = ladder::by_name(chapter).is_none_or(Chapter::built);
    if !built && SAID.lock().unwrap().insert(chapter.to_string()) {
        left_out(&format!("{chapter} was not built; cargo test --all-features"));
    }
    built
}

/// Whether the chapter was built and can run here: what it needs may be forbidden. Where it can not, that is said, once.
pub fn runs(chapter: &str) -> bool {
    static SAID: Once = Once::new();
    #[cfg(feature = "io-uring")]
    let refused = (chapter == "18-completions").then(|| io_uring::IoUring::new(1).err()).flatten();
    #[cfg(not(feature = "io-uring"))]
    let refused: Option<std::io::Error> = None;
    if let Some(why) = &refused {
        SAID.call_once(|| left_out(&format!("{chapter}: io_uring_setup: {why}")));
    }
    built(chapter) && refused.is_none()
}

/// A value of the environment variable `CLOSE_CALL_TEST` that no other process has, by which what a test starts is found
/// again.
pub fn mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The command lines of the processes that carry the mark, in their environment or, where they have none, in their
/// arguments.
pub fn left_running(mark: &str) -> Vec<String> {
    let variable = format!("CLOSE_CALL_TEST={mark}");
    let has = |file: PathBuf, is_it: &dyn Fn(&[u8]) -> bool| {
        fs::read(file).unwrap_or_default().split(|&byte| byte == 0).any(is_it)
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        has(entry.path().join("environ"), &|entry| entry == variable.as_bytes())
            || has(entry.path().join("cmdline"), &|word| word == variable.as_bytes())
    });
    processes.map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
}

/// Snapshots named as they are asked for, in `tests/snapshots`, with nothing in front but where they come from.
pub fn settings() -> SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.bind_to_scope()
}

/// A chapter's server that listens until the test is over.
pub struct Listening {
    child: Child,
    /// Where it said that it listens.
    pub address: String,
    out: BufReader<ChildStdout>,
    /// Held open, so that the server can still write to it.
    _err: BufReader<ChildStderr>,
}

impl Listening {
    pub fn start(chapter: &str, args: &[&str]) -> Listening {
        let mut child = command(chapter, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").expect(&line).trim().to_string();
        Listening { child, address, out, _err: err }
    }

    /// What it prints on standard output, up to the line that contains `word`.
    pub fn hear(mut self, word: &str) -> String {
        let mut heard = String::new();
        while !heard.contains(word) {
            assert_ne!(self.out.read_line(&mut heard).unwrap(), 0, "{word:?} is not in {heard:?}");
        }
        heard
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
