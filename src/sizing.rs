#![doc = include_str!("sizing.md")]
