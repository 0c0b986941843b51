//! The meta box: items, where they lie, what they are, how they refer to each other.

use std::ops::Range;

use tintype_types::{MediaType, Refusal};

use super::bad;
use crate::{
    bytes::range,
    probe::isobmff::{Boxes, Fields, IsoBox},
    refuse::truncated,
};

/// More items than a picture of 256 tiles with 256 tiles of alpha has.
const ITEMS_MAX: usize = 2_000;
/// Most extents of all items together.
const EXTENTS_MAX: usize = 10_000;
/// Most references and property associations.
const LINKS_MAX: usize = 20_000;

/// The meta box, as far as the picture needs it.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    pub items: Vec<Item>,
    /// The boxes right inside `meta`.
    pub boxes: Vec<IsoBox>,
    /// The properties, in the order that associations count.
    pub properties: Vec<IsoBox>,
    primary: Option<u32>,
    references: Vec<Reference>,
    idat: Range<usize>,
    extents: usize,
}

/// One item.
#[derive(Debug)]
pub(crate) struct Item {
    pub id: u32,
    pub kind: [u8; 4],
    /// Where its data lies in the file.
    pub extents: Vec<Range<usize>>,
    /// Indices into the properties, with whether each is essential.
    pub properties: Vec<(usize, bool)>,
}

#[derive(Debug)]
struct Reference {
    kind: [u8; 4],
    from: u32,
    to: u32,
}

type Parsed = Option<()>;

impl Meta {
    pub(super) fn parse(data: &[u8], payload: Range<usize>) -> Result<Self, Refusal> {
        let mut meta = Self::default();
        // The meta box is a full box: version and flags come first.
        for found in Boxes::new(data, payload.start + 4..payload.end) {
            meta.boxes.push(found.map_err(|_| bad("its meta box is cut"))?);
            if meta.boxes.len() > ITEMS_MAX {
                return Err(bad(format_args!("over {ITEMS_MAX} boxes in its meta box")));
            }
        }
        let boxes = meta.boxes.clone();
        let of = |kind: &[u8; 4]| {
            boxes.iter().find(|found| found.kind == *kind).map(|found| found.payload.clone())
        };
        meta.idat = of(b"idat").unwrap_or_default();
        let primary = of(b"pitm").and_then(|range| primary_id(&data[range]));
        meta.primary = primary;
        let missing = || bad("its meta box has no list of items");
        let entries = of(b"iinf").ok_or_else(missing)?;
        let locations = of(b"iloc").ok_or_else(missing)?;
        let properties = of(b"iprp").ok_or_else(missing)?;
        meta.read_entries(data, entries).ok_or_else(|| bad("its list of items is damaged"))?;
        meta.read_locations(data, locations)?;
        meta.read_properties(data, properties).ok_or_else(|| bad("its properties are damaged"))?;
        if let Some(references) = of(b"iref") {
            meta.read_references(data, references).ok_or_else(|| bad("its references are damaged"))?;
        }
        Ok(meta)
    }

    fn item_mut(&mut self, id: u32) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id == id)
    }

    pub(super) fn item(&self, id: u32) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(super) fn primary_item(&self) -> Option<&Item> {
        self.item(self.primary?)
    }

    /// `iinf`: identifiers and types.
    fn read_entries(&mut self, data: &[u8], payload: Range<usize>) -> Parsed {
        let mut fields = Fields::new(&data[payload.clone()]);
        let (version, _) = fields.version()?;
        fields.id(version > 0)?;
        let start = payload.end - fields.rest().len();
        for entry in Boxes::new(data, start..payload.end) {
            let entry = entry.ok()?;
            let mut fields = Fields::new(&data[entry.payload]);
            let (version, _) = fields.version()?;
            if entry.kind != *b"infe" || version < 2 {
                continue;
            }
            let id = fields.id(version > 2)?;
            fields.u16()?;
            let kind = fields.kind()?;
            if self.items.len() >= ITEMS_MAX || self.item(id).is_some() {
                return None;
            }
            self.items.push(Item { id, kind, extents: Vec::new(), properties: Vec::new() });
        }
        Some(())
    }

    /// `iloc`: where the data of each item lies.
    fn read_locations(&mut self, data: &[u8], payload: Range<usize>) -> Result<(), Refusal> {
        let damaged = || bad("its list of locations is damaged");
        let mut fields = Fields::new(&data[payload]);
        let (version, _) = fields.version().ok_or_else(damaged)?;
        let sizes = fields.u16().ok_or_else(damaged)?;
        let size = |shift: u16| usize::from(sizes >> shift & 15);
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version > 0 { size(0) } else { 0 };
        if version > 2 || [offset_size, length_size, base_size, index_size].iter().any(|size| *size > 8) {
            return Err(damaged());
        }
        let count = fields.id(version > 1).ok_or_else(damaged)?;
        for _ in 0..count {
            let id = fields.id(version > 1).ok_or_else(damaged)?;
            let method = if version > 0 { fields.u16().ok_or_else(damaged)? & 15 } else { 0 };
            fields.u16().ok_or_else(damaged)?;
            let base = fields.uint(base_size).ok_or_else(damaged)?;
            let extents = fields.u16().ok_or_else(damaged)?;
            for _ in 0..extents {
                fields.uint(index_size).ok_or_else(damaged)?;
                let offset = fields.uint(offset_size).and_then(|offset| offset.checked_add(base));
                let (offset, len) = offset.zip(fields.uint(length_size)).ok_or_else(damaged)?;
                self.add_extent(data, id, method, offset, len)?;
            }
        }
        Ok(())
    }

    fn add_extent(
        &mut self,
        data: &[u8],
        id: u32,
        method: u16,
        offset: u64,
        len: u64,
    ) -> Result<(), Refusal> {
        let cut = truncated(MediaType::Avif);
        let (Ok(offset), Ok(len)) = (usize::try_from(offset), usize::try_from(len)) else { return Err(cut) };
        let found = match method {
            0 => range(data, offset, len).ok_or(cut)?,
            1 => {
                let inside = range(&data[self.idat.clone()], offset, len)
                    .ok_or_else(|| bad("an item lies outside idat"))?;
                self.idat.start + inside.start..self.idat.start + inside.end
            }
            _ => return Err(bad("an item is built of other items' data")),
        };
        if found.is_empty() {
            return Err(bad("an item has no length"));
        }
        self.extents += 1;
        if self.extents > EXTENTS_MAX {
            return Err(bad(format_args!("over {EXTENTS_MAX} extents")));
        }
        if let Some(item) = self.item_mut(id) {
            item.extents.push(found);
        }
        Ok(())
    }

    /// `iprp`: the properties, and which item has which.
    fn read_properties(&mut self, data: &[u8], payload: Range<usize>) -> Parsed {
        for part in Boxes::new(data, payload) {
            let part = part.ok()?;
            if part.kind == *b"ipco" {
                for property in Boxes::new(data, part.payload) {
                    self.properties.push(property.ok()?);
                    if self.properties.len() > ITEMS_MAX {
                        return None;
                    }
                }
            } else if part.kind == *b"ipma" {
                self.read_associations(&data[part.payload])?;
            }
        }
        Some(())
    }

    fn read_associations(&mut self, payload: &[u8]) -> Parsed {
        let mut fields = Fields::new(payload);
        let (version, flags) = fields.version()?;
        let mut left = LINKS_MAX;
        for _ in 0..fields.u32()? {
            let id = fields.id(version > 0)?;
            for _ in 0..fields.u8()? {
                left = left.checked_sub(1)?;
                let (essential, index) = if flags & 1 == 1 {
                    let word = fields.u16()?;
                    (word >> 15 == 1, word & 0x7fff)
                } else {
                    let byte = fields.u8()?;
                    (byte >> 7 == 1, u16::from(byte & 0x7f))
                };
                // Index 0 means none.
                if let (Some(item), Some(index)) = (self.item_mut(id), usize::from(index).checked_sub(1)) {
                    item.properties.push((index, essential));
                }
            }
        }
        Some(())
    }

    /// `iref`: alpha, tiles, thumbnails.
    fn read_references(&mut self, data: &[u8], payload: Range<usize>) -> Parsed {
        let (version, _) = Fields::new(&data[payload.clone()]).version()?;
        for list in Boxes::new(data, payload.start + 4..payload.end) {
            let list = list.ok()?;
            let mut fields = Fields::new(&data[list.payload]);
            let from = fields.id(version > 0)?;
            for _ in 0..fields.u16()? {
                let to = fields.id(version > 0)?;
                self.references.push(Reference { kind: list.kind, from, to });
                if self.references.len() > LINKS_MAX {
                    return None;
                }
            }
        }
        Some(())
    }

    /// The items that `from` refers to, in order.
    pub(super) fn referred(&self, kind: &[u8; 4], from: u32) -> impl Iterator<Item = u32> {
        let matches = move |reference: &&Reference| reference.kind == *kind && reference.from == from;
        self.references.iter().filter(matches).map(|reference| reference.to)
    }

    /// The items that refer to `to`.
    pub(super) fn referring(&self, kind: &[u8; 4], to: u32) -> impl Iterator<Item = u32> {
        let matches = move |reference: &&Reference| reference.kind == *kind && reference.to == to;
        self.references.iter().filter(matches).map(|reference| reference.from)
    }

    pub(super) fn refers(&self, kind: &[u8; 4], from: u32, to: u32) -> bool {
        self.referred(kind, from).any(|found| found == to)
    }

    /// Whether an item is the small copy of another.
    pub(crate) fn is_thumbnail(&self, id: u32) -> bool {
        self.references.iter().any(|reference| reference.kind == *b"thmb" && reference.from == id)
    }
}

/// `pitm`: the item that is the picture.
fn primary_id(payload: &[u8]) -> Option<u32> {
    let mut fields = Fields::new(payload);
    let (version, _) = fields.version()?;
    fields.id(version > 0)
}
