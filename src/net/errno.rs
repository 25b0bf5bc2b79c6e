//! Error numbers by name, as errno(3) lists them.

/// The symbolic name of an error number: `9` in, `"EBADF"` out. The names are those that calls on sockets and
/// descriptors can fail with; for any other number it is `None`.
pub fn name(errno: i32) -> Option<&'static str> {
    NAMES.iter().find(|(number, _)| *number == errno).map(|(_, name)| *name)
}

/// The error number in a message of the system, as Rust (`(os error 9)`), Python (`[Errno 9]`) or Node
/// (`EBADF`) write it: the words in, the name out.
pub fn name_in(message: &str) -> Option<&'static str> {
    let number_after = |mark: &str| {
        let rest = &message[message.find(mark)? + mark.len()..];
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        name(digits.parse().ok()?)
    };
    let word = || {
        // Most lines have none, and some servers print without end.
        let from = &message[message.find('E')?..];
        let words = from.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.starts_with('E'));
        words.filter_map(|word| NAMES.iter().find(|(_, name)| *name == word)).map(|(_, name)| *name).next()
    };
    let numbers = ["(os error ", "[Errno ", "Os { code: "];
    numbers.into_iter().find_map(number_after).or_else(word)
}

macro_rules! names {
    ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
}

const NAMES: &[(i32, &str)] = names! {
    EPERM ENOENT EINTR EIO EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV ENOTDIR EINVAL ENFILE EMFILE
    ENOSPC EPIPE ENOSYS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT EOPNOTSUPP
    EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS
    EISCONN ENOTCONN ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ECANCELED
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_name() {
        assert_eq!(name(libc::EBADF), Some("EBADF"));
        assert_eq!(name(libc::ENOTCONN), Some("ENOTCONN"));
        assert_eq!(name(0), None);
        assert_eq!(name(-1), None);
    }

    #[test]
    fn the_number_is_found_in_what_three_languages_print() {
        assert_eq!(name_in("getpeername: Bad file descriptor (os error 9)"), Some("EBADF"));
        assert_eq!(name_in("OSError: [Errno 107] Transport endpoint is not connected"), Some("ENOTCONN"));
        assert_eq!(name_in("Error: read ECONNRESET"), Some("ECONNRESET"));
        assert_eq!(name_in("ValueError: filedescriptor out of range in select()"), None);
        assert_eq!(name_in("(os error )"), None);
    }
}
