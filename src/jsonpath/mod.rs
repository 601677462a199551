//! RFC 9535 queries over values that may be unknown: a query and a document in, certain and possible nodes out.
//!
//! jsonpath-rust (the card's) parses; its evaluator cannot serve: filters are two-valued, numbers are compared as `f64`
//! with an epsilon, regular expressions are compiled at each node and nodes carry no certainty. So its tree is lowered
//! once ([`Query::parse`]) and walked here. On wholly known documents both agree, which the tests check.

mod compare;
mod query;
mod select;

pub use compare::{equals, less, list_holds};
pub use query::{Comparable, Filter, Operator, Query, QueryError, Relative, Segment, Selector};
pub use select::{
    Branch, Candidate, Found, Item, Key, Missing, Node, Selection, Target, Trace, exists, expect,
    select,
};

#[cfg(test)]
mod tests;
