//! The disk: replicas and their identity, and the user's files.
//!
//! Knows the document and the file system; no socket and no screen.
