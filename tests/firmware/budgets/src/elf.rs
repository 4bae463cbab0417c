//! Reads what lies in the flash of a linked firmware, and which symbols it belongs to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::elf::{SHF_ALLOC, SHT_NOBITS};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind};

/// A linked firmware.
pub(crate) struct Elf {
    /// Bytes of all that is written to flash: vectors, code, constants, and initial values of variables.
    pub(crate) flash: u64,
    /// The compiler's version.
    pub(crate) compiler: String,
    /// Sizes of the symbols in flash by name, larger ones first.
    pub(crate) symbols: Vec<(String, u64)>,
    /// Bytes of `.data`: variables that are not initialized to zeros.
    pub(crate) data: u64,
    pub(crate) variables: Vec<Variable>,
}

/// A variable in `.data`.
#[derive(Debug, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Offset and initial value of each byte that is not zero.
    pub(crate) set: Vec<(usize, u8)>,
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
        // By address, because one function can have several names.
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
        let data = file.section_by_name(".data");
        Ok(Self {
            data: data.as_ref().map_or(0, |data| data.size()),
            variables: data
                .map_or(Ok(Vec::new()), |data| variables(&file, &data))
                .map_err(|error| error.to_string())?,
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

/// Returns the variables in this section, in the order of their names.
fn variables(file: &object::File<'_>, data: &object::Section<'_, '_>) -> object::Result<Vec<Variable>> {
    let (bytes, mut variables) = (data.data()?, Vec::new());
    for symbol in file.symbols().filter(|symbol| symbol.section_index() == Some(data.index()) && symbol.size() > 0) {
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
        let set = set_bytes(bytes, symbol.address().saturating_sub(data.address()), symbol.size());
        variables.push(Variable { name, size: symbol.size(), set });
    }
    variables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(variables)
}

/// Returns the bytes that are not zero, from this offset on, each with its offset from there.
fn set_bytes(bytes: &[u8], start: u64, size: u64) -> Vec<(usize, u8)> {
    let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let bytes = bytes.iter().copied().skip(count(start)).take(count(size));
    bytes.enumerate().filter(|(_, byte)| *byte != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_zero_are_found_by_their_offset() {
        assert_eq!(set_bytes(&[9, 0, 3, 0, 4, 9], 1, 4), [(1, 3), (3, 4)]);
        assert_eq!(set_bytes(&[9, 0], 1, 4), []);
        assert_eq!(set_bytes(&[9, 0], 3, 4), []);
    }

    #[test]
    fn what_is_no_firmware_is_an_error() {
        assert!(Elf::parse(b"text").is_err());
    }
}
