//! The image as the loader sees it: machine, sections, imports, exports, function table.
//!
//! Headers and tables are walked with the `object` crate; this module turns them into plain lists, says what
//! was damaged, and answers "which bytes stand at this address". It reads no code.

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, ImageThunkData, PeFile};

use super::functions_table;
use crate::error::FormatError;
use crate::limits::{MAX_PE_EXPORTS, MAX_PE_IMPORTS, MAX_PE_SECTIONS};
use crate::parsed::Place;

/// The processor an image was built for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Machine {
    /// 32-bit Intel.
    X86,
    /// 64-bit Intel and AMD.
    X64,
    /// 64-bit ARM.
    Arm64,
    /// Anything else, by its number in the file header; its code is not read.
    Other(u16),
}

impl Machine {
    fn from_code(code: u16) -> Self {
        match code {
            pe::IMAGE_FILE_MACHINE_I386 => Self::X86,
            pe::IMAGE_FILE_MACHINE_AMD64 => Self::X64,
            pe::IMAGE_FILE_MACHINE_ARM64 => Self::Arm64,
            other => Self::Other(other),
        }
    }

    /// The name used in reports and JSON.
    pub fn name(self) -> String {
        match self {
            Self::X86 => "x86".to_owned(),
            Self::X64 => "x64".to_owned(),
            Self::Arm64 => "arm64".to_owned(),
            Self::Other(code) => format!("machine_{code:#06x}"),
        }
    }

    /// Bytes of a pointer.
    pub(crate) fn pointer(self) -> u8 {
        if self == Self::X86 { 4 } else { 8 }
    }
}

/// One section of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Its name, up to eight bytes.
    pub name: String,
    /// Where it is mapped, relative to the image base.
    pub rva: u32,
    /// Bytes it takes in memory.
    pub virtual_bytes: u32,
    /// Where its bytes stand in the file.
    pub file_offset: u32,
    /// Bytes it has in the file and that the file really holds.
    pub file_bytes: u32,
    /// It may be executed.
    pub executable: bool,
    /// It may be written.
    pub writable: bool,
}

impl Section {
    fn end(&self) -> u64 {
        u64::from(self.rva) + u64::from(self.virtual_bytes.max(self.file_bytes))
    }
}

/// One imported function and the slot of the import address table that will hold its address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// The library as the image spells it, lower case.
    pub library: String,
    /// The function's name; empty when imported by ordinal.
    pub name: String,
    /// RVA of its slot.
    pub slot: u32,
}

/// The image: its bytes and its tables.
#[derive(Debug)]
pub struct Image<'d> {
    /// The whole file.
    pub data: &'d [u8],
    /// Processor.
    pub machine: Machine,
    /// The address it prefers.
    pub base: u64,
    /// RVA of the entry point.
    pub entry: u32,
    /// The `TimeDateStamp` of the file header, as it stands.
    pub stamp: u32,
    /// Sections in file order.
    pub sections: Vec<Section>,
    /// Imports, bound and delayed, sorted by slot.
    pub imports: Vec<Import>,
    /// RVAs of exported code.
    pub exports: Vec<u32>,
    /// Function extents `[begin, end)` of the exception directory, sorted by begin.
    pub functions: Vec<(u32, u32)>,
    /// Begin of each chained part of a function and of that function, sorted.
    pub parts: Vec<(u32, u32)>,
    /// RVA of the slot of the control-flow-guard dispatcher, which calls the address in a register.
    pub guard_dispatch: Option<u32>,
    /// RVA of the slot of the control-flow-guard checker, which calls nothing.
    pub guard_check: Option<u32>,
    /// The data directories: RVA (file offset for the certificates) and bytes.
    pub directories: Vec<(u32, u32)>,
    /// What was damaged: place and text.
    pub damage: Vec<(Place, String)>,
}

impl<'d> Image<'d> {
    /// Reads the headers and tables of an image.
    ///
    /// # Errors
    /// [`FormatError::NotThisFormat`] when there is no PE header to read.
    pub fn read(data: &'d [u8]) -> Result<Self, FormatError> {
        let refuse = |expected: &'static str| {
            FormatError::not_this("a PE image", Place::Offset(0), expected, data.get(..40).unwrap_or(data))
        };
        match object::read::pe::optional_header_magic(data) {
            Ok(pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC) => Self::read_as::<pe::ImageNtHeaders64>(data),
            Ok(pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC) => Self::read_as::<pe::ImageNtHeaders32>(data),
            Ok(_) => Err(refuse("an optional header of PE32 or PE32+")),
            Err(_) => Err(refuse("an MZ header that leads to a PE header")),
        }
        .and_then(|image| image.ok_or_else(|| refuse("whole PE headers and a section table")))
    }

    fn read_as<Pe: ImageNtHeaders>(data: &'d [u8]) -> Result<Option<Self>, FormatError> {
        let Ok(file) = PeFile::<Pe>::parse(data) else { return Ok(None) };
        let headers = file.nt_headers();
        let mut image = Image {
            data,
            machine: Machine::from_code(headers.file_header().machine.get(LE)),
            base: headers.optional_header().image_base(),
            entry: headers.optional_header().address_of_entry_point(),
            stamp: headers.file_header().time_date_stamp.get(LE),
            sections: Vec::new(),
            imports: Vec::new(),
            exports: Vec::new(),
            functions: Vec::new(),
            parts: Vec::new(),
            guard_dispatch: None,
            guard_check: None,
            directories: file
                .data_directories()
                .iter()
                .map(|entry| (entry.virtual_address.get(LE), entry.size.get(LE)))
                .collect(),
            damage: Vec::new(),
        };
        image.read_sections(&file);
        image.read_imports::<Pe>(&file);
        image.read_delayed::<Pe>(&file);
        let numbered = image.imports.iter().filter(|import| import.name.is_empty()).count();
        if numbered > 0 {
            let what = if numbered == 1 { "function is" } else { "functions are" };
            let text = format!("{numbered} {what} imported by number or without a readable name: unknown");
            image.damage.push((Place::Whole, text));
        }
        image.imports.sort_by_key(|import| import.slot);
        image.imports.dedup_by_key(|import| import.slot);
        image.read_exports(&file);
        image.read_guard();
        let table = functions_table::read(&image);
        (image.functions, image.parts) = (table.extents, table.parts);
        image.damage.extend(table.damage);
        Ok(Some(image))
    }

    fn read_sections<Pe: ImageNtHeaders>(&mut self, file: &PeFile<'d, Pe>) {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        for header in file.section_table().iter().take(MAX_PE_SECTIONS) {
            let flags = header.characteristics.get(LE);
            let file_offset = header.pointer_to_raw_data.get(LE);
            let stated = header.size_of_raw_data.get(LE);
            let there = stated.min(length.saturating_sub(file_offset));
            let name = String::from_utf8_lossy(header.raw_name()).into_owned();
            if there < stated {
                let text = format!("section {name} states {stated} bytes, the file holds {there} of them");
                self.damage.push((Place::Offset(u64::from(file_offset)), text));
            }
            self.sections.push(Section {
                name,
                rva: header.virtual_address.get(LE),
                virtual_bytes: header.virtual_size.get(LE),
                file_offset,
                file_bytes: there,
                executable: flags & (pe::IMAGE_SCN_MEM_EXECUTE | pe::IMAGE_SCN_CNT_CODE) != 0,
                writable: flags & pe::IMAGE_SCN_MEM_WRITE != 0,
            });
        }
        let mut by_rva: Vec<_> = self.sections.iter().filter(|s| s.end() > u64::from(s.rva)).collect();
        by_rva.sort_by_key(|section| section.rva);
        let overlapping: Vec<String> = by_rva
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b]
                    if a.end() > u64::from(b.rva)
                        && u64::from(a.rva) + u64::from(a.virtual_bytes) > u64::from(b.rva) =>
                {
                    Some(format!("sections {} and {} overlap; the first one counts", a.name, b.name))
                }
                _ => None,
            })
            .collect();
        self.damage.extend(overlapping.into_iter().map(|text| (Place::Whole, text)));
    }

    fn read_imports<Pe: ImageNtHeaders>(&mut self, file: &PeFile<'d, Pe>) {
        let table = match file.import_table() {
            Ok(Some(table)) => table,
            Ok(None) => return,
            Err(error) => return self.damaged("import table", &error),
        };
        let mut descriptors = match table.descriptors() {
            Ok(descriptors) => descriptors,
            Err(error) => return self.damaged("import table", &error),
        };
        loop {
            let descriptor = match descriptors.next() {
                Ok(Some(descriptor)) => descriptor,
                Ok(None) => return,
                Err(error) => return self.damaged("import table", &error),
            };
            let library = table.name(descriptor.name.get(LE)).unwrap_or(b"");
            let names = match descriptor.original_first_thunk.get(LE) {
                0 => descriptor.first_thunk.get(LE),
                names => names,
            };
            let slots = descriptor.first_thunk.get(LE);
            let thunks = table.thunks(names);
            if !self.add_thunks::<Pe>(library, slots, thunks, |address| {
                table.hint_name(address).ok().map(|(_, n)| n)
            }) {
                return;
            }
        }
    }

    fn read_delayed<Pe: ImageNtHeaders>(&mut self, file: &PeFile<'d, Pe>) {
        let table = match file.data_directories().delay_load_import_table(self.data, &file.section_table()) {
            Ok(Some(table)) => table,
            Ok(None) => return,
            Err(error) => return self.damaged("delay import table", &error),
        };
        let Ok(mut descriptors) = table.descriptors() else { return };
        loop {
            let descriptor = match descriptors.next() {
                Ok(Some(descriptor)) => descriptor,
                Ok(None) => return,
                Err(error) => return self.damaged("delay import table", &error),
            };
            let library = table.name(descriptor.dll_name_rva.get(LE)).unwrap_or(b"");
            let slots = descriptor.import_address_table_rva.get(LE);
            let thunks = table.thunks(descriptor.import_name_table_rva.get(LE));
            if !self.add_thunks::<Pe>(library, slots, thunks, |address| {
                table.hint_name(address).ok().map(|(_, n)| n)
            }) {
                return;
            }
        }
    }

    /// Adds the imports of one library; false when the limit is met.
    fn add_thunks<Pe: ImageNtHeaders>(
        &mut self,
        library: &[u8],
        slots: u32,
        thunks: object::Result<object::read::pe::ImportThunkList<'d>>,
        name_at: impl Fn(u32) -> Option<&'d [u8]>,
    ) -> bool {
        let library = String::from_utf8_lossy(library).to_lowercase();
        let mut thunks = match thunks {
            Ok(thunks) => thunks,
            Err(error) => {
                self.damaged(&format!("imports of {library}"), &error);
                return true;
            }
        };
        let mut slot = slots;
        loop {
            let thunk = match thunks.next::<Pe>() {
                Ok(Some(thunk)) => thunk,
                Ok(None) => return true,
                Err(error) => {
                    self.damaged(&format!("imports of {library}"), &error);
                    return true;
                }
            };
            if self.imports.len() >= MAX_PE_IMPORTS {
                let text = format!("over {MAX_PE_IMPORTS} imports; the rest is left out");
                self.damage.push((Place::Whole, text));
                return false;
            }
            let name = if thunk.is_ordinal() { None } else { name_at(thunk.address()) };
            let name = name.map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
            self.imports.push(Import { library: library.clone(), name, slot });
            slot = slot.saturating_add(u32::from(self.machine.pointer()));
        }
    }

    fn read_exports<Pe: ImageNtHeaders>(&mut self, file: &PeFile<'d, Pe>) {
        let table = match file.export_table() {
            Ok(Some(table)) => table,
            Ok(None) => return,
            Err(error) => return self.damaged("export table", &error),
        };
        let addresses = table.addresses().iter().map(|address| address.get(LE)).take(MAX_PE_EXPORTS);
        // A forwarder's address points at a name inside the export directory: it is no code.
        self.exports = addresses.filter(|&rva| rva != 0 && !table.is_forward(rva)).collect();
    }

    /// The load configuration's guard slots (`GuardCFCheckFunctionPointer`, `GuardCFDispatchFunctionPointer`).
    fn read_guard(&mut self) {
        let Some((rva, _)) = self.directory(pe::IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG) else { return };
        let pointer = u32::from(self.machine.pointer());
        let check = if pointer == 8 { 0x70 } else { 0x48 };
        let size = self.u32_at(rva).unwrap_or(0);
        let slot = |at: u32| {
            let end = at + pointer;
            let value = if size >= end { self.pointer_at(rva.checked_add(at)?) } else { None };
            value.and_then(|value| self.rva_of(value))
        };
        (self.guard_check, self.guard_dispatch) = (slot(check), slot(check + pointer));
    }

    fn damaged(&mut self, what: &str, error: &object::Error) {
        self.damage.push((Place::Whole, format!("{what} is damaged: {error}")));
    }

    /// RVA and bytes of a data directory that is there.
    pub fn directory(&self, index: usize) -> Option<(u32, u32)> {
        self.directories.get(index).copied().filter(|&(rva, size)| rva != 0 && size != 0)
    }

    /// The section that holds an RVA; the first one where sections overlap.
    pub fn section_at(&self, rva: u32) -> Option<&Section> {
        self.sections.iter().find(|s| rva >= s.rva && u64::from(rva) < s.end())
    }

    /// The file's bytes from an RVA to the end of its section's file part.
    pub fn bytes_from(&self, rva: u32) -> Option<&'d [u8]> {
        let section = self.section_at(rva)?;
        let within = rva - section.rva;
        let start = section.file_offset as usize;
        let bytes = self.data.get(start..start.checked_add(section.file_bytes as usize)?)?;
        bytes.get(within as usize..).filter(|bytes| !bytes.is_empty())
    }

    /// `count` bytes at an RVA, zero where the section has no bytes in the file.
    pub fn bytes_at(&self, rva: u32, count: u8) -> Option<[u8; 16]> {
        let mut out = [0; 16];
        let count = usize::from(count).min(16);
        let section = self.section_at(rva)?;
        if u64::from(rva) + count as u64 > section.end() {
            return None;
        }
        if let Some(bytes) = self.bytes_from(rva) {
            let have = bytes.len().min(count);
            out.get_mut(..have)?.copy_from_slice(bytes.get(..have)?);
        }
        Some(out)
    }

    /// A little-endian u32 at an RVA.
    pub fn u32_at(&self, rva: u32) -> Option<u32> {
        let [a, b, c, d, ..] = self.bytes_at(rva, 4)?;
        Some(u32::from_le_bytes([a, b, c, d]))
    }

    /// A pointer of the machine's width at an RVA.
    pub fn pointer_at(&self, rva: u32) -> Option<u64> {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes_at(rva, self.machine.pointer())?;
        Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The RVA of an address, when it lies inside the image.
    pub fn rva_of(&self, address: u64) -> Option<u32> {
        let rva = u32::try_from(address.checked_sub(self.base)?).ok()?;
        self.section_at(rva).map(|_| rva)
    }

    /// The import whose slot stands at an RVA.
    pub fn import_at(&self, slot: u32) -> Option<usize> {
        self.imports.binary_search_by_key(&slot, |import| import.slot).ok()
    }
}
