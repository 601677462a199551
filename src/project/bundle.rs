//! Which files belong to an Elastic Beanstalk source bundle: paths in, the bundle's stack out.
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions.html>

use std::collections::{BTreeMap, BTreeSet};

/// The folder of configuration files.
pub const EXTENSIONS: &str = ".ebextensions";
/// The folder of the EB CLI.
pub const CLI_FOLDER: &str = ".elasticbeanstalk";
/// The environment manifest
/// (<https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/environment-cfg-manifest.html>).
pub const MANIFEST: &str = "env.yaml";
/// What saved configurations and manifests start with.
const MARK: &str = "AWSConfigurationTemplateVersion";

/// What a file is to the bundle that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundlePart {
    /// `.ebextensions/x.config`
    Extension,
    /// `.elasticbeanstalk/saved_configs/x.cfg.yml`
    SavedConfiguration,
    /// `env.yaml`, if it holds what a manifest holds.
    Manifest,
}

impl BundlePart {
    /// What a file of this path is, with the folder of the application (empty for the starting folder).
    pub fn of(path: &str) -> Option<(&str, BundlePart)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == MANIFEST {
            return Some((folder, BundlePart::Manifest));
        }
        if name.ends_with(".config") {
            return Some((above(folder, EXTENSIONS)?, BundlePart::Extension));
        }
        if name.ends_with(".cfg.yml") {
            let folder = above(folder, "saved_configs")?;
            let part = BundlePart::SavedConfiguration;
            return Some((above(folder, CLI_FOLDER)?, part));
        }
        None
    }

    /// Whether a file with this text is what its path says.
    pub fn is_held_by(self, text: &str) -> bool {
        self != BundlePart::Manifest || text.contains(MARK)
    }

    fn place(self) -> &'static str {
        match self {
            BundlePart::Extension => EXTENSIONS,
            BundlePart::SavedConfiguration => CLI_FOLDER,
            BundlePart::Manifest => MANIFEST,
        }
    }
}

/// The folder of the application, if the path of a stack is that of a bundle.
pub fn application_of(stack: &str) -> Option<&str> {
    [EXTENSIONS, CLI_FOLDER, MANIFEST]
        .iter()
        .find_map(|place| above(stack, place))
}

/// `a/b` above `a/b/name`.
fn above<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    let folder = path.strip_suffix(name)?;
    if folder.is_empty() {
        return Some("");
    }
    folder.strip_suffix('/')
}

/// The bundles that are found, each under the part that says most of it.
#[derive(Debug, Default)]
pub(super) struct Bundles<'p>(BTreeMap<&'p str, BTreeSet<BundlePart>>);

impl<'p> Bundles<'p> {
    pub(super) fn add(&mut self, application: &'p str, part: BundlePart) {
        self.0.entry(application).or_default().insert(part);
    }

    /// The paths of their stacks.
    pub(super) fn stacks(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|(application, parts)| {
            let place = parts.first()?.place();
            Some(if application.is_empty() {
                place.to_owned()
            } else {
                format!("{application}/{place}")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_bundles_are_known_by_their_folders() {
        for (path, expected) in [
            (".ebextensions/a.config", Some(("", BundlePart::Extension))),
            (
                "x/y/.ebextensions/a.config",
                Some(("x/y", BundlePart::Extension)),
            ),
            (
                "x/.elasticbeanstalk/saved_configs/prod.cfg.yml",
                Some(("x", BundlePart::SavedConfiguration)),
            ),
            ("x/env.yaml", Some(("x", BundlePart::Manifest))),
            (".ebextensions/deep/a.config", None),
            (".ebextensions/a.yaml", None),
            ("my.ebextensions/a.config", None),
            ("web.config", None),
            (".elasticbeanstalk/config.yml", None),
        ] {
            assert_eq!(BundlePart::of(path), expected, "{path}");
        }
        assert_eq!(application_of("x/.ebextensions"), Some("x"));
        assert_eq!(application_of("env.yaml"), Some(""));
        assert_eq!(application_of("x/template.yaml"), None);
    }
}
