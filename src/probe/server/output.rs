//! The reading end of a server's output.

use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsRawFd, RawFd};

use crate::net::text::printable;

/// How many bytes of a line are kept of a server that we know nothing of. More are dropped, and an ellipsis says so.
pub const LONGEST: usize = 4096;
/// How many reads there are at a time: a server that writes without end must not keep us.
const READS: usize = 64;

/// How many bytes are a flood, of which not all lines are told.
const FLOOD: u64 = 4_000_000;

/// Room for a flood: a server that waits for its pipe looks idle.
pub const ROOM: libc::c_int = 1 << 20;
/// What the kernel makes a page of.
pub const LEAST_ROOM: libc::c_int = 1;

/// A line that the server printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Standard error, not standard output.
    pub error: bool,
    /// Without its end of line, and as it can be shown ([`printable`]).
    pub text: String,
}

/// A pipe that is never waited for, and what has been read of a line that is not whole yet.
pub struct Output {
    reader: Box<dyn Read + Send>,
    /// The reader's.
    fd: RawFd,
    partial: Vec<u8>,
    /// How many bytes of a line are kept.
    longest: usize,
    /// Bytes of the line at hand that were dropped.
    dropped: usize,
    /// Bytes that were read.
    bytes: u64,
    error: bool,
}

impl Output {
    /// `error` says that it is standard error; of a line, `longest` bytes are kept.
    pub fn new<P: Read + AsRawFd + Send + 'static>(pipe: Option<P>, error: bool, longest: usize) -> io::Result<Output> {
        let pipe = pipe.ok_or_else(|| io::Error::other("the server has no pipe for its output"))?;
        let fd = pipe.as_raw_fd();
        set_nonblocking(fd)?;
        let output = Output { reader: Box::new(pipe), fd, partial: Vec::new(), longest, dropped: 0, bytes: 0, error };
        output.set_room(ROOM);
        Ok(output)
    }

    /// How many bytes wait for us at most. Where there cannot be so much room, it stays as it is.
    pub fn set_room(&self, bytes: libc::c_int) {
        // SAFETY: a bare system call on a descriptor that the reader holds. fcntl(2), F_SETPIPE_SZ.
        unsafe { libc::fcntl(self.fd, libc::F_SETPIPE_SZ, bytes) };
    }

    /// The whole lines that are there, and at the end of the stream an unfinished one.
    pub fn lines(&mut self) -> Vec<Line> {
        let mut buffer = [0; 16384];
        let mut lines = Vec::new();
        for _ in 0..READS {
            match self.reader.read(&mut buffer) {
                Ok(0) => {
                    if !self.partial.is_empty() {
                        lines.push(self.line());
                    }
                    break;
                }
                Ok(n) => {
                    self.bytes += n as u64;
                    let from = self.start_of_what_counts(&buffer[..n]);
                    self.take(&buffer[from..n], &mut lines);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        lines
    }

    /// Where the last lines begin, of a flood: there are millions of lines in it. Of anything else all of it counts.
    fn start_of_what_counts(&mut self, bytes: &[u8]) -> usize {
        const LAST: usize = 4096;
        if self.bytes < FLOOD || self.longest != LONGEST {
            return 0;
        }
        let earlier = &bytes[..bytes.len().saturating_sub(LAST)];
        let Some(newline) = earlier.iter().rposition(|byte| *byte == b'\n') else { return 0 };
        (self.partial, self.dropped) = (Vec::new(), 0);
        newline + 1
    }

    /// How many bytes have come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn take(&mut self, mut bytes: &[u8], lines: &mut Vec<Line>) {
        while let Some(newline) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..newline]);
            lines.push(self.line());
            bytes = &bytes[newline + 1..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.longest.saturating_sub(self.partial.len()).min(bytes.len());
        self.partial.extend(&bytes[..room]);
        self.dropped += bytes.len() - room;
    }

    /// The line at hand, which is whole.
    fn line(&mut self) -> Line {
        let partial = mem::take(&mut self.partial);
        let dropped = mem::take(&mut self.dropped);
        let end = partial.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
        let mut text = printable(&partial[..end]);
        if dropped > 0 {
            text.push_str(&format!("… ({dropped} bytes more)"));
        }
        Line { error: self.error, text }
    }
}

/// Has calls on the descriptor, which the caller holds, fail with EAGAIN instead of waiting. fcntl(2), O_NONBLOCK.
pub fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: two bare system calls on a descriptor that the caller holds.
    let result = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::fcntl(fd, libc::F_GETFL) | libc::O_NONBLOCK) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};

    use super::*;

    fn texts(output: &mut Output) -> Vec<String> {
        output.lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_come_when_they_are_whole_and_the_last_at_the_end() {
        let (reader, mut writer) = pipe().unwrap();
        let mut output = Output::new(Some(reader), false, LONGEST).unwrap();
        writer.write_all(b"one\n\ntw").unwrap();
        assert_eq!(texts(&mut output), ["one", ""]);
        assert_eq!(texts(&mut output), [""; 0]);
        writer.write_all(b"o\r\nthree").unwrap();
        drop(writer);
        assert_eq!(texts(&mut output), ["two", "three"]);
        assert_eq!(texts(&mut output), [""; 0]);
    }

    #[test]
    fn of_a_line_without_end_only_the_beginning_is_kept() {
        let (reader, mut writer) = pipe().unwrap();
        let mut output = Output::new(Some(reader), true, LONGEST).unwrap();
        let mut held = 0;
        for _ in 0..100 {
            writer.write_all(&[b'x'; 60_000]).unwrap();
            assert_eq!(output.lines(), []);
            held = held.max(output.partial.capacity());
        }
        assert!(held <= 2 * LONGEST, "{held} bytes are held");
        writer.write_all(b"\nnext\n").unwrap();
        let lines = texts(&mut output);
        assert_eq!(lines[0], format!("{}… ({} bytes more)", "x".repeat(LONGEST), 6_000_000 - LONGEST));
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn a_line_is_whole_where_that_is_asked_for() {
        let (reader, mut writer) = pipe().unwrap();
        let mut output = Output::new(Some(reader), false, usize::MAX).unwrap();
        let line = "x".repeat(60_000);
        writer.write_all(line.as_bytes()).unwrap();
        assert_eq!(output.lines(), []);
        writer.write_all(format!("{line}\n").as_bytes()).unwrap();
        assert_eq!(texts(&mut output), [line.repeat(2)]);
    }

    #[test]
    fn a_line_is_as_it_can_be_shown() {
        let (reader, mut writer) = pipe().unwrap();
        let mut output = Output::new(Some(reader), false, LONGEST).unwrap();
        writer.write_all(b"\x1b[2Jone\ttwo\r\r\n").unwrap();
        assert_eq!(texts(&mut output), ["\\u{1b}[2Jone\ttwo"]);
    }
}
