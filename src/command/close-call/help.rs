//! What `close-call` can do, where it is: in a clone, with the chapters beside it, or installed, without them.

use std::env;
use std::path::PathBuf;

use crate::probe::presets::Preset;

/// Whether this program was installed, without the chapters. Beside what it builds, wherever that is, cargo writes a file
/// with what it was built from, `close-call.d`; beside what it installs it does not.
pub fn installed() -> bool {
    let built = |exe: PathBuf| exe.with_extension("d").exists() || exe.with_file_name("04-use-after-close").exists();
    env::current_exe().is_ok_and(|exe| !built(exe))
}

/// What is typed to start it: `close-call`, or `cargo run --`.
pub fn called() -> &'static str {
    if installed() { "close-call" } else { "cargo run --" }
}

/// All that it can do.
pub fn help() -> String {
    let presets: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
    let options = OPTIONS.replace("PRESETS", &presets.join(", "));
    if installed() { format!("{INSTALLED}\n{options}{BOOK}") } else { format!("{CLONE}\n{options}{BUILDS}") }
}

/// What an installed program says when it is called without arguments.
pub fn greeting() -> String {
    format!("{INSTALLED}  close-call --help       the options of check\n{BOOK}")
}

const CLONE: &str = "\
close-call: a use-after-close bug, reproduced, understood, and cured.

cargo run                          the bug, its usual fix, and what that missed
cargo run -- list                  the chapters, the probes, the presets, the grades
cargo run -- list --script NAME    what a probe's clients do, in words
cargo run -- start DIR [CHAPTER]   creates a server of your own, a chapter's copy
cargo run -- check DIR             builds it, and plays every probe to it
cargo run -- check -- COMMAND [ARG ...]
                                   your own server, in any language, under every probe
";

const INSTALLED: &str = "\
close-call: your server under clients that leave, reset, half-close and never read.

  close-call check -- COMMAND [ARG ...]
                          your server, in any language, under every probe
  close-call list         the probes, the presets, the grades
  close-call list --script NAME
                          what a probe's clients do, in words
";

const OPTIONS: &str = "\
check starts COMMAND afresh for each probe. {port} in its arguments is replaced by the
port on which it must listen; its environment has it in PORT. It must stay in the
foreground, and reply to what the clients send. Between `check` and `--`:
  --only PROBE,PROBE    only these probes
  --skip PROBE,PROBE    all but these
  --hammer N            one probe more: N clients that send and close, twenty at a time
  --silent N            in two-at-once, N clients send nothing; 1 unless told otherwise
  --preset NAME         the server's protocol: PRESETS;
                        `list` shows what each of them is
  --message TEXT        what the clients send, `Hello, server!` unless told otherwise;
                        \\r \\n \\t \\\\ \\0 and \\xNN are understood
  --reply TEXT          what a reply must contain; without it any bytes are a reply
  --greeting TEXT       what the server says first must contain
  --also TEXT           another message that clients send before they leave or reset;
                        may be given more than once
  --script FILE         this script in place of the probes, or each *.probe of a folder;
                        may be given more than once. --only and --skip say which probes
                        are played as well. `list --script NAME` prints a probe as one
  --random N            N scripts that nobody has written: the first that breaks a
                        promise is made as short as it can be, and printed
  --seed S              other scripts; 1 unless told otherwise
  --save FILE           where that script goes, for --script
  --strict              a choice counts like a fault, and so does an error that a server
                        printed although its clients got all they wanted
  --known FILE          what is accepted today, PROBE VERDICT per line; what is listed
                        counts only if it differs
  --json                one JSON object per line
  --junit FILE          the same for a CI system, as JUnit's XML
  --wait SECONDS        how long the server may take until it listens, 30 unless told
                        otherwise
Exit status of check: 0 no fault, 1 a fault, 2 something could not be checked.
";

const BUILDS: &str = "
cargo xtask book                   builds the book; with --open, opens it
cargo test                         runs every story again
";

const BOOK: &str = "
The chapters that a verdict names are in the book, and that is in a clone of close-call:
`cargo xtask book --open` builds it there.
";
