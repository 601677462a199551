//! JSON text in, values with byte spans out; also JSON inside strings that have holes.
