//! Several real nodes on 127.0.0.1, from the first dial to the last goodbye.

mod dialling;
mod ending;
mod nodes;
mod restart;
mod together;
