//! A small AVIF writer around AV1 data that exists already: pictures, grids, alpha, metadata.

/// One item of a file to write.
pub(crate) struct Item {
    pub(crate) kind: [u8; 4],
    pub(crate) data: Vec<u8>,
    /// Indices of properties, from 1.
    pub(crate) properties: Vec<u8>,
}

/// A box.
pub(crate) fn iso_box(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
}

fn full_box(kind: &[u8; 4], version: u8, payload: &[u8]) -> Vec<u8> {
    iso_box(kind, &[&[version, 0, 0, 0][..], payload].concat())
}

/// An `ispe` property.
pub(crate) fn ispe(width: u32, height: u32) -> Vec<u8> {
    full_box(b"ispe", 0, &[width.to_be_bytes(), height.to_be_bytes()].concat())
}

/// The property that makes an item an alpha plane.
pub(crate) fn alpha_property() -> Vec<u8> {
    full_box(b"auxC", 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
}

/// Writes a file. Items have the identifiers 1, 2, …; the first is the picture. References are (kind, from, to).
pub(crate) fn avif(
    items: &[Item],
    properties: &[Vec<u8>],
    references: &[(&[u8; 4], u16, &[u16])],
) -> Vec<u8> {
    let ftyp = iso_box(b"ftyp", b"avif\0\0\0\0avifmif1miaf");
    // Offsets do not change the length of the meta box: written once to measure it, once for good.
    let measured = meta(items, properties, references, 0);
    let start = ftyp.len() + measured.len() + 8;
    let data: Vec<u8> = items.iter().flat_map(|item| item.data.clone()).collect();
    [ftyp, meta(items, properties, references, start), iso_box(b"mdat", &data)].concat()
}

fn meta(
    items: &[Item],
    properties: &[Vec<u8>],
    references: &[(&[u8; 4], u16, &[u16])],
    mut at: usize,
) -> Vec<u8> {
    let hdlr = full_box(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0written by somebody\0");
    let pitm = full_box(b"pitm", 0, &1u16.to_be_bytes());
    let mut entries = (items.len() as u16).to_be_bytes().to_vec();
    let mut locations = [&[0x44, 0][..], &(items.len() as u16).to_be_bytes()].concat();
    let mut associations = (items.len() as u32).to_be_bytes().to_vec();
    for (item, id) in items.iter().zip(1u16..) {
        let entry = [&id.to_be_bytes()[..], &[0, 0], &item.kind, b"\0"].concat();
        entries.extend(full_box(b"infe", 2, &entry));
        locations.extend([&id.to_be_bytes()[..], &[0, 0, 0, 1]].concat());
        locations.extend([(at as u32).to_be_bytes(), (item.data.len() as u32).to_be_bytes()].concat());
        at += item.data.len();
        associations
            .extend([&id.to_be_bytes()[..], &[item.properties.len() as u8], &item.properties].concat());
    }
    let iinf = full_box(b"iinf", 0, &entries);
    let iloc = full_box(b"iloc", 0, &locations);
    let iprp = [iso_box(b"ipco", &properties.concat()), full_box(b"ipma", 0, &associations)].concat();
    let links: Vec<u8> = references
        .iter()
        .flat_map(|(kind, from, to)| {
            let list: Vec<u8> = to.iter().flat_map(|id| id.to_be_bytes()).collect();
            iso_box(kind, &[&from.to_be_bytes()[..], &(to.len() as u16).to_be_bytes(), &list].concat())
        })
        .collect();
    let iref = full_box(b"iref", 0, &links);
    full_box(b"meta", 0, &[hdlr, pitm, iloc, iinf, iref, iso_box(b"iprp", &iprp)].concat())
}
