//! What `tintype doctor` says of caches in front: those that have yet to forget something.

use anyhow::Result;
use tintype_app::clock::Clock;
use tintype_catalog::{CacheState, Catalog};

use super::{
    doctor::{Finding, Verdict},
    rfc3339,
};
use crate::{data, settings::Settings};

/// One finding for each cache that something waits for.
pub(super) async fn look(settings: &Settings) -> Result<Vec<Finding>> {
    // Without a catalogue there is nothing to be forgotten.
    let Ok(dir) = data::existing(&settings.data) else { return Ok(Vec::new()) };
    let catalog = data::catalogue(&dir).await?;
    let found = findings(&catalog).await;
    catalog.close().await?;
    found
}

async fn findings(catalog: &Catalog) -> Result<Vec<Finding>> {
    let now = Clock::System.now();
    let mut findings = Vec::new();
    for mut cache in catalog.caches().await? {
        let (waiting, failing) = catalog.waiting_purges(Some(&cache.name)).await?;
        cache.rests_until = cache.rests_until.filter(|end| *end > now);
        if waiting > 0 || cache.rests_until.is_some() {
            findings.push(finding(&cache, waiting, failing));
        }
    }
    Ok(findings)
}

fn finding(cache: &CacheState, waiting: u64, failing: u64) -> Finding {
    let mut found = format!("{}: {waiting} things to forget", cache.name);
    let mut verdict = Verdict::Ok;
    if let Some(since) = cache.failing_since {
        verdict = Verdict::Warn;
        let problem = cache.problem.as_deref().unwrap_or_default();
        found.push_str(&format!(", {failing} have failed, the oldest of {}: {problem}", rfc3339(since)));
    }
    if let Some(end) = cache.rests_until {
        verdict = Verdict::Warn;
        found.push_str(&format!("; it asked to be left alone until {}", rfc3339(end)));
    }
    let mend = match verdict {
        Verdict::Ok => String::new(),
        _ => "until then it may show what is gone: `tintype purge list` says what; put right why, then `tintype purge retry`".to_owned(),
    };
    Finding { verdict, what: "cache", found, mend }
}
