//! output

pub mod inspect;
