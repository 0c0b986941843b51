//! Prints what an inspection says of each file, or renders one, with the processor time and the peak memory.
//!
//! `image_costs FILE…`, or `image_costs --render OPS.EXT FILE OUT`, such as `--render w=640,fit=contain.webp`. With `--times N` the
//! first file is inspected N times. For measurements: one process, one file.

use std::{error::Error, fs, process::ExitCode, time::Instant};

use tintype_image::{InspectOptions, inspect, render};
use tintype_types::{ImageLimits, MediaType, Recipe};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let limits = ImageLimits::default();
    match arguments {
        [flag, recipe, file, out] if flag == "--render" => {
            let (ops, extension) = recipe.rsplit_once('.').ok_or("a recipe is OPS.EXT")?;
            let recipe = Recipe::parse(ops, extension)?;
            let rendered = render(&fs::read(file)?, &recipe, &limits, &mut |_| {})?;
            println!("{}x{}, {} bytes{}", rendered.width, rendered.height, rendered.bytes.len(), costs()?);
            fs::write(out, rendered.bytes)?;
        }
        [flag, times, file] if flag == "--times" => {
            let data = fs::read(file)?;
            let start = Instant::now();
            for _ in 0..times.parse()? {
                inspect(&data, &options(limits), &mut |_| {})?;
            }
            println!("{:?} each{}", start.elapsed() / times.parse()?, costs()?);
        }
        files => {
            for file in files {
                match inspect(&fs::read(file)?, &options(limits), &mut |_| {}) {
                    Ok(found) => println!("{file}: {found:?}{}", costs()?),
                    Err(refusal) => println!("{file}: {refusal:?}: {refusal}"),
                }
            }
        }
    }
    Ok(())
}

fn options(limits: ImageLimits) -> InspectOptions {
    InspectOptions { keep_metadata: false, accepted: MediaType::ALL.to_vec(), limits }
}

/// Peak memory of the process, where the system says it.
fn costs() -> Result<String, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(peak.map_or_else(String::new, |peak| format!(", peak {}", peak.trim())))
}
