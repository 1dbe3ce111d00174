//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.
