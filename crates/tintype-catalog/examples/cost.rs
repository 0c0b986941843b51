//! What the catalogue costs on this machine: publishing, reading, opening, memory. `cargo run -p tintype-catalog --example cost`

use std::{fs, path::Path, time::Instant};

use tintype_catalog::{Catalog, Duplicates, ListQuery, NewImage, Order, OwnerId, PathCondition};
use tintype_types::{BlobKey, ContentHash, ImageId, MediaType, UnixMillis, Visibility};
use tokio::task::JoinSet;

const NOW: UnixMillis = UnixMillis(1_795_000_000_000);
const IMAGES: u64 = 10_000;
const READS: u64 = 5_000;

/// CPU milliseconds of this process so far, of all threads (`/proc/self/stat`, fields 14 and 15, in ticks of 10 ms).
fn cpu_ms() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
    (ticks(11) + ticks(12)) * 10
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

fn image(owner: OwnerId, number: u64) -> NewImage {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let mut state = number;
    let id = ImageId::generate(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    });
    let created_at = UnixMillis(NOW.0 + i64::try_from(number).expect("small"));
    NewImage {
        id,
        owner,
        intent: None,
        key: BlobKey { hash: ContentHash(hash), nonce: number.to_be_bytes() },
        bytes: 1_870_231,
        received_hash: ContentHash(hash),
        received_bytes: 1_900_000,
        keep_metadata: false,
        file_name: Some("sunset.jpg".to_owned()),
        title: None,
        description: None,
        alt: None,
        label: None,
        tags: Vec::new(),
        media_type: MediaType::Jpeg,
        width: 2800,
        height: 2100,
        frames: 1,
        orientation: 1,
        has_alpha: false,
        thumbhash: vec![7; 21],
        colour: 0x12_3456,
        visibility: Some(Visibility::Unlisted),
        created_at,
        expires_at: None,
        delete_token_hash: Some(hash),
        path: None,
        any_path: false,
        path_condition: PathCondition::default(),
        duplicates: Duplicates::Return,
        direct: None,
        copied: false,
        idempotency: None,
    }
}

/// One upload's share of the catalogue: the intent, then the image.
async fn upload(catalog: Catalog, owner: OwnerId, number: u64) {
    let mut new = image(owner, number);
    new.intent = Some(catalog.begin_upload(new.key, NOW).await.expect("begins"));
    catalog.publish_image(new).await.expect("publishes");
}

async fn publish(catalog: &Catalog, owner: OwnerId, numbers: std::ops::Range<u64>, parallel: u64) {
    let (start, cpu, commits, count) =
        (Instant::now(), cpu_ms(), catalog.commits(), numbers.end - numbers.start);
    let mut uploads = JoinSet::new();
    for lane in 0..parallel {
        let (catalog, numbers) = (catalog.clone(), numbers.clone());
        uploads.spawn(async move {
            for number in numbers.skip(lane as usize).step_by(parallel as usize) {
                upload(catalog.clone(), owner, number).await;
            }
        });
    }
    uploads.join_all().await;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_ms() - cpu);
    println!(
        "publish {parallel:>3} parallel: {:>6.0} uploads/s, {:.3} ms CPU each, {:.1} units a commit",
        count as f64 / seconds,
        cpu as f64 / count as f64,
        (2 * count) as f64 / (catalog.commits() - commits) as f64,
    );
}

async fn read(catalog: &Catalog, owner: OwnerId) {
    let (start, cpu) = (Instant::now(), cpu_ms());
    for number in 0..READS {
        catalog.image(image(owner, number).id).await.expect("reads").expect("is there");
    }
    let each = |total: f64| total / READS as f64;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64() * 1e3, cpu_ms() - cpu);
    println!("image by id: {:.3} ms, {:.3} ms CPU", each(elapsed), each(cpu as f64));
    let start = Instant::now();
    let query = ListQuery { limit: 50, after: None, order: Order::Newest, label: None };
    for _ in 0..100 {
        catalog.images_of(owner, query.clone(), NOW).await.expect("lists");
    }
    println!("page of 50 among {IMAGES}: {:.3} ms", start.elapsed().as_secs_f64() * 10.0);
}

async fn run(path: &Path) {
    let catalog = Catalog::open(path, || "0".repeat(32)).await.expect("opens");
    println!("resident after opening: {} KiB", resident_kib());
    let owner = catalog.owner_for_key([1; 32], NOW).await.expect("an owner");
    for (numbers, parallel) in [(0..500, 1), (500..3_000, 8), (3_000..IMAGES, 64)] {
        publish(&catalog, owner, numbers, parallel).await;
    }
    read(&catalog, owner).await;
    println!("resident after all: {} KiB", resident_kib());
    catalog.close().await.expect("closes");
    let start = Instant::now();
    let catalog = Catalog::open(path, || unreachable!()).await.expect("opens again");
    println!("opening with {IMAGES} images: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    assert_eq!(catalog.integrity_check().await.expect("checks"), Vec::<String>::new());
    println!("integrity check: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}

fn main() {
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk that is measured");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(&folder.path().join("tintype.db")));
}
