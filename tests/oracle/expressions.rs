//! Expressions of every form over every function: a seed in, trees out.
//!
//! Arguments are mostly of the kind that a function takes; a share is nasty: null, of another kind, unknown, sensitive,
//! empty, deep.

use super::functions::{FUNCTIONS, Takes};
use super::random::Random;
use super::tree::{Node, Part};

/// What an expression is to give. Expressions that give something else are made too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// A tuple or list of anything.
    List,
    /// A tuple or list of strings.
    Texts,
    /// A tuple or list of numbers.
    Numbers,
    /// A set.
    Set,
    /// An object or map.
    Object,
}

/// Makes expressions.
pub struct Grower<'r> {
    random: &'r mut Random,
    /// Names that `for` has bound around here.
    names: Vec<(String, Kind)>,
    /// Whether everything is to be known.
    is_known: bool,
}

const KINDS: &[Kind] = &[
    Kind::Text,
    Kind::Text,
    Kind::Number,
    Kind::Bool,
    Kind::List,
    Kind::Texts,
    Kind::Numbers,
    Kind::Set,
    Kind::Object,
    Kind::Object,
];

const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "c",
    "hello",
    "Hello World",
    "  padded  ",
    "a,b,c",
    "a b  c",
    "x\\ny",
    "x\\r\\ny\\n",
    "tab\\there",
    "héllo",
    "e\\u0301",
    "é",
    "日本語",
    "👨‍👩‍👧",
    "🇩🇪🇫🇷",
    "ß",
    "İstanbul",
    "ﬁn",
    "ÀÉ",
    "\\u00A0x\\u2003",
    "10",
    "1.5",
    "-3",
    "+5",
    ".5",
    "5.",
    "007",
    "1e3",
    "true",
    "false",
    "True",
    "null",
    "0x1F",
    "0b11",
    "1_000",
    "<b>&'\\\"</b>",
    "\\u2028|\\u2029",
    "\\\"quoted\\\"",
    "a\\\\b",
    "$",
    "%",
    "$${x}",
    "%%{if}",
    "$$",
    "{}",
    "[1,2]",
    "10.0.0.0/8",
    "2020-01-01T00:00:00Z",
    "\\U0001F600",
    "a/b/c.txt",
    "~",
    "..",
    "one-two_three",
    "aaa",
    "AbC",
    "\\u0007",
    "a=b&c=d",
    "x.y.z",
    "key: value",
    "- 1\\n- 2",
    "foo\\n\\n  bar\\n",
    "a\\tb",
    "\\u200B",
    "Ǆ",
    "σς",
    "ŉ",
    "-",
    "0",
    "1",
    "é\\u0301\\u0302z",
    "ñandú",
    "a'b",
];

const DIGITS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "10",
    "7",
    "1.5",
    "0.1",
    "0.2",
    "-0.5",
    "2.5",
    "1e3",
    "1E-3",
    "1e21",
    "100",
    "255",
    "256",
    "1.0",
    "123456789012345678901234567890",
    "9223372036854775807",
    "9223372036854775808",
    "12345.678901234567890123",
    "1e-10",
    "-7",
    "16",
    "32",
    "64",
    "0.3333333333333333",
    "1e100",
    "2147483648",
    "4294967296",
    "007",
    "5.00",
    "1e+2",
    "3.14159",
    "999999999999999999999.5",
    "-0",
];

const REFERENCES: &[(&str, Kind)] = &[
    ("var.s", Kind::Text),
    ("var.ls", Kind::Texts),
    ("var.le", Kind::Texts),
    ("var.ms", Kind::Object),
    ("var.me", Kind::Object),
    ("var.ss", Kind::Set),
    ("var.sn", Kind::Set),
    ("var.o", Kind::Object),
    ("var.lo", Kind::List),
    ("var.null", Kind::Any),
    ("var.ns", Kind::Text),
    ("var.nl", Kind::Texts),
    ("var.nn", Kind::Number),
    ("var.tt", Kind::List),
    ("local.o", Kind::Object),
    ("local.o.b.c", Kind::List),
    ("local.o.a", Kind::Number),
    ("var.lo[0]", Kind::Object),
    ("var.lo[*].n", Kind::Texts),
    ("var.ls[0]", Kind::Text),
    ("var.ms.k", Kind::Text),
    ("var.ms[\"a\"]", Kind::Text),
    ("local.t.set_of_lists", Kind::Set),
    ("local.t.set_of_objects", Kind::Set),
    ("local.t.map_of_lists", Kind::Object),
    ("local.t.list_of_maps", Kind::List),
    ("local.t.numbers", Kind::Numbers),
    ("local.t.truths", Kind::List),
    ("local.t.deep", Kind::Object),
    ("terraform_data.m[*].input", Kind::Texts),
    ("terraform_data.e", Kind::Object),
    ("terraform_data.m", Kind::List),
    ("path.module", Kind::Text),
    ("terraform.workspace", Kind::Text),
];

/// Expressions that Terraform knows after apply only, or in part.
const UNKNOWNS: &[(&str, Kind)] = &[
    ("local.u", Kind::Text),
    ("local.id", Kind::Text),
    ("tostring(local.u)", Kind::Text),
    ("tonumber(local.u)", Kind::Number),
    ("tobool(local.u)", Kind::Bool),
    ("(local.id == \"x\")", Kind::Bool),
    ("tonumber(local.id)", Kind::Number),
    ("split(\",\", local.id)", Kind::Texts),
    ("jsondecode(local.u)", Kind::Any),
    ("tolist(jsondecode(local.u))", Kind::List),
    ("toset(jsondecode(local.u))", Kind::Set),
    ("toset(split(\",\", local.id))", Kind::Set),
    ("tomap(jsondecode(local.u))", Kind::Object),
    ("terraform_data.m[*].id", Kind::Texts),
    ("terraform_data.m[*].output", Kind::List),
    ("[local.id, \"b\"]", Kind::Texts),
    ("{ a = local.u, b = 1 }", Kind::Object),
    ("\"pre-${local.id}\"", Kind::Text),
    ("toset([\"a\", local.id])", Kind::Set),
    ("terraform_data.u", Kind::Object),
    ("[1, local.u]", Kind::List),
];

const MARKED: &[(&str, Kind)] = &[
    ("sensitive(\"a\")", Kind::Text),
    ("sensitive(1)", Kind::Number),
    ("sensitive(true)", Kind::Bool),
    ("sensitive([\"a\", \"b\"])", Kind::Texts),
    ("[sensitive(\"a\"), \"b\"]", Kind::Texts),
    ("{ a = sensitive(1), b = 2 }", Kind::Object),
    ("sensitive({ a = 1 })", Kind::Object),
    ("toset([sensitive(\"a\")])", Kind::Set),
    ("sensitive(local.id)", Kind::Text),
    ("sensitive(null)", Kind::Any),
];

impl<'r> Grower<'r> {
    /// Makes expressions by these choices.
    pub fn new(random: &'r mut Random, is_known: bool) -> Grower<'r> {
        Grower {
            random,
            names: Vec::new(),
            is_known,
        }
    }

    /// An expression of any kind.
    pub fn any(&mut self) -> Node {
        let depth = self.random.of(&[1, 2, 2, 3, 3, 4]);
        if self.random.percent(55) {
            return self.call(None, depth);
        }
        let kind = self.random.of(KINDS);
        self.grow(kind, depth)
    }

    fn grow(&mut self, kind: Kind, depth: usize) -> Node {
        let kind = match kind {
            Kind::Any => self.random.of(KINDS),
            kind => kind,
        };
        // What somebody did not expect.
        match self.random.below(100) {
            0..=1 => return Node::text("null"),
            2..=5 if !self.is_known => return self.of(UNKNOWNS, kind),
            6..=7 => return self.of(MARKED, kind),
            8..=9 if depth > 0 => {
                let kind = self.random.of(KINDS);
                return self.grow(kind, depth - 1);
            }
            _ => {}
        }
        if depth == 0 || self.random.percent(15) {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        match self.random.below(24) {
            0..=5 => return self.call(Some(kind), depth),
            6 => return self.conditional(kind, depth),
            7 => return self.parenthesised(kind, depth),
            8 => return self.element(kind, depth),
            9 => {
                let first = self.grow(kind, depth);
                let second = self.grow(kind, depth);
                let fails = self
                    .random
                    .pick(&["local.o.nope", "tonumber(\"x\")", "[][0]"]);
                let fails = Node::text(fails);
                let items =
                    self.random
                        .of(&[vec![first.clone()], vec![fails, second], vec![first]]);
                return called("try", items);
            }
            10 => {
                let name = self.random.pick(&["sensitive", "nonsensitive"]);
                let inner = self.grow(kind, depth);
                return called(name, vec![inner]);
            }
            _ => {}
        }
        match kind {
            Kind::Text => match self.random.below(8) {
                0..=4 => self.template(depth),
                5 => self.heredoc(depth),
                _ => self.leaf(kind),
            },
            Kind::Number => self.arithmetic(depth),
            Kind::Bool => self.truth(depth),
            Kind::List | Kind::Texts | Kind::Numbers => match self.random.below(8) {
                0..=2 => self.sequence(kind, depth),
                3..=4 => self.for_list(kind, depth),
                5..=6 => self.splat(depth),
                _ => {
                    let inner = self.sequence(kind, depth);
                    called("tolist", vec![inner])
                }
            },
            Kind::Set => {
                let inner = self
                    .random
                    .of(&[Kind::List, Kind::Texts, Kind::Texts, Kind::Numbers]);
                let inner = self.grow(inner, depth);
                called("toset", vec![inner])
            }
            Kind::Object => match self.random.below(8) {
                0..=4 => self.object(depth),
                5..=6 => self.for_object(depth),
                _ => {
                    let inner = self.object(depth);
                    called("tomap", vec![inner])
                }
            },
            Kind::Any => self.leaf(kind),
        }
    }

    fn of(&mut self, all: &[(&'static str, Kind)], kind: Kind) -> Node {
        let fitting: Vec<&str> = all
            .iter()
            .filter(|(_, given)| *given == kind || *given == Kind::Any)
            .map(|(text, _)| *text)
            .collect();
        match fitting.is_empty() || self.random.percent(10) {
            true => Node::text(all[self.random.below(all.len())].0),
            false => Node::text(self.random.of(&fitting).to_owned()),
        }
    }

    fn leaf(&mut self, kind: Kind) -> Node {
        let bound: Vec<String> = self
            .names
            .iter()
            .filter(|(_, given)| *given == kind || *given == Kind::Any)
            .map(|(name, _)| name.clone())
            .collect();
        if !bound.is_empty() && self.random.percent(50) {
            return Node::text(self.random.of(&bound));
        }
        if self.random.percent(30) {
            return self.of(REFERENCES, kind);
        }
        match kind {
            Kind::Text => self.quoted(),
            Kind::Number => Node::text(self.random.pick(DIGITS)),
            Kind::Bool => Node::text(
                self.random
                    .pick(&["true", "false", "\"true\"", "\"false\""]),
            ),
            Kind::List | Kind::Texts | Kind::Numbers => self.sequence(kind, 0),
            Kind::Set => {
                let inner = self.random.of(&[Kind::Texts, Kind::Numbers]);
                let inner = self.sequence(inner, 0);
                called("toset", vec![inner])
            }
            Kind::Object => self.object(0),
            Kind::Any => Node::text("null"),
        }
    }

    fn quoted(&mut self) -> Node {
        if self.random.percent(75) {
            let word = self.random.pick(WORDS);
            return Node::text(format!("\"{word}\""));
        }
        let length = self.random.below(9);
        let pieces: &[&str] = &[
            "a", "b", "Z", "0", "9", " ", ",", ".", "-", "_", "/", ":", "\\n", "\\t", "é", "ü",
            "日", "\\\\", "\\\"", "=", "(", ")", "[", "]", "*", "+", "?", "#", "@", "<", "&", "'",
            "\\u0300", "😀",
        ];
        let text: String = (0..length).map(|_| self.random.pick(pieces)).collect();
        Node::text(format!("\"{text}\""))
    }

    fn parenthesised(&mut self, kind: Kind, depth: usize) -> Node {
        let inner = self.grow(kind, depth);
        let open = self.random.pick(&[
            "(",
            "(",
            "(\n",
            "( /* note */ ",
            "(\n  # note\n  ",
            "(\n  // note\n",
        ]);
        let close = self.random.pick(&[")", ")", "\n)", " )", " /* x */)"]);
        Node(vec![
            Part::Text(open.into()),
            Part::One(inner),
            Part::Text(close.into()),
        ])
    }

    /// An operand, mostly in parentheses.
    fn operand(&mut self, kind: Kind, depth: usize) -> Node {
        let inner = self.grow(kind, depth);
        match self.random.percent(75) {
            true => Node(vec!["(".into(), inner.into(), ")".into()]),
            false => inner,
        }
    }

    fn arithmetic(&mut self, depth: usize) -> Node {
        if self.random.percent(15) {
            let inner = self.operand(Kind::Number, depth);
            return Node(vec!["-".into(), inner.into()]);
        }
        let operator = self
            .random
            .pick(&[" + ", " - ", " * ", " / ", " % ", "+", "-", "*", "/", "%"]);
        let left = self.operand(Kind::Number, depth);
        let mut right = self.operand(Kind::Number, depth);
        // Dividing by zero gives what cannot be written down: seldom enough.
        if operator.trim() == "/"
            && right
                .written()
                .trim_matches(['(', ')', '"'])
                .starts_with(['0', 'n'])
        {
            right = Node::text("3");
        }
        Node(vec![left.into(), Part::Text(operator.into()), right.into()])
    }

    fn truth(&mut self, depth: usize) -> Node {
        match self.random.below(10) {
            0 => {
                let inner = self.operand(Kind::Bool, depth);
                Node(vec!["!".into(), inner.into()])
            }
            1..=2 => {
                let left = self.operand(Kind::Bool, depth);
                let right = self.operand(Kind::Bool, depth);
                let is_and = self.random.percent(50);
                Node(vec![Part::Logical(left.into(), is_and, right.into())])
            }
            3..=5 => {
                let operator = self.random.pick(&[" < ", " <= ", " > ", " >= ", "<", ">="]);
                let left = self.operand(Kind::Number, depth);
                let right = self.operand(Kind::Number, depth);
                Node(vec![left.into(), Part::Text(operator.into()), right.into()])
            }
            6 => {
                let inner = self.grow(Kind::Any, depth);
                let name = self.random.pick(&["can", "issensitive"]);
                called(name, vec![inner])
            }
            _ => {
                let kind = self.random.of(KINDS);
                let other = match self.random.percent(80) {
                    true => kind,
                    false => self.random.of(KINDS),
                };
                let operator = self.random.pick(&[" == ", " != "]);
                let left = self.operand(kind, depth);
                let right = match self.random.percent(25) {
                    true => left.clone(),
                    false => self.operand(other, depth),
                };
                Node(vec![left.into(), Part::Text(operator.into()), right.into()])
            }
        }
    }

    fn conditional(&mut self, kind: Kind, depth: usize) -> Node {
        let condition = self.operand(Kind::Bool, depth);
        let other = match self.random.percent(70) {
            true => kind,
            false => self.random.of(KINDS),
        };
        let then = self.grow(kind, depth);
        let otherwise = self.grow(other, depth);
        let nodes = [condition, then, otherwise];
        let [condition, then, otherwise] = nodes.map(Part::One);
        Node(vec![
            "(".into(),
            condition,
            " ? ".into(),
            then,
            " : ".into(),
            otherwise,
            ")".into(),
        ])
    }

    fn sequence(&mut self, kind: Kind, depth: usize) -> Node {
        let of = match kind {
            Kind::Texts => Kind::Text,
            Kind::Numbers => Kind::Number,
            _ if self.random.percent(50) => self.random.of(KINDS),
            _ => Kind::Any,
        };
        let length = self.random.of(&[0, 1, 2, 2, 3, 3, 4]);
        let items = (0..length).map(|_| self.grow(of, depth)).collect();
        let [open, between, close] = self.random.of(&[
            ["[", ", ", "]"],
            ["[", ", ", "]"],
            ["[\n", ",\n", ",\n]"],
            ["[ ", " , ", " ]"],
        ]);
        let close = if length == 0 { "]" } else { close };
        Node(vec![open.into(), Part::Many(between, items), close.into()])
    }

    fn object(&mut self, depth: usize) -> Node {
        let length = self.random.of(&[0, 1, 1, 2, 2, 3]);
        let of = match self.random.percent(50) {
            true => self.random.of(KINDS),
            false => Kind::Any,
        };
        let mut items = Vec::new();
        for _ in 0..length {
            let key = match self.random.below(10) {
                0 => {
                    let inner = self.grow(Kind::Text, depth);
                    Node(vec!["(".into(), inner.into(), ")".into()])
                }
                1 => self.quoted(),
                2 => Node::text(self.random.pick(&[
                    "1",
                    "\"${var.s}\"",
                    "true",
                    "null",
                    "for-x",
                    "if",
                    "in",
                    "é",
                ])),
                _ => Node::text(self.random.pick(&["a", "b", "c", "k", "x", "n", "p", "d"])),
            };
            let sign = self.random.pick(&[" = ", " = ", " : ", "="]);
            let value = self.grow(of, depth);
            items.push(Node(vec![
                key.into(),
                Part::Text(sign.into()),
                value.into(),
            ]));
        }
        let [open, between, close] = self.random.of(&[
            ["{ ", ", ", " }"],
            ["{", ",", "}"],
            ["{\n", "\n", "\n}"],
            ["{\n", ",\n", "\n}"],
        ]);
        Node(vec![open.into(), Part::Many(between, items), close.into()])
    }

    /// Something that can be iterated over, with the kinds of its keys and elements.
    fn collection(&mut self, depth: usize) -> (Node, Kind, Kind) {
        let kind = self.random.of(&[
            Kind::List,
            Kind::Texts,
            Kind::Numbers,
            Kind::Set,
            Kind::Object,
        ]);
        let node = self.grow(kind, depth);
        match kind {
            Kind::Texts => (node, Kind::Number, Kind::Text),
            Kind::Numbers => (node, Kind::Number, Kind::Number),
            Kind::Object => (node, Kind::Text, Kind::Any),
            _ => (node, Kind::Any, Kind::Any),
        }
    }

    /// `for k, v in …`, and what is made of its names.
    fn iteration(&mut self, depth: usize, inner: &mut dyn FnMut(&mut Self) -> Node) -> [Node; 3] {
        let (collection, key, value) = self.collection(depth);
        let outer = self.names.clone();
        let (k, v) = self
            .random
            .of(&[("k", "v"), ("i", "x"), ("a", "b"), ("_", "each_one")]);
        let names = match self.random.percent(50) {
            true => {
                self.names.push((k.to_owned(), key));
                format!("{k}, {v}")
            }
            false => v.to_owned(),
        };
        self.names.push((v.to_owned(), value));
        let body = inner(self);
        let filter = match self.random.percent(30) {
            true => {
                let condition = self.grow(Kind::Bool, depth);
                Node(vec![" if ".into(), condition.into()])
            }
            false => Node::text(""),
        };
        self.names = outer;
        let head = Node(vec![
            Part::Text(format!("for {names} in ").into()),
            collection.into(),
            " : ".into(),
        ]);
        [head, body, filter]
    }

    fn for_list(&mut self, kind: Kind, depth: usize) -> Node {
        let of = match kind {
            Kind::Texts => Kind::Text,
            Kind::Numbers => Kind::Number,
            _ => Kind::Any,
        };
        let [head, body, filter] = self.iteration(depth, &mut |grower| grower.grow(of, depth));
        Node(vec![
            "[".into(),
            head.into(),
            body.into(),
            filter.into(),
            "]".into(),
        ])
    }

    fn for_object(&mut self, depth: usize) -> Node {
        let groups = self.random.percent(30);
        let [head, body, filter] = self.iteration(depth, &mut |grower| {
            let key = grower.grow(Kind::Text, depth.min(1));
            let value = grower.grow(Kind::Any, depth);
            let dots = if groups { "..." } else { "" };
            Node(vec![key.into(), " => ".into(), value.into(), dots.into()])
        });
        Node(vec![
            "{".into(),
            head.into(),
            body.into(),
            filter.into(),
            "}".into(),
        ])
    }

    fn splat(&mut self, depth: usize) -> Node {
        let base = match self.random.below(6) {
            0 => Node::text("terraform_data.m"),
            1 => Node::text("var.lo"),
            2 => self.operand(Kind::Any, depth),
            3 => {
                let inner = self.sequence(Kind::List, depth);
                Node(vec!["(".into(), inner.into(), ")".into()])
            }
            4 => Node::text("values(terraform_data.e)"),
            _ => Node::text("[local.o, { a = 2, b = { c = [] } }]"),
        };
        let rest = self.random.pick(&[
            "[*]",
            ".*",
            "[*].n",
            ".*.n",
            "[*].a",
            ".*.a",
            "[*].b.c",
            "[*].b.c[0]",
            "[*].id",
            ".*.id",
            "[*].p",
            "[*][0]",
            ".*[0]",
            "[*].input",
            "[*].b.c[*]",
            ".*.b.c.*",
            "[*].output",
            "[*].b.c.0",
            ".*.b.c.0",
        ]);
        Node(vec![base.into(), Part::Text(rest.into())])
    }

    /// A part of a collection.
    fn element(&mut self, kind: Kind, depth: usize) -> Node {
        let of = match kind {
            Kind::Text => Kind::Texts,
            Kind::Number => Kind::Numbers,
            _ => Kind::List,
        };
        if self.random.percent(60) {
            let base = self.grow(of, depth);
            let base = Node(vec!["(".into(), base.into(), ")".into()]);
            return match self.random.below(5) {
                0 => Node(vec![base.into(), ".0".into()]),
                1 => {
                    let index = self.grow(Kind::Number, depth);
                    Node(vec![base.into(), "[".into(), index.into(), "]".into()])
                }
                2 => Node(vec![base.into(), "[\"0\"]".into()]),
                3 => Node(vec![base.into(), "[1]".into()]),
                _ => Node(vec![base.into(), "[0]".into()]),
            };
        }
        let base = self.grow(Kind::Object, depth);
        let base = Node(vec!["(".into(), base.into(), ")".into()]);
        match self.random.below(4) {
            0 => {
                let key = self.grow(Kind::Text, depth);
                Node(vec![base.into(), "[".into(), key.into(), "]".into()])
            }
            1 => Node(vec![base.into(), ".b".into()]),
            2 => Node(vec![base.into(), "[\"a\"]".into()]),
            _ => Node(vec![base.into(), ".a".into()]),
        }
    }

    /// Literal text of a template: in quotes or not.
    fn literal(&mut self, is_quoted: bool) -> Node {
        let quoted: &[&str] = &[
            "", " ", "a", "x y", "-", "\\n", " \\n ", "\\\"", "b", "z$", "%q", "$${x", "é",
            "\\u0041", "  ", "/", ": ", ",", "=", "#",
        ];
        let plain: &[&str] = &[
            "", " ", "a", "x y", "-", "\n", " \n ", "\"", "z$", "%q", "%%{x", "é", "\\n", "\t",
            "  ", "\n\n", "\n    b", ",", "\n c",
        ];
        Node::text(self.random.pick(if is_quoted { quoted } else { plain }))
    }

    /// Literals, interpolations and directives.
    fn pieces(&mut self, is_quoted: bool, depth: usize) -> Node {
        let count = self.random.of(&[1, 2, 2, 3, 4]);
        let mut pieces = Vec::new();
        for _ in 0..count {
            pieces.push(self.literal(is_quoted));
            let [left, right] = [(); 2].map(|()| self.random.pick(&["", "", "", "~"]));
            match self.random.below(if depth > 0 { 10 } else { 6 }) {
                0 => {}
                1..=6 => {
                    let kind = self.random.of(&[
                        Kind::Text,
                        Kind::Text,
                        Kind::Number,
                        Kind::Bool,
                        Kind::Any,
                    ]);
                    let inner = self.grow(kind, depth.saturating_sub(1));
                    pieces.push(Node(vec![
                        Part::Text(format!("${{{left}").into()),
                        inner.into(),
                        Part::Text(format!("{right}}}").into()),
                    ]));
                }
                7..=8 => {
                    let condition = self.grow(Kind::Bool, depth - 1);
                    let then = self.pieces(is_quoted, depth - 1);
                    let mut parts: Vec<Part> = vec![
                        Part::Text(format!("%{{{left} if ").into()),
                        condition.into(),
                        Part::Text(format!(" {right}}}").into()),
                        then.into(),
                    ];
                    if self.random.percent(50) {
                        parts.push(Part::Text(format!("%{{{right} else {left}}}").into()));
                        parts.push(self.pieces(is_quoted, depth - 1).into());
                    }
                    parts.push(Part::Text(format!("%{{{left} endif {right}}}").into()));
                    pieces.push(Node(parts));
                }
                _ => {
                    let (collection, key, value) = self.collection(depth - 1);
                    let outer = self.names.clone();
                    let names = match self.random.percent(50) {
                        true => "k, v",
                        false => "v",
                    };
                    self.names.push(("v".to_owned(), value));
                    if names.len() > 1 {
                        self.names.push(("k".to_owned(), key));
                    }
                    let body = self.pieces(is_quoted, depth - 1);
                    self.names = outer;
                    pieces.push(Node(vec![
                        Part::Text(format!("%{{{left} for {names} in ").into()),
                        collection.into(),
                        Part::Text(format!(" {right}}}").into()),
                        body.into(),
                        Part::Text(format!("%{{{right} endfor {left}}}").into()),
                    ]));
                }
            }
        }
        pieces.push(self.literal(is_quoted));
        Node(vec![Part::Many("", pieces)])
    }

    fn template(&mut self, depth: usize) -> Node {
        let pieces = self.pieces(true, depth);
        Node(vec!["\"".into(), pieces.into(), "\"".into()])
    }

    fn heredoc(&mut self, depth: usize) -> Node {
        let pieces = self.pieces(false, depth);
        let (open, indent, close) = self.random.of(&[
            ("<<EOT\n", "", "\nEOT\n"),
            ("<<-EOT\n", "  ", "\n  EOT\n"),
            ("<<-E_1\n    ", "    ", "\n    E_1\n"),
        ]);
        // In parentheses the line end after the marker does no harm.
        Node(vec![
            "(".into(),
            open.into(),
            indent.into(),
            pieces.into(),
            close.into(),
            ")".into(),
        ])
    }

    /// A call of a function that gives what is wanted, or of any.
    fn call(&mut self, kind: Option<Kind>, depth: usize) -> Node {
        let fitting: Vec<usize> = (0..FUNCTIONS.len())
            .filter(|at| {
                kind.is_none_or(|kind| {
                    FUNCTIONS[*at].gives == kind || FUNCTIONS[*at].gives == Kind::Any
                })
            })
            .collect();
        let function = &FUNCTIONS[self.random.of(&fitting)];
        let mut takes: Vec<Takes> = function.takes.to_vec();
        if let Some(rest) = function.rest {
            let more = self.random.of(&[0, 1, 1, 2, 3]);
            takes.extend(std::iter::repeat_n(rest, more));
        }
        if self.random.percent(2) {
            takes.pop();
        } else if self.random.percent(2) {
            takes.push(Takes::Of(Kind::Any));
        }
        let mut arguments: Vec<Node> = takes
            .iter()
            .map(|takes| self.argument(*takes, depth.saturating_sub(1)))
            .collect();
        let mut dots = "";
        if !arguments.is_empty() && self.random.percent(4) {
            dots = "...";
            let from = self.random.below(arguments.len());
            let rest = arguments.split_off(from);
            let list = Node(vec!["[".into(), Part::Many(", ", rest), "]".into()]);
            let list = match self.random.below(6) {
                0 => called("tolist", vec![list]),
                1 => called("toset", vec![list]),
                2 => self.grow(Kind::Any, 1),
                _ => list,
            };
            arguments.push(list);
        }
        let name = match self.random.percent(4) && !function.name.contains(':') {
            true => format!("core::{}", function.name),
            false => function.name.to_owned(),
        };
        let [open, between, close] = self.random.of(&[
            ["(", ", ", ")"],
            ["(", ", ", ")"],
            ["(", ",", ")"],
            ["(\n", ",\n", "\n)"],
        ]);
        Node(vec![
            Part::Text(format!("{name}{open}").into()),
            Part::Many(between, arguments),
            Part::Text(format!("{dots}{close}").into()),
        ])
    }

    fn argument(&mut self, takes: Takes, depth: usize) -> Node {
        match self.random.below(100) {
            0..=2 => return self.grow(Kind::Any, depth),
            3 => return Node::text("null"),
            4..=5 if !self.is_known => return Node::text("local.u"),
            _ => {}
        }
        match takes {
            Takes::Of(kind) => self.grow(kind, depth),
            Takes::One(texts) => match self.random.percent(88) {
                true => Node::text(self.random.pick(texts)),
                false => self.grow(Kind::Text, depth),
            },
            Takes::Either(kind, texts) => match self.random.percent(60) {
                true => Node::text(self.random.pick(texts)),
                false => self.grow(kind, depth),
            },
        }
    }
}

impl From<Node> for Part {
    fn from(node: Node) -> Part {
        Part::One(node)
    }
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Part {
        Part::Text(text.into())
    }
}

fn called(name: &'static str, arguments: Vec<Node>) -> Node {
    Node(vec![
        name.into(),
        "(".into(),
        Part::Many(", ", arguments),
        ")".into(),
    ])
}
