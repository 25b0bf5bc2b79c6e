//! Where a server will listen, and a port that is free for it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::net::sock_diag::SockDiag;

/// Where a server will listen, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// It chooses a port itself, and prints `listening on ADDR` on standard error, as our chapters do.
    Announced,
    /// It was told this port, and the kernel is asked whether it listens there.
    Given(u16),
}

/// A socket that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The loopback address at which it can be reached.
    pub address: SocketAddr,
    /// Its number in /proc/PID/fd, if the kernel was asked.
    pub inode: Option<u32>,
}

/// What listens on `port` on a loopback address, if something does.
pub fn listens_at(port: u16) -> io::Result<Option<Listener>> {
    let mut kernel = SockDiag::open()?;
    for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let address = SocketAddr::new(ip, port);
        if let Some(listener) = kernel.listener(address)? {
            return Ok(Some(Listener { address, inode: Some(listener.inode) }));
        }
    }
    Ok(None)
}

/// Ports that the kernel does not give to clients of its own accord: those start at 32768 (ip(7), ip_local_port_range).
const PORTS: Range<u16> = 11_000..32_000;

/// A port on which no server listens, and which no other check on this machine takes meanwhile.
pub struct FreePort {
    /// Its number.
    pub number: u16,
    /// A name that only one socket can have, and that is free again when it is closed (unix(7), abstract).
    _reserved: Option<UnixListener>,
}

impl FreePort {
    /// Finds one.
    pub fn find() -> io::Result<FreePort> {
        FreePort::find_in(PORTS, "close-call-port")
    }

    /// Finds one of the `ports`, reserved by a name that begins with `prefix`; if all names are taken, which any user of
    /// the machine can bring about, one that the kernel chooses, not reserved.
    fn find_in(ports: Range<u16>, prefix: &str) -> io::Result<FreePort> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // A different beginning each time: what was used a minute ago is in TIME_WAIT.
        let start = u16::try_from(u64::from(process::id()) * 64 % 20_000).unwrap_or(0);
        for _ in ports.clone() {
            let next = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let number = ports.start + next % (ports.end - ports.start);
            let name = UnixAddress::from_abstract_name(format!("{prefix}-{number}"))?;
            let reserved = match UnixListener::bind_addr(&name) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
                other => other?,
            };
            if is_free(Ipv4Addr::LOCALHOST.into(), number) && is_free(Ipv6Addr::LOCALHOST.into(), number) {
                return Ok(FreePort { number, _reserved: Some(reserved) });
            }
        }
        let socket = bind(Ipv4Addr::LOCALHOST.into(), 0)?;
        let address = socket.local_addr()?.as_socket();
        let number = address.map(|address| address.port()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(FreePort { number, _reserved: None })
    }
}

/// Whether a server can listen there, even one that does not ask for SO_REUSEADDR. Where there is no such address, no
/// server is in the way.
fn is_free(ip: IpAddr, port: u16) -> bool {
    !bind(ip, port).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

fn bind(ip: IpAddr, port: u16) -> io::Result<socket2::Socket> {
    let address = SocketAddr::new(ip, port);
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_given_once_as_long_as_it_is_held() {
        let held: Vec<FreePort> = (0..20).map(|_| FreePort::find().unwrap()).collect();
        let mut numbers: Vec<u16> = held.iter().map(|port| port.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
    }

    #[test]
    fn a_port_on_which_a_server_listens_is_passed_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let prefix = format!("close-call-test-{}-a", process::id());
        assert_ne!(FreePort::find_in(taken..taken + 1, &prefix).unwrap().number, taken);
    }

    #[test]
    fn where_all_names_are_taken_the_kernel_chooses() {
        let prefix = format!("close-call-test-{}-b", process::id());
        let names = (20_000..20_003).map(|number| {
            UnixListener::bind_addr(&UnixAddress::from_abstract_name(format!("{prefix}-{number}")).unwrap()).unwrap()
        });
        let _held: Vec<UnixListener> = names.collect();
        let port = FreePort::find_in(20_000..20_003, &prefix).unwrap();
        assert!(port.number > 1024 && !(20_000..20_003).contains(&port.number), "{}", port.number);
        TcpListener::bind(("127.0.0.1", port.number)).unwrap();
    }
}
