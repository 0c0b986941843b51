//! What is written reads back; what was not written by us never panics and never passes as valid.

use proptest::{collection::vec, option, prelude::*, sample::select};
use tintype_types::{
    Fit, ImageLimits, Inspection, MediaType, Recipe, Refusal, Span, SpanPlan, refusal::LimitKind,
    span::NEW_BYTES_MAX,
};

use super::{
    control::{Command, Event, Exit, Settings},
    job::{Job, Op},
    ready::{self, Fault, Layers, Step},
    reply::{REPLY_MAX, Reply},
    reply_check::begins_as,
};

const FILE_LEN: u64 = 1000;

fn inspect_job() -> Job {
    let op = Op::Inspect {
        keep_metadata: false,
        accepted: vec![MediaType::Jpeg, MediaType::Png, MediaType::Avif],
    };
    Job { input_len: FILE_LEN, limits: ImageLimits::default(), op }
}

fn render_job() -> Job {
    let recipe = Recipe { width: Some(320), height: None, fit: Fit::Contain, format: MediaType::Webp };
    Job { input_len: FILE_LEN, limits: ImageLimits::default(), op: Op::Render { recipe, output_max: 5000 } }
}

fn inspection() -> Inspection {
    Inspection {
        media_type: MediaType::Png,
        width: 640,
        height: 480,
        frames: 1,
        orientation: 6,
        has_alpha: true,
        thumbhash: vec![7; 21],
        colour: 0xa0_b0_c0,
        plan: SpanPlan(vec![
            Span::Keep { offset: 0, len: 8 },
            Span::New(vec![1, 2]),
            Span::Keep { offset: 100, len: 900 },
        ]),
    }
}

/// Encodes a reply and reads it as the answer to `job`.
fn through(reply: &Reply, job: &Job) -> Result<Reply, String> {
    Reply::parse(&reply.encode()[4..], job).map_err(|malformed| malformed.to_string())
}

fn refused(change: impl FnOnce(&mut Inspection), words: &str) {
    let mut inspection = inspection();
    change(&mut inspection);
    let error = through(&Reply::Inspected(inspection), &inspect_job()).unwrap_err();
    assert!(error.contains(words), "{error} instead of {words}");
}

#[test]
fn an_inspection_outside_the_job_is_refused() {
    refused(|i| i.media_type = MediaType::Gif, "media type");
    refused(|i| i.width = 0, "side");
    refused(|i| i.height = 32_769, "side");
    refused(|i| (i.width, i.height) = (32_768, 32_768), "pixels are over");
    refused(|i| i.frames = 0, "frames");
    refused(|i| i.frames = 1001, "frames");
    refused(|i| i.frames = 1000, "all frames");
    refused(|i| i.orientation = 0, "orientation");
    refused(|i| i.orientation = 9, "orientation");
    refused(|i| i.thumbhash = vec![0; 4], "thumbhash");
    refused(|i| i.thumbhash = vec![0; 26], "thumbhash");
    refused(|i| i.colour = 1 << 24, "colour");
    refused(|i| i.plan = SpanPlan(vec![]), "plan");
    refused(|i| i.plan = SpanPlan(vec![Span::Keep { offset: 1, len: FILE_LEN }]), "plan");
    refused(|i| i.plan = SpanPlan(vec![Span::Keep { offset: u64::MAX, len: u64::MAX }]), "plan");
    refused(|i| i.plan = SpanPlan(vec![Span::New(vec![0; NEW_BYTES_MAX + 1])]), "new bytes");
    refused(|i| i.plan = SpanPlan(vec![Span::Zero { len: 0 }; 65_537]), "spans");
}

#[test]
fn a_rendition_outside_the_job_is_refused() {
    let check = |len, width, height, valid| {
        let read = through(&Reply::Rendered { len, width, height }, &render_job());
        assert_eq!(read.is_ok(), valid, "{len} bytes, {width} × {height}: {read:?}");
    };
    check(5000, 320, 2000, true);
    check(5001, 320, 200, false);
    check(0, 320, 200, false);
    check(10, 321, 200, false);
    check(10, 0, 200, false);
    check(10, 320, 32_769, false);
}

#[test]
fn a_reply_to_another_kind_of_job_is_refused() {
    through(&Reply::Inspected(inspection()), &render_job()).unwrap_err();
    through(&Reply::Rendered { len: 1, width: 1, height: 1 }, &inspect_job()).unwrap_err();
}

#[test]
fn texts_are_cut_and_cleaned_when_written_and_refused_when_not() {
    let long = "é\n".repeat(300);
    let Ok(Reply::Failed(read)) = through(&Reply::Failed(long), &inspect_job()) else {
        panic!("a text must read back")
    };
    assert!(read.len() <= 200 && read.starts_with("é é "), "{read}");
    for hostile in [&b"\x04\x03a\nb"[..], b"\x04\x02\xff\xfe", b"\x04\xc9", b"\x04\x05abc"] {
        Reply::parse(hostile, &inspect_job()).unwrap_err();
    }
}

#[test]
fn the_longest_plan_fits_into_a_reply() {
    let mut plan: Vec<Span> = (0..65_535).map(|_| Span::Keep { offset: 0, len: 0 }).collect();
    plan.push(Span::New(vec![9; NEW_BYTES_MAX]));
    let reply = Reply::Inspected(Inspection { plan: SpanPlan(plan), ..inspection() });
    assert!(reply.encode().len() <= REPLY_MAX + 4);
    assert_eq!(through(&reply, &inspect_job()), Ok(reply));
}

#[test]
fn beginnings_are_told_apart() {
    let beginnings: [(MediaType, &[u8]); 5] = [
        (MediaType::Jpeg, b"\xff\xd8\xff\xe0"),
        (MediaType::Png, b"\x89PNG\r\n\x1a\n"),
        (MediaType::Gif, b"GIF89a"),
        (MediaType::Webp, b"RIFF\x10\0\0\0WEBPVP8 "),
        (MediaType::Avif, b"\0\0\0\x20ftypavif"),
    ];
    for (format, beginning) in beginnings {
        for media_type in MediaType::ALL {
            assert_eq!(begins_as(media_type, beginning), media_type == format, "{media_type} {beginning:?}");
        }
        assert!(!begins_as(format, &beginning[..2]));
    }
}

#[test]
fn a_report_of_readiness_reads_back() {
    let layers = Layers { landlock_abi: 7, seccomp: true, nobody: false };
    for report in [Ok(layers), Err(Fault { step: Step::Limits, errno: 22 })] {
        assert_eq!(ready::parse(&ready::encode(&report)), Ok(report));
    }
    ready::parse(&[7; 16]).unwrap_err();
}

fn media_type() -> impl Strategy<Value = MediaType> {
    select(&MediaType::ALL[..])
}

fn plan() -> impl Strategy<Value = SpanPlan> {
    // Ranges that go forward and stay inside the file, with new bytes and zeros between.
    vec((0..30u64, 1..30u64, vec(any::<u8>(), 0..9), 0..3u64), 1..16).prop_map(|pieces| {
        let (mut spans, mut at) = (Vec::new(), 0);
        for (skip, len, new, zeros) in pieces {
            spans.push(Span::Keep { offset: at + skip, len });
            spans.push(Span::New(new));
            spans.push(Span::Zero { len: zeros });
            at += skip + len;
        }
        SpanPlan(spans)
    })
}

fn refusal() -> impl Strategy<Value = Refusal> {
    let text = "[a-zA-Z0-9é ]{0,60}";
    prop_oneof![
        Just(Refusal::Empty),
        option::of(text).prop_map(|looks_like| Refusal::Unsupported { looks_like }),
        media_type().prop_map(|media_type| Refusal::Truncated { media_type }),
        (media_type(), text).prop_map(|(media_type, detail)| Refusal::Corrupt { media_type, detail }),
        (select(&LimitKind::ALL[..]), any::<u64>(), any::<u64>())
            .prop_map(|(kind, actual, max)| Refusal::Limit { kind, actual, max }),
    ]
}

prop_compose! {
    fn any_inspection()(
        media_type in select(vec![MediaType::Jpeg, MediaType::Png, MediaType::Avif]),
        width in 1..2000u32, height in 1..2000u32, frames in 1..40u32, orientation in 1..=8u8, has_alpha: bool,
        thumbhash in vec(any::<u8>(), 5..=25), colour in 0..1u32 << 24, plan in plan(),
    ) -> Inspection {
        Inspection { media_type, width, height, frames, orientation, has_alpha, thumbhash, colour, plan }
    }
}

prop_compose! {
    fn any_job()(
        input_len: u64, side_max: u32, pixels_max: u64, frames_max: u32, frame_pixels_max: u64,
        decoded_bytes_max: u64, scans_max: u32, metadata_bytes_max: u64,
        op in prop_oneof![
            (any::<bool>(), proptest::sample::subsequence(MediaType::ALL.to_vec(), 0..=5))
                .prop_map(|(keep_metadata, accepted)| Op::Inspect { keep_metadata, accepted }),
            (option::of(1..=u32::MAX), option::of(1..=u32::MAX), select(&Fit::ALL[..]), media_type(), any::<u64>())
                .prop_map(|(width, height, fit, format, output_max)| Op::Render {
                    recipe: Recipe { width, height, fit, format },
                    output_max,
                }),
        ],
    ) -> Job {
        let limits = ImageLimits {
            side_max, pixels_max, frames_max, frame_pixels_max, decoded_bytes_max, scans_max, metadata_bytes_max,
        };
        Job { input_len, limits, op }
    }
}

/// What must hold of every inspection that gets past the reader, said without the reader's own words.
fn assert_valid(reply: &Reply) {
    if let Reply::Inspected(i) = reply {
        assert!([MediaType::Jpeg, MediaType::Png, MediaType::Avif].contains(&i.media_type));
        assert!(i.width > 0 && i.height > 0 && u64::from(i.width) * u64::from(i.height) <= 100_000_000);
        assert!(i.frames > 0 && (5..26).contains(&i.thumbhash.len()) && i.plan.len() <= FILE_LEN + (1 << 20));
        i.plan.validate(FILE_LEN).unwrap();
    }
}

proptest! {
    #[test]
    fn jobs_read_back(job in any_job()) {
        prop_assert_eq!(Job::parse(&job.encode()), Ok(job));
    }

    #[test]
    fn inspections_read_back(inspection in any_inspection()) {
        let reply = Reply::Inspected(inspection);
        prop_assert_eq!(through(&reply, &inspect_job()), Ok(reply));
    }

    #[test]
    fn refusals_read_back(refusal in refusal()) {
        let reply = Reply::Refused(refusal);
        prop_assert_eq!(through(&reply, &inspect_job()), Ok(reply.clone()));
        prop_assert_eq!(through(&reply, &render_job()), Ok(reply));
    }

    #[test]
    fn random_bytes_are_refused_or_valid(kind in 0..6u8, mut bytes in vec(any::<u8>(), 0..400)) {
        bytes.insert(0, kind);
        if let Ok(reply) = Reply::parse(&bytes, &inspect_job()) {
            assert_valid(&reply);
        }
        let _ = Reply::parse(&bytes, &render_job());
        let _ = (Job::parse(&bytes), ready::parse(&bytes), Command::parse(&bytes), Event::parse(&bytes));
    }

    /// Bytes that are almost right reach deeper than random ones.
    #[test]
    fn damaged_replies_are_refused_or_valid(
        inspection in any_inspection(), at: proptest::sample::Index, to: u8, cut: proptest::sample::Index, more in vec(any::<u8>(), 0..3),
    ) {
        let mut bytes = Reply::Inspected(inspection).encode().split_off(4);
        prop_assert!(Reply::parse(&bytes[..cut.index(bytes.len())], &inspect_job()).is_err());
        let place = at.index(bytes.len());
        bytes[place] = to;
        if let Ok(reply) = Reply::parse(&bytes, &inspect_job()) {
            assert_valid(&reply);
            bytes.extend(&more);
            prop_assert!(more.is_empty() || Reply::parse(&bytes, &inspect_job()).is_err());
        }
    }

    #[test]
    fn control_messages_read_back(
        landlock: bool, seccomp: bool, numbers: [u64; 4], count: u32, id: u64, pid: i32, signal: i32, status: i32,
    ) {
        let [memory_max, output_max, cpu_seconds, first_id] = numbers;
        let settings = Settings { landlock, seccomp, memory_max, output_max, cpu_seconds, first_id };
        for command in [Command::Configure(settings), Command::Fork(count), Command::Kill(id)] {
            prop_assert_eq!(Command::parse(&command.encode()), Ok(command));
        }
        let exit = Exit { id, signal, status, cpu_us: memory_max, resident_kib: output_max };
        for event in [Event::Forked { id, pid }, Event::Exited(exit), Event::ForkFailed { errno: status }] {
            prop_assert_eq!(Event::parse(&event.encode()), Ok(event));
        }
    }
}
