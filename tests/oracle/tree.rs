//! Expressions as trees of text: written out, and made smaller step by step.

use std::borrow::Cow;

/// An expression, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Node(pub Vec<Part>);

/// What stands in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text as it is.
    Text(Cow<'static, str>),
    /// An expression.
    One(Node),
    /// Expressions of which any may be left out, and what stands between them.
    Many(&'static str, Vec<Node>),
    /// `left && right` or `left || right`.
    Logical(Box<Node>, bool, Box<Node>),
}

impl Node {
    /// Text as it is.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Node {
        Node(vec![Part::Text(text.into())])
    }

    /// How Terraform reads it.
    pub fn written(&self) -> String {
        let mut out = String::new();
        self.write(false, &mut out);
        out
    }

    /// The same with `&&` and `||` spelled so that Terraform 1.11 decides them by their left side, as 1.12 does.
    pub fn with_short_circuits(&self) -> String {
        let mut out = String::new();
        self.write(true, &mut out);
        out
    }

    /// Whether `&&` or `||` is in it.
    pub fn is_logical(&self) -> bool {
        self.0.iter().any(|part| match part {
            Part::Text(_) => false,
            Part::One(node) => node.is_logical(),
            Part::Many(_, nodes) => nodes.iter().any(Node::is_logical),
            Part::Logical(..) => true,
        })
    }

    fn write(&self, short: bool, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::One(node) => node.write(short, out),
                Part::Many(between, nodes) => {
                    for (at, node) in nodes.iter().enumerate() {
                        if at > 0 {
                            out.push_str(between);
                        }
                        node.write(short, out);
                    }
                }
                Part::Logical(left, is_and, right) => {
                    let [open, middle, close] = match (short, is_and) {
                        (false, true) => ["", " && ", ""],
                        (false, false) => ["", " || ", ""],
                        (true, true) => ["((", ") ? tobool(", ") : false)"],
                        (true, false) => ["((", ") ? true : tobool(", "))"],
                    };
                    out.push_str(open);
                    left.write(short, out);
                    out.push_str(middle);
                    right.write(short, out);
                    out.push_str(close);
                }
            }
        }
    }

    fn size(&self) -> usize {
        self.written().len()
    }

    /// Everything that is one step smaller, smallest first: this without a part, a part instead of this, a part made smaller.
    pub fn smaller(&self) -> Vec<Node> {
        let mut all = Vec::new();
        for part in &self.0 {
            match part {
                Part::Text(_) => {}
                Part::One(node) => all.push(node.clone()),
                Part::Many(_, nodes) => all.extend(nodes.iter().cloned()),
                Part::Logical(left, _, right) => all.extend([(**left).clone(), (**right).clone()]),
            }
        }
        if self.size() > 4 {
            let simple = ["null", "1", "\"a\"", "[]", "{}", "true", "local.u"];
            all.extend(simple.map(Node::text));
        }
        let with = |at: usize, part: Part| {
            let mut parts = self.0.clone();
            parts[at] = part;
            Node(parts)
        };
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Text(text) => {
                    let shorter = shortened(text);
                    all.extend(
                        shorter
                            .into_iter()
                            .map(|text| with(at, Part::Text(text.into()))),
                    );
                }
                Part::One(node) => {
                    let smaller = node.smaller().into_iter();
                    all.extend(smaller.map(|node| with(at, Part::One(node))));
                }
                Part::Many(between, nodes) => {
                    for left_out in 0..nodes.len() {
                        let mut nodes = nodes.clone();
                        nodes.remove(left_out);
                        all.push(with(at, Part::Many(between, nodes)));
                    }
                    for (index, node) in nodes.iter().enumerate() {
                        for smaller in node.smaller() {
                            let mut nodes = nodes.clone();
                            nodes[index] = smaller;
                            all.push(with(at, Part::Many(between, nodes)));
                        }
                    }
                }
                Part::Logical(left, is_and, right) => {
                    for smaller in left.smaller() {
                        all.push(with(
                            at,
                            Part::Logical(smaller.into(), *is_and, right.clone()),
                        ));
                    }
                    for smaller in right.smaller() {
                        all.push(with(
                            at,
                            Part::Logical(left.clone(), *is_and, smaller.into()),
                        ));
                    }
                }
            }
        }
        let size = self.size();
        all.retain(|node| node.size() < size);
        all.sort_by_key(Node::size);
        all.dedup();
        all
    }
}

/// Text of a quoted string with less in it.
fn shortened(text: &str) -> Vec<String> {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return Vec::new();
    };
    let characters: Vec<char> = inner.chars().collect();
    let half = characters.len() / 2;
    let mut all: Vec<String> = Vec::new();
    if half > 0 {
        all.push(characters[..half].iter().collect());
        all.push(characters[half..].iter().collect());
    }
    for left_out in 0..characters.len().min(40) {
        let mut fewer = characters.clone();
        fewer.remove(left_out);
        all.push(fewer.into_iter().collect());
    }
    all.into_iter()
        .map(|inner| format!("\"{inner}\""))
        .collect()
}
