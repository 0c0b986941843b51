//! A plan carried out on disk gives what it gives in memory.

use proptest::{prelude::*, test_runner::TestRunner};
use tintype_blob::BlobError;
use tintype_types::{MediaType, Span, SpanPlan};

use crate::support::{TestStore, content};

fn in_memory(source: &[u8], plan: &SpanPlan) -> Vec<u8> {
    let mut out = Vec::new();
    for span in &plan.0 {
        match span {
            Span::Keep { offset, len } => {
                let begin = usize::try_from(*offset).unwrap();
                out.extend_from_slice(&source[begin..begin + usize::try_from(*len).unwrap()]);
            }
            Span::New(bytes) => out.extend_from_slice(bytes),
            Span::Zero { len } => out.resize(out.len() + usize::try_from(*len).unwrap(), 0),
        }
    }
    out
}

/// Plans over a file of `len` bytes: gaps, kept ranges in order, new bytes and zeros, in any mixture.
fn plan(len: usize) -> impl Strategy<Value = SpanPlan> {
    let piece = (0..3_u8, 0..=len, 0..=len, proptest::collection::vec(any::<u8>(), 0..50));
    proptest::collection::vec(piece, 1..12).prop_map(move |pieces| {
        let mut at = 0;
        let mut spans = Vec::new();
        for (kind, gap, keep, new) in pieces {
            match kind {
                0 => spans.push(Span::New(new)),
                1 => spans.push(Span::Zero { len: (gap % 1000) as u64 }),
                _ => {
                    // Small gaps and ranges, so that several fit behind one another.
                    let begin = (at + gap % (len / 6 + 1)).min(len);
                    let end = (begin + keep % (len / 2 + 1)).min(len);
                    spans.push(Span::Keep { offset: begin as u64, len: (end - begin) as u64 });
                    at = end;
                }
            }
        }
        SpanPlan(spans)
    })
}

async fn check(test: &TestStore, source: &[u8], plan: &SpanPlan) {
    let staged = test.stage(source).await.unwrap();
    let rewritten = test.store.rewrite(&staged, plan).await;
    if plan.validate(source.len() as u64).is_err() {
        assert!(matches!(rewritten, Err(BlobError::Corrupt(_))), "{rewritten:?}");
        return;
    }
    let rewritten = rewritten.unwrap();
    let expected = in_memory(source, plan);
    assert_eq!(rewritten.len(), expected.len() as u64);
    assert_eq!(rewritten.hash(), test.stage(&expected).await.unwrap().hash());
    let key = crate::support::new_key(rewritten.hash());
    test.store.link(rewritten, key, MediaType::Png).await.unwrap();
    assert_eq!(test.read(key).await.unwrap(), expected);
    test.store.delete(key).await.unwrap();
}

#[test]
fn any_plan_is_carried_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let test = runtime.block_on(TestStore::new());
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let cases = (1_usize..700_000).prop_flat_map(|len| (Just(len), plan(len)));
    let result = TestRunner::new(config).run(&cases, |(len, plan)| {
        runtime.block_on(check(&test, &content(len as u64, len), &plan));
        Ok(())
    });
    result.unwrap();
}

#[tokio::test]
async fn plans_at_the_edges() {
    let test = TestStore::new().await;
    let source = content(1, 600_000);
    let keep = |offset, len| Span::Keep { offset, len };
    for spans in [
        vec![keep(0, 600_000)],
        vec![keep(0, 256 << 10), keep(256 << 10, 600_000 - (256 << 10))],
        vec![keep(599_999, 1)],
        vec![keep(0, 0), Span::Zero { len: 0 }, Span::New(vec![1])],
        vec![Span::New(vec![9; 1 << 20])],
        vec![keep(0, 300_000), Span::Zero { len: 300_000 }],
        (0..60_000).map(|at| keep(at * 10, 3)).collect(),
        vec![keep(0, 600_001)],
        vec![],
    ] {
        check(&test, &source, &SpanPlan(spans)).await;
    }
    test.settles_at(0).await;
}
