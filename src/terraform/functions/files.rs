//! Functions that read files. Nothing outside the folders that `Files` shows is read, and only regular files.

use base64::Engine as _;

use super::{Call, Function, Needs, Outcome, row, text_of};
use crate::source::files::{join, normalise};
use crate::source::{EntryKind, FileEntry};
use crate::value::{ListKind, Reason, Value};

/// Bytes of the largest file that a function reads.
const LARGEST: usize = 4 << 20;
/// Folders that `fileset` looks into.
const MOST_FOLDERS: usize = 10_000;

pub(super) const TABLE: &[Function] = &[
    row("abspath", (1, 1), Needs::Known, |_, c| {
        Ok(Value::unknown(
            Reason::Environment("abspath".into()),
            c.site,
        ))
    }),
    row("basename", (1, 1), Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        let trimmed = path.trim_end_matches('/');
        Ok(Value::text(
            trimmed.rsplit('/').next().unwrap_or(trimmed),
            c.site,
        ))
    }),
    row("dirname", (1, 1), Needs::Known, |a, c| {
        let path = text_of(&a[0])?;
        let folder = match path.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((folder, _)) => folder,
            None => ".",
        };
        Ok(Value::text(folder, c.site))
    }),
    row("file", (1, 1), Needs::Known, |a, c| {
        match read(&text_of(&a[0])?, c)? {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Value::text(text, c.site)),
                Err(_) => Err("the file is not UTF-8 text; `filebase64` reads any file".to_owned()),
            },
            Err(unknown) => Ok(unknown),
        }
    }),
    row("filebase64", (1, 1), Needs::Known, |a, c| {
        let read = read(&text_of(&a[0])?, c)?;
        let encode = |bytes| {
            Value::text(
                base64::engine::general_purpose::STANDARD.encode::<Vec<u8>>(bytes),
                c.site,
            )
        };
        Ok(read.map_or_else(|unknown| unknown, encode))
    }),
    row("fileexists", (1, 1), Needs::Known, |a, c| {
        let path = path_of(&text_of(&a[0])?, c);
        Ok(Value::bool(
            c.files.kind(&path) == Some(EntryKind::File),
            c.site,
        ))
    }),
    row("fileset", (2, 2), Needs::Known, fileset),
    row("filemd5", (1, 1), Needs::Known, |a, c| {
        hashed::<md5::Md5>(&a[0], c)
    }),
    row("filesha1", (1, 1), Needs::Known, |a, c| {
        hashed::<sha1::Sha1>(&a[0], c)
    }),
    row("filesha256", (1, 1), Needs::Known, |a, c| {
        hashed::<sha2::Sha256>(&a[0], c)
    }),
    row("filesha512", (1, 1), Needs::Known, |a, c| {
        hashed::<sha2::Sha512>(&a[0], c)
    }),
    row("filebase64sha256", (1, 1), Needs::Known, |a, c| {
        hashed_base64::<sha2::Sha256>(&a[0], c)
    }),
    row("filebase64sha512", (1, 1), Needs::Known, |a, c| {
        hashed_base64::<sha2::Sha512>(&a[0], c)
    }),
];

fn path_of(path: &str, call: Call<'_>) -> String {
    if path.starts_with('/') {
        normalise(path)
    } else {
        join(call.folder, path)
    }
}

/// The bytes of a file, or why they are unknown.
///
/// # Errors
/// There is no such file: Terraform would stop.
fn read(path: &str, call: Call<'_>) -> Result<Result<Vec<u8>, Value>, String> {
    let unknown = || Value::unknown(Reason::File(path.into()), call.site);
    if path.starts_with(['/', '~']) {
        // Another machine's files say nothing about the deployment.
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
    let pattern = glob::Pattern::new(&pattern)
        .map_err(|error| format!("the pattern is not valid: {error}"))?;
    let root = path_of(&folder, call);
    let options = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::new()
    };
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
                EntryKind::File if pattern.matches_with(&path, options) => names.push(path),
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
