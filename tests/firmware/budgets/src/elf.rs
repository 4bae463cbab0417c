//! What stands in flash, and whose it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::elf::{SHF_ALLOC, SHT_NOBITS};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind};

/// A linked firmware.
pub(crate) struct Elf {
    /// Bytes of all that is written to flash: vectors, code, constants, and what variables begin with.
    pub(crate) flash: u64,
    /// The compiler's version.
    pub(crate) compiler: String,
    /// Sizes of the symbols in flash by name, larger ones first.
    pub(crate) symbols: Vec<(String, u64)>,
}

impl Elf {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let bytes = fs::read(file).map_err(|error| error.to_string());
        bytes.and_then(|bytes| Self::parse(&bytes)).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file = object::File::parse(bytes).map_err(|error| error.to_string())?;
        let in_flash = |section: &object::Section<'_, '_>| {
            matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(SHF_ALLOC) != 0)
                && section.kind() != SectionKind::Elf(SHT_NOBITS)
                && !matches!(section.kind(), SectionKind::UninitializedData)
        };
        let comment = file.section_by_name(".comment").and_then(|section| section.data().ok()).unwrap_or_default();
        let comment = String::from_utf8_lossy(comment);
        let compiler = comment.split("rustc version ").nth(1).and_then(|rest| rest.split([' ', '\0']).next());
        // By address, for one function can have several names.
        let mut by_address = BTreeMap::new();
        for symbol in file.symbols().filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data)) {
            let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
            if symbol.size() > 0 && section.is_some_and(|section| in_flash(&section)) {
                let name = symbol.name().map_err(|error| error.to_string())?;
                by_address.insert(symbol.address(), (format!("{:#}", rustc_demangle::demangle(name)), symbol.size()));
            }
        }
        let mut symbols: Vec<_> = by_address.into_values().collect();
        symbols.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(Self {
            flash: file.sections().filter(in_flash).map(|section| section.size()).sum(),
            compiler: compiler.ok_or("no compiler is named in it")?.to_owned(),
            symbols,
        })
    }

    /// Bytes of the symbols whose names hold this.
    pub(crate) fn bytes_of(&self, part_of_name: &str) -> u64 {
        self.symbols.iter().filter(|(name, _)| name.contains(part_of_name)).map(|(_, size)| size).sum()
    }
}
