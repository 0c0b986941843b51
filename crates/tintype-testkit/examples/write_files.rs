//! Writes every generated file into the folder given, for tools outside Rust: `hostile/` with `expect.tsv` (name, then
//! `refused` or `accepted-or-refused`), `private/` (pictures with metadata to be removed) and `names.json` (hostile
//! file names as a JSON list).
//!
//! `cargo run -p tintype-testkit --example write_files -- target/files`

use std::{fs, io, path::PathBuf};

use tintype_testkit::{
    build, hostile,
    metadata::{self, Metadata},
    names,
};

fn main() -> io::Result<()> {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "name the folder to write into"));
    };
    fs::create_dir_all(folder.join("hostile"))?;
    let mut expected = String::new();
    for file in hostile::all() {
        fs::write(folder.join("hostile").join(&file.name), &file.bytes)?;
        let verdict = match file.expect {
            hostile::Expect::Refused => "refused",
            hostile::Expect::AcceptedOrRefused => "accepted-or-refused",
        };
        expected.push_str(&format!("{}\t{verdict}\n", file.name));
    }
    fs::write(folder.join("expect.tsv"), expected)?;

    fs::create_dir_all(folder.join("private"))?;
    let (width, height) = (96, 64);
    let pictures = [
        ("all.jpg", metadata::jpeg(&build::jpeg(width, height, 1), &Metadata::ALL)),
        ("all.png", metadata::png(&build::png(width, height, 1), &Metadata::ALL)),
        ("all-animated.png", metadata::png(&build::apng(width, height, 3, 1), &Metadata::ALL)),
        ("all.gif", metadata::gif(&build::gif_animated(width, height, 3, 1), &Metadata::ALL)),
        ("all.webp", metadata::webp(&build::webp(width, height, 1), &Metadata::ALL)),
        ("all-animated.webp", metadata::webp(&build::webp_animated(width, height, 3, 1), &Metadata::ALL)),
        ("all.avif", metadata::avif_private(true)),
    ];
    for (name, bytes) in pictures {
        fs::write(folder.join("private").join(name), bytes)?;
    }
    let list: Vec<String> = names::hostile().iter().map(|name| json_string(name)).collect();
    fs::write(folder.join("names.json"), format!("[{}]\n", list.join(",\n")))
}

/// The text as a JSON string (RFC 8259, 7), everything outside printable ASCII escaped.
fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b' '..=b'~')) if byte != b'"' && byte != b'\\' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
    out
}
