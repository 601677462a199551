//! Terraform's types: what a value is, conversion to a declared type, unification of several.
