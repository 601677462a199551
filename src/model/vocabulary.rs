//! The vocabulary: `_resources.yaml` files in, the words of the model out.

/// The words: kinds, their properties, types, defaults, native spellings, links, groups and views.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {}
