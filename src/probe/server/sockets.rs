//! What sockets processes have: who holds a listener, and where they can be reached if not where they should be.
//! proc_pid_fd(5), proc_pid_net(5).

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use crate::net::text::printable_lines;

/// A way to reach a server that is not TCP on the port that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It listens on TCP, on another port.
    Tcp(u16),
    /// It has a UDP socket on this port.
    Udp(u16),
    /// It listens on a Unix socket of this name.
    Unix(String),
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Elsewhere::Tcp(port) => write!(f, "it listens on port {port}"),
            Elsewhere::Udp(port) => write!(f, "it has a UDP socket on port {port}, and these clients speak TCP"),
            Elsewhere::Unix(path) => write!(f, "it listens on the Unix socket {path}, and these clients speak TCP"),
        }
    }
}

/// Where the processes can be reached: TCP first, then UDP, then Unix sockets.
pub fn elsewhere(pids: &[u32]) -> Option<Elsewhere> {
    let ours = sockets(pids);
    let listening = |table: String| port(&table, Some("0A"), &ours);
    let bound = |table: String| port(&table, None, &ours);
    listening(read("tcp"))
        .or_else(|| listening(read("tcp6")))
        .map(Elsewhere::Tcp)
        .or_else(|| bound(read("udp")).or_else(|| bound(read("udp6"))).map(Elsewhere::Udp))
        .or_else(|| unix(&read("unix"), &ours).map(Elsewhere::Unix))
}

/// A table of the kernel's, as it can be shown: a Unix socket may have any name.
fn read(file: &str) -> String {
    printable_lines(&fs::read(format!("/proc/net/{file}")).unwrap_or_default())
}

/// Who has a socket open, as far as that can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// One of the processes.
    Ours,
    /// None of the processes, and each could be asked.
    Another,
    /// One of the processes may have it: it runs as another user, or holds sockets in an io_uring, without a descriptor.
    Unknown,
}

/// Who has the socket with that inode open, one of the processes or another.
pub fn holder(pids: &[u32], inode: u32) -> Holder {
    let (socket, mut unseen) = (format!("socket:[{inode}]"), false);
    for pid in pids {
        let open = fs::read_dir(format!("/proc/{pid}/fd"));
        unseen |= open.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
        for fd in open.into_iter().flatten().flatten() {
            match fs::read_link(fd.path()) {
                Ok(link) if link == Path::new(&socket) => return Holder::Ours,
                Ok(link) => unseen |= link == Path::new("anon_inode:[io_uring]"),
                Err(error) => unseen |= error.kind() == io::ErrorKind::PermissionDenied,
            }
        }
    }
    if unseen { Holder::Unknown } else { Holder::Another }
}

/// A process of this machine that has the socket with that inode open, if one is seen to.
pub fn process_with(inode: u32) -> Option<u32> {
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid| holder(&[*pid], inode) == Holder::Ours)
}

/// Those of the processes that have the listener on that port open.
pub fn holders(pids: &[u32], port: u16) -> Vec<u32> {
    let listeners: Vec<String> = ["tcp", "tcp6"].iter().flat_map(|file| listeners(&read(file), port)).collect();
    let holds = |pid: &&u32| {
        let ours = sockets(&[**pid]);
        listeners.iter().any(|listener| ours.contains(listener))
    };
    pids.iter().filter(holds).copied().collect()
}

/// The inodes of the sockets through which the clients of the server on that port are served: its listener, and the
/// connections that it has accepted.
pub fn serving(port: u16) -> HashSet<u64> {
    let port = format!(":{port:04X}");
    let read = |file: &str| fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
    let of = |table: String| {
        let fields = table.lines().skip(1).map(|line| line.split_whitespace().map(String::from).collect::<Vec<_>>());
        let ours = fields.filter(|fields| fields.get(1).is_some_and(|local| local.ends_with(&port)));
        // A connection that waits to be accepted, or only for its time to pass, has none.
        let inodes = ours.filter_map(|fields| fields.get(9)?.parse().ok()).filter(|inode| *inode != 0);
        inodes.collect::<Vec<u64>>()
    };
    ["tcp", "tcp6"].into_iter().flat_map(|file| of(read(file))).collect()
}

/// How many connections to the server on that port the clients have ended and the server has not: CLOSE_WAIT in tcp(7).
pub fn half_closed(port: u16) -> usize {
    let port = format!(":{port:04X}");
    let read = |file: &str| fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
    let of = |table: String| {
        let fields = table.lines().map(|line| line.split_whitespace().map(String::from).collect::<Vec<_>>());
        let is = |fields: &Vec<String>| {
            fields.get(1).is_some_and(|local| local.ends_with(&port))
                && fields.get(3).is_some_and(|state| state == "08")
        };
        fields.filter(is).count()
    };
    ["tcp", "tcp6"].into_iter().map(|file| of(read(file))).sum()
}

/// The inode in the link of a socket's descriptor: `socket:[4711]`.
pub fn inode_in(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The inodes of the listeners on that port in a table of the kernel's.
fn listeners(table: &str, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let fields = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listens =
        |fields: &Vec<&str>| fields.get(1).is_some_and(|local| local.ends_with(&port)) && fields.get(3) == Some(&"0A");
    fields.filter(listens).filter_map(|fields| Some(fields.get(9)?.to_string())).collect()
}

/// The inodes of the sockets that the processes have open.
fn sockets(pids: &[u32]) -> HashSet<String> {
    let open = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok()).flatten().flatten();
    let links = open.filter_map(|fd| fs::read_link(fd.path()).ok()?.to_str().map(String::from));
    links.filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_string())).collect()
}

/// The port of the first socket in a table of the kernel's that is in that state and one of ours.
fn port(table: &str, state: Option<&str>, ours: &HashSet<String>) -> Option<u16> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let fits = state.is_none_or(|state| fields.get(3) == Some(&state)) && ours.contains(*fields.get(9)?);
        fits.then(|| u16::from_str_radix(fields.get(1)?.rsplit_once(':')?.1, 16).ok()).flatten()
    })
}

/// The name of the first Unix socket of ours that listens (__SO_ACCEPTCON).
fn unix(table: &str, ours: &HashSet<String>) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"00010000") && ours.contains(*fields.get(6)?);
        listens.then(|| fields.get(7).map_or("without a name".into(), |name| name.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};

    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let ours: HashSet<String> = ["7".into(), "9".into()].into();
        let table = "  sl  local_address rem_address st tx rx tr tm retrnsmt uid timeout inode\n\
                     0: 0100007F:0050 00000000:0000 0A 0:0 00:0 0 0 0 8 1\n\
                     1: 0100007F:1F90 00000000:0000 01 0:0 00:0 0 0 0 7 1\n\
                     2: 0100007F:1F91 00000000:0000 0A 0:0 00:0 0 0 0 9 1\n";
        assert_eq!(port(table, Some("0A"), &ours), Some(0x1f91));
        assert_eq!(port(table, None, &ours), Some(0x1f90));
        assert_eq!(listeners(table, 0x1f91), ["9"]);
        assert_eq!(listeners(table, 0x1f90), [""; 0], "connected, not listening");
        let table = "Num RefCount Protocol Flags Type St Inode Path\n\
                     0: 2 0 00000000 0002 01 7 /tmp/datagrams\n\
                     1: 2 0 00010000 0001 01 9 /tmp/stream\n";
        assert_eq!(unix(table, &ours), Some("/tmp/stream".into()));
    }

    #[test]
    fn the_name_of_a_unix_socket_is_as_it_can_be_shown() {
        let name = format!("close-call-{}-\x1b[7m\u{202e}", std::process::id());
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let inode = fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode = inode.to_str().unwrap().trim_start_matches("socket:[").trim_end_matches(']').to_string();
        let shown = format!(r"@close-call-{}-\u{{1b}}[7m\u{{202e}}", std::process::id());
        assert_eq!(unix(&read("unix"), &[inode].into()), Some(shown));
    }

    #[test]
    fn what_an_io_uring_holds_is_not_seen() {
        let mut parameters = [0_u8; 120]; // struct io_uring_params
        // SAFETY: the kernel writes at most that structure, which is ours.
        let ring = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) };
        let Ok(ring @ 0..) = i32::try_from(ring) else { return eprintln!("left out: no io_uring may be had here") };
        assert_eq!(holder(&[std::process::id()], 1), Holder::Unknown);
        // SAFETY: it is ours, and known to nobody else.
        unsafe { libc::close(ring) };
    }

    #[test]
    fn this_process_is_found_where_it_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode = inode.to_str().unwrap().trim_start_matches("socket:[").trim_end_matches(']').to_string();
        let _other = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(sockets(&[std::process::id()]).contains(&inode));
        let number = inode.parse().unwrap();
        assert_eq!(holder(&[std::process::id()], number), Holder::Ours);
        assert_eq!(holder(&[], number), Holder::Another);
        assert_eq!(process_with(number), Some(std::process::id()));
        assert_eq!(holders(&[std::process::id(), 1], listener.local_addr().unwrap().port()), [std::process::id()]);
        let tcp = fs::read_to_string("/proc/net/tcp").unwrap();
        assert_eq!(port(&tcp, Some("0A"), &[inode].into()), Some(listener.local_addr().unwrap().port()));
    }
}
