//! What is counted, for `/metrics`.

use std::{
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use http::StatusCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tintype_app::{App, purge::PurgeCounts, upload::UploadError};

use crate::{limit::Kind, tls::Keys};

/// The kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClass {
    class: Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Class(usize);

impl EncodeLabelValue for Class {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>) -> std::fmt::Result {
        use std::fmt::Write as _;
        write!(encoder, "{}xx", self.0 + 1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByLimit {
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByDomain {
    domain: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// What the HTTP side counts. Cheap to clone: all clones count together.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// One counter a class, outside the family's lock, because the hot path counts here.
    requests: [Counter; 5],
    seconds: Histogram,
    bytes: Counter,
    pub(crate) connections: Gauge<i64, AtomicI64>,
    pub(crate) connections_refused: Counter,
    limited: Family<ByLimit, Counter>,
    uploads: Family<ByOutcome, Counter>,
    upload_bytes: Counter,
    panics: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        // From a hot picture to a slow upload.
        let seconds = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
        let limited = Family::<ByLimit, Counter>::default();
        for kind in Kind::ALL {
            drop(limited.get_or_create(&ByLimit { limit: kind.as_str() }));
        }
        let uploads = Family::<ByOutcome, Counter>::default();
        for outcome in ["stored", "duplicate", "refused", "failed"] {
            drop(uploads.get_or_create(&ByOutcome { outcome }));
        }
        Self {
            requests: std::array::from_fn(|_| Counter::default()),
            seconds: Histogram::new(seconds),
            bytes: Counter::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            limited,
            uploads,
            upload_bytes: Counter::default(),
            panics: Counter::default(),
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(&self, status: StatusCode, bytes: u64, time: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.requests[class].inc();
        self.seconds.observe(time.as_secs_f64());
        self.bytes.inc_by(bytes);
    }

    /// Counts what a limit refused.
    pub(crate) fn limited(&self, kind: Kind) {
        self.limited.get_or_create(&ByLimit { limit: kind.as_str() }).inc();
    }

    /// Counts an upload by what became of it.
    pub(crate) fn uploaded(&self, outcome: Result<(bool, u64), &UploadError>) {
        let outcome = match outcome {
            Ok((duplicate, bytes)) => {
                self.upload_bytes.inc_by(bytes);
                if duplicate { "duplicate" } else { "stored" }
            }
            Err(UploadError::Trouble(_)) => "failed",
            Err(_) => "refused",
        };
        self.uploads.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Counts a handler that panicked.
    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    /// Everything in the text format of OpenMetrics.
    pub(crate) fn text(
        &self,
        app: &App,
        purges: PurgeCounts,
        keys: Option<&Keys>,
        version: &'static str,
    ) -> String {
        let mut registry = Registry::with_prefix("tintype");
        let requests = Family::<ByClass, Counter>::default();
        for (class, counted) in self.requests.iter().enumerate() {
            requests.get_or_create(&ByClass { class: Class(class) }).inc_by(counted.get());
        }
        registry.register("http_requests", "Requests answered, by the class of the answer", requests);
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer was ready",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register_with_unit("http_response", "Bytes of answers", Unit::Bytes, self.bytes.clone());
        registry.register("http_connections", "Connections that are open", self.connections.clone());
        registry.register(
            "http_connections_refused",
            "Connections closed at once because their client held too many",
            self.connections_refused.clone(),
        );
        registry.register("http_panics", "Requests whose handler panicked", self.panics.clone());
        registry.register("limited", "Requests refused by a rate limit", self.limited.clone());
        registry.register("uploads", "Uploaded files, by what became of them", self.uploads.clone());
        registry.register_with_unit(
            "uploads",
            "Bytes of uploaded files that were stored, as they were received",
            Unit::Bytes,
            self.upload_bytes.clone(),
        );
        state(&mut registry, app, version);
        purging(&mut registry, purges);
        if let Some(keys) = keys {
            certificates(&mut registry, app, keys);
        }
        let mut text = String::new();
        // Writing to memory does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

/// How long each certificate is still good; negative once it has expired.
fn certificates(registry: &mut Registry, app: &App, keys: &Keys) {
    let (ends, now) = (Family::<ByDomain, Gauge<i64, AtomicI64>>::default(), app.clock().now());
    for (domain, end) in keys.ends() {
        ends.get_or_create(&ByDomain { domain }).set(end.0.saturating_sub(now.0) / 1000);
    }
    registry.register("certificate_expires_seconds", "Time until the certificate in use expires", ends);
}

/// What is measured at the moment of asking.
fn state(registry: &mut Registry, app: &App, version: &'static str) {
    let mut gauge = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<i64, AtomicI64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    let (health, usage) = (app.health(), app.usage());
    gauge("images", "Images that are not deleted", usage.images);
    gauge("images_trashed", "Deleted images that can still be restored", usage.trashed);
    gauge("stored_bytes", "Bytes of stored originals", usage.bytes);
    gauge("free_bytes", "Bytes free where the originals are", health.free_bytes.unwrap_or(0));
    gauge("reports_open", "Reports of images that wait for the operator", app.open_reports());
    gauge("storage_full", "1 while uploads are refused for want of space", u64::from(health.storage_full));
    gauge("ready", "1 while the server takes all requests", u64::from(app.is_ready()));
    gauge(
        "sandbox_ok",
        "1 while both layers of the sandbox hold",
        u64::from(health.sandbox.status == tintype_app::Status::Ok),
    );
    gauge("cache_bytes", "Bytes that hot pictures take in RAM", app.cache_bytes());
    gauge("resident_bytes", "Memory of the server process, without its workers", resident_bytes());
    let counter = |value: u64| {
        let counter = Counter::<u64, AtomicU64>::default();
        counter.inc_by(value);
        counter
    };
    registry.register(
        "workers_started",
        "Workers that were started",
        counter(health.sandbox.workers_started),
    );
    registry.register(
        "worker_deaths",
        "Workers that died of what they were given",
        counter(health.sandbox.deaths),
    );
    registry.register(
        "forbidden_calls",
        "Workers that the kernel killed for a forbidden call",
        counter(health.sandbox.forbidden_calls),
    );
    registry.register(
        "build",
        "The running version",
        prometheus_client::metrics::info::Info::new(vec![("version", version)]),
    );
}

/// What caches in front have yet to forget, and have forgotten.
fn purging(registry: &mut Registry, purges: PurgeCounts) {
    for (name, help, value) in [
        ("purges_waiting", "What caches in front have yet to forget, once for each cache", purges.waiting),
        ("purges_failing", "Those of them that have failed at least once", purges.failing),
    ] {
        let gauge = Gauge::<i64, AtomicI64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    for (name, help, value) in [
        ("purges", "What caches in front have forgotten", purges.done),
        ("purge_failures", "Tries to have a cache forget something that failed", purges.failed),
    ] {
        let counter = Counter::<u64, AtomicU64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
}

/// RSS by the kernel's count; 0 where it does not say.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
