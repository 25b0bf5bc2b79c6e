//! What select and poll can be asked about.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// What select and poll can be asked about: a descriptor as a number, as a borrow, or as a borrow with a tag of the
/// caller's.
///
/// A number promises nothing. A borrow promises that the descriptor stays open for as long as the borrow is held, be it
/// by the list that went in or by one of those that came out: to close it meanwhile does not compile.
///
/// It cannot be implemented elsewhere: an `fd_set` relies on getting the same number at each asking.
pub trait Watched: Copy + sealed::Sealed {
    /// The number that the kernel is asked about.
    fn number(&self) -> RawFd;
}

mod sealed {
    use std::os::fd::{BorrowedFd, RawFd};

    pub trait Sealed {}
    impl Sealed for RawFd {}
    impl Sealed for BorrowedFd<'_> {}
    impl<Tag: Copy> Sealed for (Tag, BorrowedFd<'_>) {}
}

impl Watched for RawFd {
    fn number(&self) -> RawFd {
        *self
    }
}

impl Watched for BorrowedFd<'_> {
    fn number(&self) -> RawFd {
        self.as_raw_fd()
    }
}

impl<Tag: Copy> Watched for (Tag, BorrowedFd<'_>) {
    fn number(&self) -> RawFd {
        self.1.as_raw_fd()
    }
}
