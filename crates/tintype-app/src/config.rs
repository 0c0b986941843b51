//! The settings that the use cases follow.

use tintype_cdn::{Driver, TagHeader};
use tintype_types::{ImageLimits, MediaType};

/// Who may upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uploaders {
    /// Everybody who reaches the server.
    #[default]
    Anyone,
    /// Holders of a token with scope `upload`.
    Token,
}

impl Uploaders {
    /// The word used in settings and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Token => "token",
        }
    }
}

/// How originals reach their readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Through this server.
    #[default]
    Proxy,
    /// From the object storage, by signed addresses that this server redirects to.
    Redirect,
    /// From a public bucket, or a CDN before it, that links point at: a copy of each image is kept there.
    Public,
    /// By nginx in front, from the data folder, which it has under an internal address.
    Accel,
}

/// Caches in front of the server.
#[derive(Clone, Debug, Default)]
pub struct CdnConfig {
    /// Those that are told what to forget: one of a kind, or one for each node of nginx and Varnish.
    pub drivers: Vec<Driver>,
    /// The headers that carry tags.
    pub tags: Vec<TagHeader>,
    /// What addresses begin with at which readers see whether a cache has forgotten, without a slash at its end. `None`:
    /// caches are taken at their word.
    pub verify: Option<String>,
}

impl CdnConfig {
    /// Whether every cache is told and forgets all addresses of an image, so that it may keep pictures for long.
    pub fn forgets_all(&self) -> bool {
        !self.drivers.is_empty() && self.drivers.iter().all(Driver::reaches_all)
    }

    /// Whether a cache forgets by address, so that it may have one by which nobody tells it.
    pub fn forgets_by_address(&self) -> bool {
        self.drivers.iter().any(|driver| !driver.reaches_all())
    }

    /// Whether a cache forgets no address but those that it is told.
    pub fn needs_list(&self) -> bool {
        self.drivers.iter().any(Driver::needs_list)
    }
}

/// Settings of the use cases. Times are in seconds, sizes in bytes.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// Who may upload.
    pub uploaders: Uploaders,
    /// Largest file.
    pub upload_bytes_max: u64,
    /// Most files in one request.
    pub upload_files_max: usize,
    /// Uploads that may be under way at once; more are answered 503.
    pub uploads_max: usize,
    /// Whether files may go straight to the object storage, where there is one.
    pub direct: bool,
    /// How originals reach their readers. Private ones always go through this server.
    pub delivery: Delivery,
    /// Formats that are taken in.
    pub accepted: Vec<MediaType>,
    /// What a picture may ask of the machine.
    pub limits: ImageLimits,
    /// Free space below which uploads are refused; reads go on.
    pub free_min: u64,
    /// Most bytes of all stored originals together.
    pub store_bytes_max: Option<u64>,
    /// How long a delete can be undone.
    pub trash_keep: i64,
    /// Age that an unreferenced blob must reach before it is removed.
    pub sweep_grace: i64,
    /// Pause between two sweeps.
    pub sweep_interval: i64,
    /// RAM for hot images.
    pub cache_bytes: u64,
    /// Largest original whose bytes are kept in RAM; of larger ones the open file is kept, and the system's own cache
    /// has the bytes.
    pub cache_original_bytes_max: u64,
    /// Largest original that is kept open.
    pub cache_open_bytes_max: u64,
    /// Largest variant that is kept in RAM.
    pub cache_variant_bytes_max: u64,
    /// Most variants of one image.
    pub variants_max: usize,
    /// Caches in front of the server.
    pub cdn: CdnConfig,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            uploaders: Uploaders::default(),
            upload_bytes_max: 100 << 20,
            upload_files_max: 100,
            uploads_max: 1_024,
            direct: true,
            delivery: Delivery::default(),
            accepted: MediaType::ALL.to_vec(),
            limits: ImageLimits::default(),
            free_min: 256 << 20,
            store_bytes_max: None,
            trash_keep: 30 * 86_400,
            sweep_grace: 86_400,
            sweep_interval: 60,
            cache_bytes: 32 << 20,
            cache_original_bytes_max: 8 << 10,
            cache_open_bytes_max: 4 << 20,
            cache_variant_bytes_max: 2 << 20,
            variants_max: 200,
            cdn: CdnConfig::default(),
        }
    }
}
