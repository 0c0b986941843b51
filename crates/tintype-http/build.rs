//! Puts the built web app (`web/dist`) into the program, each file with its gzip form and a tag of its content.
//!
//! Where `web/dist` has not been built, the program builds all the same and says so on its start page.

use std::{
    env,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write as _,
    path::{Path, PathBuf},
};

#[expect(
    clippy::disallowed_methods,
    reason = "a build script learns from its environment where to read and write"
)]
fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let dist = manifest.join("../../web/dist");
    let dist = dist.canonicalize().unwrap_or(dist);
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    let mut table = String::from("static FILES: &[Asset] = &[\n");
    for (number, file) in files.iter().enumerate() {
        println!("cargo:rerun-if-changed={}", file.display());
        let bytes = fs::read(file).expect("a file of web/dist is readable");
        let packed = out.join(format!("asset-{number}.gz"));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&bytes).expect("writing to memory");
        let gzip = encoder.finish().expect("writing to memory");
        // What is packed already (fonts, pictures) does not shrink; it is served as it is.
        let shrinks = gzip.len() * 10 < bytes.len() * 9;
        fs::write(&packed, gzip).expect("OUT_DIR is writable");
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let path = file
            .strip_prefix(&dist)
            .expect("collected below dist")
            .to_str()
            .expect("names of the web app are UTF-8");
        let gzip = if shrinks { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() };
        let tag = hasher.finish();
        writeln!(
            table,
            "Asset {{ path: {path:?}, etag: \"\\\"{tag:016x}\\\"\", etag_gzip: \"\\\"{tag:016x}-gz\\\"\", bytes: include_bytes!({file:?}), gzip: {gzip} }},"
        )
        .expect("writing to memory");
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR is writable");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path.canonicalize().unwrap_or(path)) }
    }
}
