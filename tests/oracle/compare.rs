//! Both sides beside each other: expressions in, those on which onus and Terraform disagree out.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::json::Json;
use super::recorded::{self, Worth};
use super::terraform::{Planned, Terraform};

/// What the two make of one expression.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Terraform's value, or why it refuses.
    pub terraform: Result<Planned, String>,
    /// onus's value.
    pub onus: Worth,
    /// What onus says where it finds a fault.
    pub said: Option<String>,
    /// Whether onus did not read a file because of where it is.
    pub reads_outside: bool,
    /// Why a difference is no fault.
    pub excuse: Option<&'static str>,
}

impl Verdict {
    /// Terraform's side as the recordings write it.
    pub fn expected(&self) -> Worth {
        match &self.terraform {
            Ok(planned) => planned.worth.clone(),
            Err(_) => Worth::Error,
        }
    }

    /// Whether both say the same.
    pub fn agrees(&self) -> bool {
        self.expected().is_same(&self.onus)
    }

    /// In which way they disagree: shrinking keeps to it.
    pub fn class(&self) -> &'static str {
        match (&self.expected(), &self.onus) {
            _ if self.agrees() => "agrees",
            (Worth::Error, _) => "Terraform refuses",
            (_, Worth::Error) => "onus refuses",
            (Worth::Unknown, _) => "Terraform does not know",
            (_, Worth::Unknown) => "onus does not know",
            _ => "differs",
        }
    }
}

/// The surroundings and files of expressions, and a folder for Terraform.
pub struct Bench {
    terraform: Terraform,
    files: Vec<(String, Vec<u8>)>,
}

impl Bench {
    /// A bench whose folder has a name.
    pub fn new(name: &str) -> io::Result<Bench> {
        Ok(Bench {
            terraform: Terraform::new(name)?,
            files: recorded::files(),
        })
    }

    /// What both make of expressions.
    pub fn verdicts(&mut self, expressions: &[String]) -> io::Result<Vec<Verdict>> {
        let ours = self.onus(expressions);
        let theirs = self
            .terraform
            .evaluate(recorded::SURROUNDINGS, &self.files, expressions)?;
        Ok(theirs
            .into_iter()
            .zip(ours)
            .map(|(terraform, (onus, said, reads_outside))| Verdict {
                terraform,
                onus,
                said,
                reads_outside,
                excuse: None,
            })
            .collect())
    }

    /// What Terraform makes of expressions.
    pub fn terraform(
        &mut self,
        expressions: &[String],
    ) -> io::Result<Vec<Result<Planned, String>>> {
        self.terraform
            .evaluate(recorded::SURROUNDINGS, &self.files, expressions)
    }

    /// What onus makes of expressions, and what it says of them. One on which it panics does not spoil the others.
    pub fn onus(&self, expressions: &[String]) -> Vec<(Worth, Option<String>, bool)> {
        let evaluated = AssertUnwindSafe(|| self.evaluated(expressions));
        match (catch_unwind(evaluated), expressions) {
            (Ok(all), _) => all,
            (Err(_), [_]) => vec![(Worth::Scalar("panic".to_owned()), None, false)],
            (Err(_), all) => {
                let (first, second) = all.split_at(all.len() / 2);
                [self.onus(first), self.onus(second)].concat()
            }
        }
    }

    fn evaluated(&self, expressions: &[String]) -> Vec<(Worth, Option<String>, bool)> {
        let folder = self.terraform.folder().to_string_lossy().into_owned();
        let found = recorded::evaluated(expressions, &self.files, Some(folder));
        let found = found.into_iter();
        found
            .map(|one| (one.worth, one.said, one.reads_outside))
            .collect()
    }
}

/// A type as Terraform's JSON writes types, in one line.
pub fn described(of: &Json) -> String {
    match of {
        Json::Text(name) => name.clone(),
        Json::List(parts) => match parts.as_slice() {
            [kind, Json::List(items)] => {
                let items: Vec<String> = items.iter().map(described).collect();
                format!("{}({})", described(kind), items.join(", "))
            }
            [kind, Json::Object(members)] => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, of)| format!("{name}={}", described(of)))
                    .collect();
                format!("{}({})", described(kind), members.join(", "))
            }
            [kind, of] => format!("{}({})", described(kind), described(of)),
            _ => "?".to_owned(),
        },
        _ => "?".to_owned(),
    }
}
