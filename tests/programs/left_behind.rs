//! Whatever a server does, nothing is left of it when its check is over, or is ended.
