//! The address of one end of a connection.

use std::fmt;
use std::net::SocketAddr;

use socket2::SockAddr;

/// The address of one end of a connection. It prints as `127.0.0.1:50000`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(pub(super) SockAddr);

impl Address {
    /// Port 0 of the loopback address, for which `bind` finds a free port.
    pub fn any_port() -> Address {
        SocketAddr::from(([127, 0, 0, 1], 0)).into()
    }

    /// The address as the standard library has it; `None` unless its family is AF_INET or AF_INET6.
    pub fn as_socket(&self) -> Option<SocketAddr> {
        self.0.as_socket()
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address(address.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_socket(), self.0.as_pathname()) {
            (Some(address), _) => address.fmt(f),
            (None, Some(path)) => write!(f, "unix:{}", path.display()),
            (None, None) => write!(f, "(unnamed, of family {})", self.0.family()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
