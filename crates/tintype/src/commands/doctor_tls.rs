//! What `tintype doctor` looks at where HTTPS is spoken: the settings, and every certificate.

use std::{error::Error, fmt::Write as _};

use anyhow::Result;
use tintype_app::{
    certificate::{Certificate, Issued},
    clock::Clock,
    types::UnixMillis,
};
use tintype_catalog::{Catalog, CatalogError};
use tintype_http::{CertificateSource, Life, OwnCertificate, Standing};

use super::{
    doctor::{Finding, fail, ok, warn},
    rfc3339,
};
use crate::settings::{self, Settings};

const WHAT: &str = "certificate";

/// What to do about a certificate that an authority does not issue.
const LOOK: &str = "look at what the authority says, at the address that the name leads to, and at the firewall: docs/https.md";

/// Looks at the settings and at every certificate.
pub(super) async fn look(settings: &Settings) -> Result<Vec<Finding>> {
    let mend = "`tintype config` shows what is set, and where";
    let refused = settings::contradiction(settings).map(|why| fail("https", why, mend));
    let doubts = settings::doubts(settings).into_iter().map(|why| {
        let what = if why.starts_with("cdn.") { "caches" } else { "https" };
        warn(what, why, mend)
    });
    let mut findings: Vec<_> = refused.into_iter().chain(doubts).collect();
    let now = Clock::System.now();
    match &settings.http.tls.source {
        CertificateSource::Files { .. } => findings.extend(own(settings, now)),
        CertificateSource::Authority(authority) if settings.http.tls.is_on() => {
            findings.extend(issued(settings, &authority.directory, now).await);
        }
        CertificateSource::Authority(_) => {}
    }
    Ok(findings)
}

/// The operator's own certificate.
fn own(settings: &Settings, now: UnixMillis) -> Vec<Finding> {
    let own = match OwnCertificate::read(&settings.http) {
        Ok(own) => own,
        Err(error) => {
            let mend = "put the certificate and its key where tls.certificate and tls.key say; the server does not start without";
            return vec![fail(WHAT, causes(&error), mend)];
        }
    };
    let Some(OwnCertificate { names, missing, life, .. }) = own else { return Vec::new() };
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    let found =
        format!("your own, for {names}, good from {} until {}", rfc3339(life.begin), rfc3339(life.end));
    let first = match Standing::of_own(life, now) {
        Standing::Good => ok(WHAT, found),
        Standing::Early => {
            warn(WHAT, found, "it is not good yet: look at the clock, and at which certificate this is")
        }
        Standing::Ending => warn(
            WHAT,
            found,
            "it ends soon: what renews it may have stopped, or does not copy it here (docs/https.md)",
        ),
        Standing::Ended => fail(
            WHAT,
            found,
            "it has ended, and browsers warn their readers: renew it, and copy it here (docs/https.md)",
        ),
    };
    let rest = (!missing.is_empty()).then(|| {
        warn(
            WHAT,
            format!("your own is for {names}, not for {}", missing.join(", ")),
            "have one issued for all names that the settings have, unless a CDN or a proxy speaks HTTPS for them",
        )
    });
    std::iter::once(first).chain(rest).collect()
}

/// What the catalogue keeps of every domain's certificate.
async fn issued(settings: &Settings, directory: &str, now: UnixMillis) -> Vec<Finding> {
    let path = settings.data.join("tintype.db");
    let domains = &settings.http.tls.domains;
    if !path.exists() {
        let domains = domains.join(", ");
        return vec![ok(WHAT, format!("none yet for {domains}: the server asks for it when it starts"))];
    }
    let catalog = match Catalog::open_as_it_is(&path).await {
        Ok(Some(catalog)) => catalog,
        Ok(None) => {
            return vec![warn(
                WHAT,
                "the catalogue is of an older release",
                "start the server, and look again",
            )];
        }
        Err(error) => return vec![unread(&error)],
    };
    let mut findings = Vec::new();
    for domain in domains {
        let looked = async {
            let kept = catalog.certificate(domain, directory).await?;
            Ok((kept, catalog.latest_certificate(domain).await?))
        };
        findings.push(match looked.await {
            Ok((kept, latest)) => of_domain(domain, &kept, latest, now),
            Err(error) => unread(&error),
        });
    }
    // Nothing was written.
    let _ = catalog.close().await;
    findings
}

/// How one domain stands: `kept` is what is known at the authority of the settings, `latest` what is good for longest.
fn of_domain(domain: &str, kept: &Certificate, latest: Option<Issued>, now: UnixMillis) -> Finding {
    let is_good = |issued: &&Issued| issued.not_after > now;
    let in_use = kept.issued.clone().filter(|issued| is_good(&issued)).or(latest);
    let mut found = match &in_use {
        None => format!("{domain}: none yet"),
        Some(issued) => {
            let other = if kept.issued.as_ref() == Some(issued) { "" } else { "another authority's, " };
            let word = if issued.not_after > now { "in use until" } else { "ended at" };
            format!("{domain}: {other}{word} {}", rfc3339(issued.not_after))
        }
    };
    if let Some(problem) = &kept.problem {
        let _ = write!(found, "; the last attempt: {problem}");
    }
    if let Some(next) = kept.due_at.filter(|_| kept.problem.is_some()) {
        let _ = write!(found, "; the next at {}", rfc3339(next));
    }
    let standing = in_use.map(|issued| Life { begin: issued.not_before, end: issued.not_after });
    match (standing.map(|life| Standing::of_issued(life, now)), &kept.problem) {
        (None | Some(Standing::Ended), Some(_)) => fail(WHAT, found, LOOK),
        (None | Some(Standing::Ended), None) => {
            warn(WHAT, found, "start the server, which asks for it; its log says what comes of it")
        }
        (Some(_), Some(_)) => warn(WHAT, found, LOOK),
        (Some(_), None) => ok(WHAT, found),
    }
}

fn unread(error: &CatalogError) -> Finding {
    fail(
        WHAT,
        format!("the catalogue cannot be read: {}", causes(error)),
        "run this as the user that runs the server, and see docs/operate.md",
    )
}

/// An error with all of its causes, in one line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    const DAY: i64 = 86_400;
    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn until(days: i64) -> Issued {
        let end = NOW.plus_seconds(days * DAY);
        let (chain, private_key) = (String::new(), String::new());
        Issued { chain, private_key, not_before: end.plus_seconds(-90 * DAY), not_after: end }
    }

    #[test]
    fn a_domain_is_told_in_one_line() {
        let failed = |issued| Certificate {
            issued,
            attempts: 3,
            due_at: Some(NOW.plus_seconds(480)),
            problem: Some("the authority refused: no (unauthorized)".to_owned()),
        };
        let kept = |issued| Certificate { issued, ..Certificate::default() };
        let no =
            "; the last attempt: the authority refused: no (unauthorized); the next at 2027-01-15T08:08:00Z";
        for (certificate, latest, verdict, found) in [
            (kept(None), None, Verdict::Warn, "a.test: none yet".to_owned()),
            (failed(None), None, Verdict::Fail, format!("a.test: none yet{no}")),
            (
                kept(Some(until(80))),
                Some(until(80)),
                Verdict::Ok,
                "a.test: in use until 2027-04-05T08:00:00Z".to_owned(),
            ),
            (
                failed(Some(until(20))),
                Some(until(20)),
                Verdict::Warn,
                format!("a.test: in use until 2027-02-04T08:00:00Z{no}"),
            ),
            (
                failed(Some(until(-1))),
                Some(until(-1)),
                Verdict::Fail,
                format!("a.test: ended at 2027-01-14T08:00:00Z{no}"),
            ),
            (
                failed(None),
                Some(until(20)),
                Verdict::Warn,
                format!("a.test: another authority's, in use until 2027-02-04T08:00:00Z{no}"),
            ),
        ] {
            let told = of_domain("a.test", &certificate, latest, NOW);
            assert_eq!((told.verdict, told.found), (verdict, found));
            assert_eq!(told.mend.is_empty(), verdict == Verdict::Ok);
        }
    }
}
