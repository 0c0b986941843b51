//! Certificates and accounts.

use tintype_catalog::{Certificate, Issued};
use tintype_types::UnixMillis;

use crate::support::{NOW, TestCatalog};

const CA: &str = "https://ca.example.test/directory";

fn issued(end: UnixMillis) -> Issued {
    Issued { chain: "chain".to_owned(), private_key: "private".to_owned(), not_before: NOW, not_after: end }
}

#[tokio::test]
async fn what_was_issued_stays_while_its_renewal_fails_and_is_then_replaced() {
    let test = TestCatalog::new().await;
    let (domain, end) = ("a.example.test", NOW.plus_seconds(90));
    assert_eq!(test.certificate(domain, CA).await.unwrap(), Certificate::default());
    for attempts in 1..=2 {
        test.put_off_certificate(domain.to_owned(), CA.to_owned(), attempts, end, "no".to_owned())
            .await
            .unwrap();
        let kept = test.certificate(domain, CA).await.unwrap();
        let expected =
            Certificate { issued: None, attempts, due_at: Some(end), problem: Some("no".to_owned()) };
        assert_eq!(kept, expected);
    }
    test.keep_certificate(domain.to_owned(), CA.to_owned(), issued(end)).await.unwrap();
    let whole = Certificate { issued: Some(issued(end)), ..Certificate::default() };
    assert_eq!(test.certificate(domain, CA).await.unwrap(), whole);
    test.put_off_certificate(domain.to_owned(), CA.to_owned(), 1, NOW, "down".to_owned()).await.unwrap();
    let kept = test.certificate(domain, CA).await.unwrap();
    assert_eq!((kept.issued, kept.attempts, kept.due_at), (Some(issued(end)), 1, Some(NOW)));
    let later = issued(end.plus_seconds(90));
    test.keep_certificate(domain.to_owned(), CA.to_owned(), later.clone()).await.unwrap();
    test.close().await.unwrap();
    let kept = test.again().await.certificate(domain, CA).await.unwrap();
    assert_eq!(kept, Certificate { issued: Some(later), ..Certificate::default() });
}

#[tokio::test]
async fn names_and_authorities_are_apart() {
    let test = TestCatalog::new().await;
    test.keep_certificate("a.example.test".to_owned(), CA.to_owned(), issued(NOW)).await.unwrap();
    assert_eq!(test.certificate("b.example.test", CA).await.unwrap(), Certificate::default());
    assert_eq!(test.certificate("a.example.test", "https://other").await.unwrap(), Certificate::default());
    assert_eq!(test.acme_account(CA).await.unwrap(), None);
    for credentials in ["first", "second"] {
        test.keep_acme_account(CA.to_owned(), credentials.to_owned(), NOW).await.unwrap();
        assert_eq!(test.acme_account(CA).await.unwrap().as_deref(), Some(credentials));
    }
    assert_eq!(test.acme_account("https://other").await.unwrap(), None);
    test.forget_acme_account(CA.to_owned()).await.unwrap();
    assert_eq!(test.acme_account(CA).await.unwrap(), None);
}

#[tokio::test]
async fn the_latest_is_found_whichever_authority_issued_it() {
    let test = TestCatalog::new().await;
    let (domain, other) = ("a.example.test".to_owned(), "https://other.example.test");
    test.put_off_certificate(domain.clone(), CA.to_owned(), 1, NOW, "no".to_owned()).await.unwrap();
    assert_eq!(test.latest_certificate(&domain).await.unwrap(), None);
    let (first, second) = (issued(NOW.plus_seconds(90)), issued(NOW.plus_seconds(30)));
    test.keep_certificate(domain.clone(), other.to_owned(), first.clone()).await.unwrap();
    test.keep_certificate(domain.clone(), CA.to_owned(), second).await.unwrap();
    assert_eq!(test.latest_certificate(&domain).await.unwrap(), Some(first));
    assert_eq!(test.latest_certificate("b.example.test").await.unwrap(), None);
}

#[test]
fn keys_do_not_show_in_what_is_printed() {
    assert!(!format!("{:?}", issued(NOW)).contains("private"));
}
