//! What is wrong with *input or rule files*, as data: a sentence, a place, a remedy. Findings are not diagnostics.

use crate::source::Span;

/// How much is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something could not be used; the rest was.
    Error,
    /// Nothing was lost, but something is not as its writer thinks.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing that is wrong with input, configuration or a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much is lost.
    pub level: Level,
    /// A stable word for machines, in snake case: `syntax`, `unreadable_file`, `missing_variable`, ….
    pub code: &'static str,
    /// One short sentence in the user's words, no full stop.
    pub message: String,
    /// Path of the file, when there is no text to point into (it could not be read).
    pub path: Option<String>,
    /// The narrowest place.
    pub span: Option<Span>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Further places, each with a word of explanation.
    pub labels: Vec<(Span, String)>,
    /// Whether some input was not analysed because of it (a file that could not be read or parsed, a limit hit).
    pub incomplete: bool,
    /// Environments in which alone it holds; none if it holds in all.
    pub environments: Vec<std::sync::Arc<str>>,
}

impl Diagnostic {
    /// A diagnostic without place.
    pub fn new(level: Level, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level,
            code,
            message: message.into(),
            path: None,
            span: None,
            hint: None,
            labels: Vec::new(),
            incomplete: false,
            environments: Vec::new(),
        }
    }

    /// An error at a place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Error, code, message).at(span)
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Warning, code, message).at(span)
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Diagnostic {
        self.span = span.is_written().then_some(span);
        self
    }

    /// Sets the file of a diagnostic that has no text to point into.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = Some(path.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push((span, text.into()));
        self
    }

    /// Marks that input was left out because of it.
    #[must_use]
    pub fn incomplete(mut self) -> Diagnostic {
        self.incomplete = true;
        self
    }
}

/// "Did you mean `x`?" for the candidate most like `word`, if one is like it at all.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let likeness =
        |candidate: &str| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_like_the_word_is_suggested() {
        let known = ["EndpointPublicAccess", "EndpointPrivateAccess"];
        assert_eq!(
            did_you_mean("EndpointPublicAcces", known).as_deref(),
            Some("did you mean `EndpointPublicAccess`?")
        );
        assert_eq!(did_you_mean("Version", known), None);
    }
}
