//! The parts of the screen that are always there. Each reads the application's state and draws
//! into a rectangle; none changes anything.

pub(crate) mod banner;
pub(crate) mod caption;
pub(crate) mod document;
pub(crate) mod elsewhere;
pub(crate) mod hint;
mod labels;
pub(crate) mod peers;
pub(crate) mod sequence;
pub(crate) mod standing;
pub(crate) mod status;
pub(crate) mod words;
