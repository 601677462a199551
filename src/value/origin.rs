//! Where a value was written and how it got to where it is read.

use std::sync::Arc;

use crate::source::Span;

/// Places longer trails than anybody reads are cut to.
const LONGEST_TRAIL: usize = 20;

/// Where a value sits in the resource as the reader sees it, and the way it came.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The narrowest expression in (or nearest to) the resource that gives the value. [`Span::NONE`] if nobody wrote it.
    pub site: Site,
    /// Earlier places, nearest first: a variable's default, a module's argument, a local. Empty for a literal at its site.
    pub trail: Trail,
    /// Supplied by AWS (or a schema) because nothing was written; `site` is then the nearest enclosing written value.
    pub is_default: bool,
}

/// A span that defaults to [`Span::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site(pub Span);

impl Default for Site {
    fn default() -> Site {
        Site(Span::NONE)
    }
}

/// What happened at a place of a trail. Texts come from [`Step::describe`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The default of a variable or template parameter of this name.
    Default(Arc<str>),
    /// A value given from outside for a variable or parameter: a tfvars file, an environment, the command line.
    Given(Arc<str>),
    /// An argument of a module call (or of a nested stack) for the variable of this name.
    Argument(Arc<str>),
    /// A local value of this name.
    Local(Arc<str>),
    /// An output of this name of a module or nested stack.
    Output(Arc<str>),
    /// An attribute that is written at the resource of this address.
    Attribute(Arc<str>),
    /// An element of a `for_each` or `dynamic` collection.
    Each,
    /// An entry of a template's `Mappings`.
    Mapping(Arc<str>),
    /// The value in the plan of Terraform that was given along with the code.
    Planned,
    /// Written there.
    Written,
}

impl Step {
    /// A few words for people, to stand behind a place.
    pub fn describe(&self) -> String {
        match self {
            Step::Default(name) => format!("default of `{name}`"),
            Step::Given(name) => format!("value given for `{name}`"),
            Step::Argument(name) => format!("passed in as `{name}`"),
            Step::Local(name) => format!("local `{name}`"),
            Step::Output(name) => format!("output `{name}`"),
            Step::Attribute(address) => format!("written at `{address}`"),
            Step::Each => "element iterated over".to_owned(),
            Step::Mapping(name) => format!("mapping `{name}`"),
            Step::Planned => "value in the plan".to_owned(),
            Step::Written => "written here".to_owned(),
        }
    }
}

/// A shared list of earlier places, nearest first.
#[derive(Clone, Debug, Default)]
pub struct Trail(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    place: Span,
    step: Step,
    next: Trail,
}

impl Trail {
    /// The trail that leads first to `place` and then along `next`.
    pub fn through(place: Span, step: Step, next: Trail) -> Trail {
        Trail(Some(Arc::new(Node { place, step, next })))
    }

    /// Whether the value was written at its site.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The places, nearest first.
    pub fn iter(&self) -> impl Iterator<Item = (Span, &Step)> {
        let mut at = self;
        let mut left = LONGEST_TRAIL;
        std::iter::from_fn(move || {
            let node = at.0.as_deref()?;
            left = left.checked_sub(1)?;
            at = &node.next;
            Some((node.place, &node.step))
        })
    }

    /// The last place: where the value was really written.
    pub fn source(&self) -> Option<(Span, &Step)> {
        self.iter().last()
    }

    /// This trail narrowed to a part written at `place` (itself reached along `rest`): the node that encloses `place`
    /// becomes `place`; if none does, `place` is appended.
    fn narrowed(&self, place: Span, rest: &Trail) -> Trail {
        let nodes: Vec<(Span, &Step)> = self.iter().collect();
        let enclosing = nodes.iter().position(|(span, _)| span.contains(place));
        let (kept, mut trail) = match enclosing {
            Some(index) => (
                &nodes[..index],
                Trail::through(place, nodes[index].1.clone(), rest.clone()),
            ),
            None => (
                &nodes[..],
                Trail::through(place, Step::Written, rest.clone()),
            ),
        };
        for (span, step) in kept.iter().rev() {
            trail = Trail::through(*span, (*step).clone(), trail);
        }
        trail
    }
}

impl Origin {
    /// Written at `site`.
    pub fn at(site: Span) -> Origin {
        Origin {
            site: Site(site),
            ..Origin::default()
        }
    }

    /// Supplied as a default inside the thing written at `enclosing`.
    pub fn default_in(enclosing: Span) -> Origin {
        Origin {
            site: Site(enclosing),
            trail: Trail::default(),
            is_default: true,
        }
    }

    /// The place as the reader sees it.
    pub fn span(&self) -> Span {
        self.site.0
    }

    /// The same value read through a reference written at `site`: this origin's own site becomes the first place of
    /// the trail, with a word about what it is.
    #[must_use]
    pub fn read_at(&self, site: Span, step: Step) -> Origin {
        Origin {
            site: Site(site),
            trail: Trail::through(self.site.0, step, self.trail.clone()),
            is_default: self.is_default,
        }
    }

    /// The same origin with one more place at the end of its trail.
    #[must_use]
    pub fn followed_by(&self, place: Span, step: Step) -> Origin {
        let known: Vec<(Span, &Step)> = self.trail.iter().collect();
        let last = Trail::through(place, step, Trail::default());
        let trail = known.into_iter().rev().fold(last, |next, (place, step)| {
            Trail::through(place, step.clone(), next)
        });
        Origin {
            site: self.site,
            trail,
            is_default: self.is_default,
        }
    }

    /// The origin of a part (with origin `part`) of a value with this origin. A part written inside this site stays
    /// where it is; one that was reached through this value's trail is seen at this site, and its own place ends the trail.
    #[must_use]
    pub fn of_part(&self, part: &Origin) -> Origin {
        if self.trail.is_empty() || self.site.0.contains(part.site.0) || !part.site.0.is_written() {
            return part.clone();
        }
        Origin {
            site: self.site,
            trail: self.trail.narrowed(part.site.0, &part.trail),
            is_default: part.is_default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn span(source: u32, start: usize, end: usize) -> Span {
        Span::new(SourceId(source), start, end)
    }

    #[test]
    fn a_part_of_a_referenced_list_is_seen_at_the_reference_and_found_in_the_definition() {
        let list =
            Origin::at(span(1, 10, 40)).read_at(span(0, 5, 12), Step::Default("cidrs".into()));
        let element = list.of_part(&Origin::at(span(1, 12, 20)));
        assert_eq!(element.span(), span(0, 5, 12));
        let trail: Vec<_> = element.trail.iter().collect();
        assert_eq!(trail, [(span(1, 12, 20), &Step::Default("cidrs".into()))]);
    }

    #[test]
    fn a_part_of_a_literal_stays_where_it_is() {
        let list = Origin::at(span(0, 5, 30));
        assert_eq!(
            list.of_part(&Origin::at(span(0, 6, 9))).span(),
            span(0, 6, 9)
        );
    }
}
