//! Functions that read files. Nothing outside the folders that `Files` shows is read, and only regular files.

use base64::Engine as _;

use super::Takes::Text as Str;
use super::{Call, Function, Needs, Outcome, gives, row, text_of};
use crate::source::files::{is_below, join, normalise};
use crate::source::{EntryKind, FileEntry};
use crate::value::{ListKind, Reason, Value};

/// Bytes of the largest file that a function reads.
const LARGEST: usize = 4 << 20;
/// Folders that `fileset` looks into.
const MOST_FOLDERS: usize = 10_000;

pub(super) const TABLE: &[Function] = &[
    row("abspath", &[Str], Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        match c.working_folder {
            _ if path.starts_with('/') => Ok(Value::text(normalise(&path), c.site)),
            Some(folder) => Ok(Value::text(join(folder, &path), c.site)),
            None => Ok(Value::unknown(
                Reason::Environment("abspath".into()),
                c.site,
            )),
        }
    })
    .giving(gives::text),
    row("basename", &[Str], Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        let trimmed = path.trim_end_matches('/');
        let name = match (path.is_empty(), trimmed.rsplit('/').next()) {
            (true, _) => ".",
            (false, None | Some("")) => "/",
            (false, Some(name)) => name,
        };
        Ok(Value::text(name, c.site))
    })
    .giving(gives::text),
    row("dirname", &[Str], Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        let folder = match path.rsplit_once('/') {
            Some(("", _)) => "/".to_owned(),
            Some((folder, _)) => normalise(folder),
            None => ".".to_owned(),
        };
        Ok(Value::text(folder, c.site))
    })
    .giving(gives::text),
    row("pathexpand", &[Str], Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        if let Some(rest) = path.strip_prefix('~') {
            if !(rest.is_empty() || rest.starts_with(['/', '\\'])) {
                return Err("the home of another user cannot be told".to_owned());
            }
            // Whose home it is depends on who runs Terraform.
            return Ok(Value::unknown(
                Reason::Environment("pathexpand".into()),
                c.site,
            ));
        }
        Ok(Value::text(path, c.site))
    })
    .giving(gives::text),
    row("file", &[Str], Needs::Known, |a, c| {
        match read(&text_of(&a[0])?, c)? {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(content) => super::text(&content, c),
                Err(_) => Err("the file is not UTF-8 text; `filebase64` reads any file".to_owned()),
            },
            Err(unknown) => Ok(unknown),
        }
    })
    .giving(gives::text),
    row("filebase64", &[Str], Needs::Known, |a, c| {
        let read = read(&text_of(&a[0])?, c)?;
        let encode = |bytes| {
            Value::text(
                base64::engine::general_purpose::STANDARD.encode::<Vec<u8>>(bytes),
                c.site,
            )
        };
        Ok(read.map_or_else(|unknown| unknown, encode))
    })
    .giving(gives::text),
    row("fileexists", &[Str], Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        if is_outside(&path, c) {
            return Ok(Value::unknown(Reason::File(path.into()), c.site));
        }
        match c.files.kind(&path_of(&path, c)) {
            Some(EntryKind::File) => Ok(Value::bool(true, c.site)),
            Some(_) => Err(format!("\"{path}\" is no regular file")),
            None => Ok(Value::bool(false, c.site)),
        }
    })
    .giving(gives::truth),
    row("fileset", &[Str, Str], Needs::Known, fileset).giving(gives::set_of_texts),
    row("filemd5", &[Str], Needs::Known, |a, c| {
        hashed::<md5::Md5>(&a[0], c)
    })
    .giving(gives::text),
    row("filesha1", &[Str], Needs::Known, |a, c| {
        hashed::<sha1::Sha1>(&a[0], c)
    })
    .giving(gives::text),
    row("filesha256", &[Str], Needs::Known, |a, c| {
        hashed::<sha2::Sha256>(&a[0], c)
    })
    .giving(gives::text),
    row("filesha512", &[Str], Needs::Known, |a, c| {
        hashed::<sha2::Sha512>(&a[0], c)
    })
    .giving(gives::text),
    row("filebase64sha256", &[Str], Needs::Known, |a, c| {
        hashed_base64::<sha2::Sha256>(&a[0], c)
    })
    .giving(gives::text),
    row("filebase64sha512", &[Str], Needs::Known, |a, c| {
        hashed_base64::<sha2::Sha512>(&a[0], c)
    })
    .giving(gives::text),
];

fn path_of(path: &str, call: Call<'_>) -> String {
    if path.starts_with('/') {
        normalise(path)
    } else {
        join(call.folder, path)
    }
}

/// Whether a path leads out of the folder that bounds what is read. Files of the machine say nothing about the deployment,
/// and foreign code must not read what it likes.
fn is_outside(path: &str, call: Call<'_>) -> bool {
    let Some(outermost) = call.outermost else {
        return path.starts_with(['/', '~']);
    };
    path.starts_with('~') || !is_below(outermost, &resolved(&path_of(path, call), call))
}

/// A path with links resolved; where it does not exist, with those of the folder that does.
fn resolved(path: &str, call: Call<'_>) -> String {
    let mut folder = path;
    let mut rest = String::new();
    while call.files.kind(folder).is_none() {
        let Some((parent, name)) = folder.rsplit_once('/') else {
            return join(&call.files.resolve("."), path);
        };
        rest = match rest.is_empty() {
            true => name.to_owned(),
            false => format!("{name}/{rest}"),
        };
        folder = if parent.is_empty() { "/" } else { parent };
    }
    join(&call.files.resolve(folder), &rest)
}

/// The bytes of a file, or why they are unknown.
///
/// # Errors
/// There is no such file: Terraform would stop.
fn read(path: &str, call: Call<'_>) -> Result<Result<Vec<u8>, Value>, String> {
    let unknown = || Value::unknown(Reason::File(path.into()), call.site);
    if is_outside(path, call) {
        return Ok(Err(unknown()));
    }
    let place = path_of(path, call);
    match call.files.kind(&place) {
        Some(EntryKind::File) => {}
        Some(_) => return Err(format!("\"{path}\" is no regular file")),
        None => return Err(format!("there is no file \"{path}\"")),
    }
    Ok(call
        .files
        .read(&place)
        .map_err(|_| unknown())
        .and_then(|bytes| {
            if bytes.len() > LARGEST {
                Err(Value::unknown(Reason::Limit("size of a file"), call.site))
            } else {
                Ok(bytes)
            }
        }))
}

fn hashed<D: md5::Digest>(path: &Value, call: Call<'_>) -> Outcome {
    let digest = |bytes: Vec<u8>| {
        let text: String = D::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Value::text(text, call.site)
    };
    Ok(read(&text_of(path)?, call)?.map_or_else(|unknown| unknown, digest))
}

fn hashed_base64<D: md5::Digest>(path: &Value, call: Call<'_>) -> Outcome {
    let digest = |bytes: Vec<u8>| {
        Value::text(
            base64::engine::general_purpose::STANDARD.encode(D::digest(bytes)),
            call.site,
        )
    };
    Ok(read(&text_of(path)?, call)?.map_or_else(|unknown| unknown, digest))
}

fn fileset(arguments: &[Value], call: Call<'_>) -> Outcome {
    let (folder, pattern) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    let patterns: Vec<Vec<String>> = alternatives(&pattern)?
        .iter()
        .map(|pattern| pattern.split('/').map(str::to_owned).collect())
        .collect();
    if is_outside(&folder, call) {
        return Ok(Value::unknown(Reason::File(folder.into()), call.site));
    }
    let root = path_of(&folder, call);
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    let mut visited = 0;
    while let Some(inner) = folders.pop() {
        visited += 1;
        if visited > MOST_FOLDERS || inner.matches('/').count() > 32 {
            return Ok(Value::unknown(
                Reason::Limit("folders of `fileset`"),
                call.site,
            ));
        }
        for FileEntry { name, kind } in call.files.list(&join(&root, &inner)).unwrap_or_default() {
            let path = if inner.is_empty() {
                name
            } else {
                format!("{inner}/{name}")
            };
            match kind {
                EntryKind::Directory => folders.push(path),
                EntryKind::File => {
                    let parts: Vec<&str> = path.split('/').collect();
                    if patterns.iter().any(|pattern| fits(pattern, &parts)) {
                        names.push(path);
                    }
                }
                _ => {}
            }
        }
    }
    names.sort();
    let items = names
        .into_iter()
        .map(|name| Value::text(name, call.site))
        .collect();
    let list = crate::value::List::new(ListKind::Set, items);
    Ok(Value::new(crate::value::Data::List(list), call.site))
}

/// A pattern with its `{a,b}` written out.
fn alternatives(pattern: &str) -> Result<Vec<String>, String> {
    const MOST: usize = 1_000;
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(pattern) = open.pop() {
        let Some((start, end, parts)) = braces(&pattern)? else {
            done.push(pattern);
            continue;
        };
        for part in parts {
            open.push(format!("{}{part}{}", &pattern[..start], &pattern[end..]));
        }
        if open.len() + done.len() > MOST {
            return Err("the pattern has too many alternatives".to_owned());
        }
    }
    Ok(done)
}

/// The first pair of braces: where it starts and ends, and what is between its commas.
fn braces(pattern: &str) -> Result<Option<(usize, usize, Vec<String>)>, String> {
    let mut depth = 0;
    let mut start = 0;
    let mut parts = vec![String::new()];
    let mut characters = pattern.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => {
                if let (Some((_, escaped)), true) = (characters.next(), depth > 0) {
                    parts
                        .last_mut()
                        .into_iter()
                        .for_each(|part| part.extend(['\\', escaped]));
                }
                continue;
            }
            '{' => {
                depth += 1;
                if depth == 1 {
                    start = at;
                    continue;
                }
            }
            '}' if depth == 1 => return Ok(Some((start, at + 1, parts))),
            '}' if depth > 1 => depth -= 1,
            ',' if depth == 1 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth > 0 {
            parts.last_mut().into_iter().for_each(|part| part.push(c));
        }
    }
    match depth {
        0 => Ok(None),
        _ => Err("the pattern is not valid: a brace is not closed".to_owned()),
    }
}

/// Whether a path fits a pattern, part by part; `**` stands for any number of folders.
fn fits(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            // At the end it stands for everything below.
            if rest.is_empty() {
                return !path.is_empty();
            }
            fits(rest, path) || (!path.is_empty() && fits(pattern, &path[1..]))
        }
        (Some((first, rest)), Some((name, below))) => {
            let (first, name): (Vec<char>, Vec<char>) =
                (first.chars().collect(), name.chars().collect());
            part_fits(&first, &name) && fits(rest, below)
        }
        _ => false,
    }
}

fn part_fits(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return name.is_empty();
    };
    match first {
        '*' => (0..=name.len()).any(|length| part_fits(rest, &name[length..])),
        _ if name.is_empty() => false,
        '?' => part_fits(rest, &name[1..]),
        '\\' => match rest.split_first() {
            Some((escaped, rest)) => *escaped == name[0] && part_fits(rest, &name[1..]),
            None => false,
        },
        '[' => {
            let Some(close) = rest.iter().skip(1).position(|c| *c == ']') else {
                return false;
            };
            let (inside, after) = (&rest[..=close], &rest[close + 2..]);
            let (is_negated, inside) = match inside.first() {
                Some('^' | '!') => (true, &inside[1..]),
                _ => (false, inside),
            };
            let mut is_in = false;
            let mut at = 0;
            while at < inside.len() {
                if at + 2 < inside.len() && inside[at + 1] == '-' {
                    is_in |= (inside[at]..=inside[at + 2]).contains(&name[0]);
                    at += 3;
                } else {
                    is_in |= inside[at] == name[0];
                    at += 1;
                }
            }
            is_in != is_negated && part_fits(after, &name[1..])
        }
        c => *c == name[0] && part_fits(rest, &name[1..]),
    }
}
