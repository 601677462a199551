//! Three-valued truth: yes, unsure, no, with Kleene's *and*, *or*, *not*.

/// An answer that may not be known. Ordered no < unsure < yes, so *and* is `min` and *or* is `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Certainly not.
    No,
    /// Cannot be told.
    Unsure,
    /// Certainly.
    Yes,
}

impl Certainty {
    /// Both.
    #[must_use]
    pub fn and(self, other: Certainty) -> Certainty {
        self.min(other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Certainty) -> Certainty {
        self.max(other)
    }

    /// Whether it is yes.
    pub fn is_yes(self) -> bool {
        self == Certainty::Yes
    }

    /// Whether it is no.
    pub fn is_no(self) -> bool {
        self == Certainty::No
    }

    /// Whether it cannot be told.
    pub fn is_unsure(self) -> bool {
        self == Certainty::Unsure
    }
}

impl std::ops::Not for Certainty {
    type Output = Certainty;

    fn not(self) -> Certainty {
        match self {
            Certainty::No => Certainty::Yes,
            Certainty::Unsure => Certainty::Unsure,
            Certainty::Yes => Certainty::No,
        }
    }
}

impl From<bool> for Certainty {
    fn from(truth: bool) -> Certainty {
        if truth { Certainty::Yes } else { Certainty::No }
    }
}
