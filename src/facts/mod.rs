//! Facts: what needs an `if`, computed once in Rust and read by rules as plain fields.

use crate::model::{Model, ResourceId};
use crate::value::{Value, World};

/// A fact: its name, the kinds it is about, and the function that computes it.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The name under `$.facts`.
    pub name: &'static str,
    /// The canonical kinds it applies to; empty: all.
    pub kinds: &'static [&'static str],
    /// Computes it in a world. Whatever is undecided there must be asked through the world, so that it is noted.
    pub compute: fn(&Model, ResourceId, &World) -> Value,
}

/// All facts.
pub const FACTS: &[Fact] = &[];
