//! Linux does not look at descriptors beyond the process's table of them, and leaves their bits set. Alone in its program,
//! because any test beside it makes the table grow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::fd::RawFd;
use std::time::Duration;

use close_call::select::select;

#[test]
fn a_closed_descriptor_that_the_kernel_does_not_look_at_is_ebadf_too() {
    for fd in [500, 1023] {
        let none: [RawFd; 0] = [];
        for [inputs, outputs, exceptions] in [[&[fd][..], &none, &none], [&none, &[fd], &none], [&none, &none, &[fd]]] {
            let error = select(inputs, outputs, exceptions, Some(Duration::ZERO)).unwrap_err();
            assert_eq!(error.name(), "EBADF", "descriptor {fd}");
        }
    }
}
