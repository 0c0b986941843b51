//! From items to pictures: sizes, tiles, alpha, colours, orientation.

use tintype_types::{ImageLimits, Refusal, refusal::LimitKind};

use super::{Colours, Item, Meta, Nclx, Picture, bad};
use crate::{
    bytes::u32_be,
    probe::{
        check_size,
        isobmff::{Fields, IsoBox},
    },
    refuse::{at_most, unsupported},
};

/// Properties that may be essential and that decoding here respects or may leave alone.
const UNDERSTOOD: [&[u8; 4]; 14] = [
    b"av1C", b"ispe", b"pixi", b"colr", b"pasp", b"auxC", b"irot", b"imir", b"a1op", b"lsel", b"a1lx",
    b"clli", b"mdcv", b"amve",
];

/// How auxiliary pictures say that they are alpha; a NUL follows.
const ALPHA_NAMES: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];

impl Picture {
    /// The coded pictures of an item that is shown with `size`.
    pub(super) fn of(
        data: &[u8],
        meta: &Meta,
        item: &Item,
        size: (u32, u32),
        limits: &ImageLimits,
    ) -> Result<Self, Refusal> {
        meta.check_essential(item)?;
        match &item.kind {
            b"av01" => {
                let tiles = vec![item.extents.clone()];
                Ok(Self { columns: 1, tile_width: size.0, tile_height: size.1, tiles })
            }
            b"grid" => grid(data, meta, item, size, limits),
            other => Err(unsupported(&format!("AVIF with a picture of type {}", other.escape_ascii()))),
        }
    }
}

/// A grid (ISO/IEC 23008-12, 6.6.2.3): rows and columns of tiles of one size, cut to the output's size.
fn grid(
    data: &[u8],
    meta: &Meta,
    item: &Item,
    size: (u32, u32),
    limits: &ImageLimits,
) -> Result<Picture, Refusal> {
    let damaged = || bad("its grid is damaged");
    let extent = item.extents.first().cloned().ok_or_else(damaged)?;
    let mut fields = Fields::new(&data[extent]);
    let mut read = || {
        let [_, flags, rows, columns] = fields.kind()?;
        let wide = flags & 1 == 1;
        Some((u32::from(rows) + 1, u32::from(columns) + 1, fields.id(wide)?, fields.id(wide)?))
    };
    let (rows, columns, width, height) = read().ok_or_else(damaged)?;
    let tiles: Vec<&Item> = meta.referred(b"dimg", item.id).filter_map(|id| meta.item(id)).collect();
    let first = *tiles.first().ok_or_else(damaged)?;
    let (tile_width, tile_height) = meta.size(data, first)?;
    check_size(tile_width, tile_height, 1, limits)?;
    let covers = |tiles: u32, tile: u32, side: u32| u64::from(tiles) * u64::from(tile) >= u64::from(side);
    if (width, height) != size
        || tiles.len() as u64 != u64::from(rows) * u64::from(columns)
        || !covers(columns, tile_width, width)
        || !covers(rows, tile_height, height)
    {
        return Err(damaged());
    }
    let pixels = u64::from(tile_width) * u64::from(tile_height) * tiles.len() as u64;
    at_most(LimitKind::FramePixels, pixels, limits.frame_pixels_max)?;
    for tile in &tiles {
        meta.check_essential(tile)?;
        if tile.kind != *b"av01" || meta.size(data, tile)? != (tile_width, tile_height) {
            return Err(damaged());
        }
    }
    let tiles = tiles.into_iter().map(|tile| tile.extents.clone()).collect();
    Ok(Picture { columns, tile_width, tile_height, tiles })
}

impl Meta {
    pub(super) fn primary(&self) -> Result<&Item, Refusal> {
        self.primary_item().ok_or_else(|| bad("it does not say which item is the picture"))
    }

    fn properties_of<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = (&'a IsoBox, bool)> {
        let property = |(index, essential): &(usize, bool)| Some((self.properties.get(*index)?, *essential));
        item.properties.iter().filter_map(property)
    }

    fn property<'a>(&'a self, item: &'a Item, kind: &'a [u8; 4]) -> impl Iterator<Item = &'a IsoBox> {
        self.properties_of(item).map(|(property, _)| property).filter(move |property| property.kind == *kind)
    }

    /// A property that must be understood and is not makes the item something else than what would be decoded.
    fn check_essential(&self, item: &Item) -> Result<(), Refusal> {
        for (property, essential) in self.properties_of(item) {
            if property.kind == *b"clap" {
                return Err(unsupported("cropped AVIF"));
            }
            if essential && !UNDERSTOOD.contains(&&property.kind) {
                let kind = property.kind.escape_ascii();
                return Err(unsupported(&format!("AVIF with the property {kind}")));
            }
        }
        Ok(())
    }

    /// `ispe`: width and height.
    pub(super) fn size(&self, data: &[u8], item: &Item) -> Result<(u32, u32), Refusal> {
        let payload = self.property(item, b"ispe").next().map(|property| &data[property.payload.clone()]);
        match payload.and_then(|payload| u32_be(payload, 4).zip(u32_be(payload, 8))) {
            Some((width, height)) if width > 0 && height > 0 => Ok((width, height)),
            _ => Err(bad("a picture has no size")),
        }
    }

    /// The auxiliary item that is the alpha of `id`.
    pub(super) fn alpha_of(&self, data: &[u8], id: u32) -> Option<&Item> {
        let is_alpha = |property: &IsoBox| {
            let name = data[property.payload.clone()].get(4..).unwrap_or_default();
            ALPHA_NAMES.iter().any(|alpha| name.starts_with(alpha))
        };
        let items = self.referring(b"auxl", id).filter_map(|from| self.item(from));
        items.into_iter().find(|item| self.property(item, b"auxC").any(is_alpha))
    }

    /// `colr`: an ICC profile, code points, or both.
    pub(super) fn colours(&self, data: &[u8], item: &Item, limits: &ImageLimits) -> Result<Colours, Refusal> {
        let mut colours = Colours::default();
        for property in self.property(item, b"colr") {
            let mut fields = Fields::new(&data[property.payload.clone()]);
            match &fields.kind().unwrap_or_default() {
                b"nclx" => {
                    let mut read = || {
                        let (primaries, transfer, matrix) = (fields.u16()?, fields.u16()?, fields.u16()?);
                        Some(Nclx { primaries, transfer, matrix, full_range: fields.u8()? & 0x80 != 0 })
                    };
                    colours.nclx = Some(read().ok_or_else(|| bad("its colours are damaged"))?);
                }
                b"prof" | b"rICC" => {
                    let profile = property.payload.start + 4..property.payload.end;
                    at_most(LimitKind::MetadataBytes, profile.len() as u64, limits.metadata_bytes_max)?;
                    colours.icc = Some(profile);
                }
                _ => {}
            }
        }
        Ok(colours)
    }

    /// `irot` (quarter turns against the clock) and then `imir` (0 exchanges top and bottom, 1 left and right), as one
    /// EXIF orientation.
    pub(super) fn orientation(&self, data: &[u8], item: &Item) -> Result<u8, Refusal> {
        let byte = |kind| {
            let property = self.property(item, kind).next();
            property.and_then(|property| data.get(property.payload.clone())?.first().copied())
        };
        let orientation = match (byte(b"irot").unwrap_or(0) & 3, byte(b"imir").map(|mode| mode & 1)) {
            (0, None) => 1,
            (1, None) => 8,
            (2, None) => 3,
            (_, None) => 6,
            (0, Some(0)) | (2, Some(1)) => 4,
            (0, Some(_)) | (2, Some(_)) => 2,
            (1, Some(0)) | (3, Some(1)) => 5,
            (_, Some(_)) => 7,
        };
        Ok(orientation)
    }
}
