//! `cargo lanes`: draws the lanes of a trace. It is `cargo xtask lanes` without the book, which takes its time to compile.

use asked::Lanes;
use pictures::lanes::show;
use std::process::ExitCode;
use std::{fs, io};

/// The command line.
#[allow(missing_docs, reason = "what the macro makes has none")]
mod asked {
    use std::path::PathBuf;

    xflags::xflags! {
        /// Draws a trace that --trace=json has printed as an SVG.
        cmd lanes {
            /// The trace; without it, the one on standard input.
            optional file: PathBuf
            /// From the first line with this text ...
            optional --from text: String
            /// ... to the next with this one.
            optional --to text: String
        }
    }
}

fn main() -> ExitCode {
    close_call::command::style::end_with_the_output();
    let drawn = match Lanes::from_env() {
        Err(error) if error.is_help() => {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => Err((2, error.to_string())),
        Ok(asked) => draw(asked),
    };
    match drawn {
        Ok(svg) => {
            print!("{svg}");
            ExitCode::SUCCESS
        }
        Err((status, message)) => {
            eprintln!("lanes: {message}");
            ExitCode::from(status)
        }
    }
}

/// The picture, or the exit status and why there is none.
fn draw(Lanes { file, from, to }: Lanes) -> Result<String, (u8, String)> {
    let texts = match (&from, &to) {
        (Some(from), Some(to)) => Some((from.as_str(), to.as_str())),
        (None, None) => None,
        _ => return Err((2, "--from and --to go together".to_string())),
    };
    let name = file.as_ref().map_or("standard input".to_string(), |file| file.display().to_string());
    let text = file.map_or_else(|| io::read_to_string(io::stdin()), fs::read_to_string);
    let text = text.map_err(|error| (1, format!("{name}: {error}")))?;
    show::in_file(&name, &text, texts).map_err(|message| (1, message))
}
