//! JSON as Terraform prints it: text in, a tree out whose numbers keep every digit.

use std::collections::BTreeMap;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, and what an absent member is.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a document; none if it is none.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { text, at: 0 };
        reader.value()
    }

    /// A member of an object; null if there is none.
    pub fn get(&self, name: &str) -> &Json {
        match self {
            Json::Object(members) => members.get(name).unwrap_or(&Json::Null),
            _ => &Json::Null,
        }
    }

    /// An element of an array; null if there is none.
    pub fn at(&self, position: usize) -> &Json {
        self.items().get(position).unwrap_or(&Json::Null)
    }

    /// The elements of an array.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    /// The members of an object.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Json)> {
        let members = match self {
            Json::Object(members) => Some(members),
            _ => None,
        };
        let members = members.into_iter().flatten();
        members.map(|(name, member)| (name.as_str(), member))
    }

    /// A string's text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        *self == Json::Bool(true)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.skip_space();
        self.rest().starts_with(token).then(|| {
            self.at += token.len();
        })
    }

    fn value(&mut self) -> Option<Json> {
        self.skip_space();
        match self.rest().bytes().next()? {
            b'n' => self.take("null").map(|()| Json::Null),
            b't' => self.take("true").map(|()| Json::Bool(true)),
            b'f' => self.take("false").map(|()| Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => {
                self.take("[")?;
                let mut items = Vec::new();
                while self.take("]").is_none() {
                    if !items.is_empty() {
                        self.take(",")?;
                    }
                    items.push(self.value()?);
                }
                Some(Json::List(items))
            }
            b'{' => {
                self.take("{")?;
                let mut members = BTreeMap::new();
                while self.take("}").is_none() {
                    if !members.is_empty() {
                        self.take(",")?;
                    }
                    self.skip_space();
                    let name = self.string()?;
                    self.take(":")?;
                    members.insert(name, self.value()?);
                }
                Some(Json::Object(members))
            }
            _ => {
                let is_end = |c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-');
                let rest = self.rest();
                let end = rest.find(is_end).unwrap_or(rest.len());
                let number = rest.get(..end).filter(|number| !number.is_empty())?;
                let number = number.to_owned();
                self.at += end;
                Some(Json::Number(number))
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut is_escaped = false;
        let end = rest.bytes().enumerate().skip(1).find(|(_, byte)| {
            let is_end = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            is_end
        })?;
        let text = serde_json::from_str(rest.get(..=end.0)?).ok()?;
        self.at += end.0 + 1;
        Some(text)
    }
}
