//! The reading end of a server's output.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};

use super::Line;

/// Of a line that never ends, so much is kept.
const LONGEST: usize = 64 * 1024;
/// So many reads at a time: a server that writes without end is not to keep us.
const READS: usize = 16;

/// A pipe that is never waited for, and what has been read of a line that is not whole yet.
pub struct Pipe {
    reader: Box<dyn Read + Send>,
    partial: Vec<u8>,
    error: bool,
}

impl Pipe {
    /// `error` says that it is standard error.
    pub fn new<P: Read + AsRawFd + Send + 'static>(pipe: Option<P>, error: bool) -> io::Result<Pipe> {
        let pipe = pipe.ok_or_else(|| io::Error::other("the server has no pipe to speak through"))?;
        set_nonblocking(pipe.as_raw_fd())?;
        Ok(Pipe { reader: Box::new(pipe), partial: Vec::new(), error })
    }

    /// The whole lines that are there, and at the end of the stream an unfinished one.
    pub fn lines(&mut self) -> Vec<Line> {
        let mut buffer = [0; 65536];
        let mut at_end = false;
        for _ in 0..READS {
            match self.reader.read(&mut buffer) {
                Ok(0) => {
                    at_end = true;
                    break;
                }
                Ok(n) => self.partial.extend(&buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        let whole = match self.partial.iter().rposition(|&b| b == b'\n') {
            _ if at_end => self.partial.len(),
            Some(newline) => newline + 1,
            None if self.partial.len() > LONGEST => self.partial.len(),
            None => 0,
        };
        let text: Vec<u8> = self.partial.drain(..whole).collect();
        let error = self.error;
        String::from_utf8_lossy(&text).lines().map(|text| Line { error, text: text.to_string() }).collect()
    }
}

fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: two bare system calls on a descriptor that the caller holds.
    let result = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::fcntl(fd, libc::F_GETFL) | libc::O_NONBLOCK) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
