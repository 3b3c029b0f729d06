//! Nothing stops, memory stays, and others are served: against a real coordinator, with attacks that are counted.

use crate::{
    bystander::Bystander,
    frames::{GOAWAY, HEADERS, PING, RST_STREAM},
    holders::Holder,
    issue::{Wrong, spoil},
    messages::{self, CHECK, SUBMIT},
    strangers,
    wire::block_on,
    world::{Coordinator, Shield, World},
};
use std::time::Duration;
use tarquet_client::{Jobs, JobsError, RemoteJobs};
use tarquet_common::codes::cluster::{TLS_REFUSED, UNAUTHENTICATED};
use tarquet_kit::until;
use tarquet_proto::client::{Access, Secret, Token};
use tarquet_tests::peak::Watch;

/// What memory may grow by, whatever is done.
const GROWTH_MAX: u64 = 64 << 20;
/// `REFUSED_STREAM`, `ENHANCE_YOUR_CALM` (RFC 9113, section 7).
const REFUSED_STREAM: u32 = 7;

/// Attacks, while a bystander asks and a worker converts; then judges.
fn under_attack(shield: Shield, attack: impl FnOnce(&Coordinator<'_>)) {
    let world = World::new();
    let mut coordinator = Coordinator::start(&world, shield);
    let mut worker = coordinator.worker("worker");
    let first = world.sample_spec("first");
    coordinator.ask_as("operator", &["submit", &first, "--wait", "--progress", "none"]).exits(3);

    let before = coordinator.process.memory();
    let watch = Watch::begin(coordinator.process.id());
    let bystander = Bystander::begin(&coordinator);
    let second = world.sample_spec("second");
    let job = coordinator.ask_as("operator", &["submit", &second]).exits(0).json();
    attack(&coordinator);
    let waited = coordinator.ask_as("operator", &["wait", job["job"].as_str().unwrap(), "--timeout", "100s"]);
    let served = bystander.end();
    let most = watch.end().anonymous.max(coordinator.process.memory());
    let grown = most.saturating_sub(before);
    eprintln!(
        "memory: {before} before, {most} at most, grown by {:.1} MiB",
        grown as f64 / f64::from(1 << 20)
    );
    eprintln!("bystanders on an old connection and on new ones: {served:?}");

    waited.exits(3);
    assert!(coordinator.process.is_running() && worker.is_running(), "{}", coordinator.process.log());
    assert!(grown < GROWTH_MAX, "memory grew by {grown} bytes");
    for of in served {
        assert!(of.asked >= 5 && of.answered == of.asked, "{served:?}\n{}", coordinator.process.log());
        assert!(of.slowest < Duration::from_secs(10), "{served:?}");
    }
    let lines = coordinator.process.log().lines().filter(|l| l.contains("refused:")).count();
    assert!(lines < 50, "the log became part of the attack: {lines} lines");
}

#[test]
fn floods_of_connections_without_a_token() {
    under_attack(Shield::Tls, |coordinator| {
        block_on(async {
            let silent = strangers::silence(&coordinator.grpc, 3_000, b"").await;
            assert_eq!((silent.done, silent.ended), (3_000, 3_000), "{silent:?}");
            // The first bytes of a ClientHello, and never the rest.
            let stalled =
                strangers::silence(&coordinator.grpc, 1_500, b"\x16\x03\x01\x02\x00\x01\x00\x01").await;
            assert_eq!((stalled.done, stalled.ended), (1_500, 1_500), "{stalled:?}");
            let silent = strangers::silence(&coordinator.http, 1_500, b"\x16\x03\x01\x02\x00").await;
            assert_eq!((silent.done, silent.ended), (1_500, 1_500), "{silent:?}");
            let noise = strangers::silence(&coordinator.grpc, 500, b"GET / HTTP/1.1\r\n\r\n").await;
            assert_eq!((noise.done, noise.ended), (500, 500), "{noise:?}");
        });
    });
}

#[test]
fn heads_that_come_byte_by_byte() {
    under_attack(Shield::Tls, |coordinator| {
        block_on(async {
            for http1 in [false, true] {
                let slow = strangers::dribble(coordinator, 200, http1).await;
                assert_eq!((slow.done, slow.ended), (200, 200), "{slow:?}");
            }
        });
    });
}

#[test]
fn floods_of_calls_without_a_token() {
    under_attack(Shield::Tls, |coordinator| {
        let (connections, each) = (200, 300);
        let (mut sent, mut refused) = (0, 0);
        block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..connections {
                let stranger = Holder::stranger(coordinator).await;
                tasks.spawn(stranger.ask_on_and_on(each));
            }
            while let Some(done) = tasks.join_next().await {
                let (asked, heard) = done.expect("no panic");
                assert!(heard.closed && heard.count(HEADERS) < each, "it was sent away: {asked} {heard:?}");
                sent += asked;
                refused += heard.count(HEADERS);
            }
        });
        eprintln!("{sent} calls without a token on {connections} connections, {refused} answers");
        assert!(refused >= connections, "they were answered at first: {refused}");
    });
}

#[test]
fn tokens_that_are_wrong_old_or_almost_right() {
    under_attack(Shield::Tls, |coordinator| {
        let world = coordinator.world;
        let old = world.read("certs/operator/token").trim().to_owned();
        let hash = world.read("certs/coordinator/tokens");
        let hash =
            hash.lines().find(|l| l.starts_with("operator")).unwrap().split_whitespace().nth(1).unwrap();
        world.tarquet(&["certs", "token", "certs", "operator"]).exits(0);
        world.tarquet(&["certs", "token", "certs", "operator", "--retire"]).exits(0);
        let good = world.read("certs/operator/token").trim().to_owned();
        let mut wrong = vec![old.clone(), hash.replace("sha256:", ""), good.to_uppercase()];
        wrong.extend([good[..good.len() - 1].to_owned(), format!("{good}0"), "x".repeat(8_000)]);
        wrong.extend((0..500).map(|n| format!("tq-operator-{n:064x}")));
        // The file of tokens is read again some time after it has changed.
        until("the old token's end", || {
            (coordinator.get("/", Some(&format!("Bearer {old}"))).0 == 401).then_some(())
        });
        until("the new token", || {
            (coordinator.get("/", Some(&format!("Bearer {good}"))).0 == 200).then_some(())
        });
        let tries = wrong.len() * 4;
        for odd in [format!("Bearer {hash}"), "Bearer".to_owned(), format!("Digest {good}")] {
            assert_eq!(coordinator.get("/", Some(&odd)).0, 401, "{odd}");
        }
        let refused = block_on(async {
            let mut refused = 0;
            for token in wrong {
                let token = Some(Token::Here(Secret::new(&token)));
                let client = RemoteJobs::new(&Access { token, ..coordinator.access("operator") }).unwrap();
                for _ in 0..4 {
                    match client.jobs(None, 1).await {
                        Err(JobsError::Refused(f)) if f.code == UNAUTHENTICATED => refused += 1,
                        other => panic!("{other:?}"),
                    }
                }
            }
            refused
        });
        assert_eq!(refused, tries);
        eprintln!("{refused} calls with wrong tokens refused");
    });
}

#[test]
fn stolen_tokens_and_http2_without_rules() {
    under_attack(Shield::Tls, |coordinator| {
        block_on(async {
            for _ in 0..20 {
                let (sent, heard) = Holder::come(coordinator, "viewer").await.rapid_reset(5_000).await;
                eprintln!("{sent} calls reset: {heard:?}");
                assert!(sent >= 100 && heard.closed && heard.count(GOAWAY) > 0, "{sent} resets: {heard:?}");
            }
            let (sent, heard) = Holder::come(coordinator, "viewer").await.many_streams(3_000).await;
            let refused = heard.resets.get(&REFUSED_STREAM).copied().unwrap_or_default();
            eprintln!("{sent} streams: {heard:?}");
            assert!(sent > 256 && (refused > 0 || heard.goodbye.is_some()), "{sent}: {heard:?}");
            let (sent, heard) = Holder::come(coordinator, "viewer").await.endless_head(400).await;
            eprintln!("{sent} frames of one head: {heard:?}");
            assert!(heard.closed && sent > 1, "{sent}: {heard:?}");
            let (sent, heard) = Holder::come(coordinator, "viewer").await.pings(50_000).await;
            assert!(sent > 1_000 && (heard.count(PING) > 0 || heard.closed), "{sent}: {heard:?}");
            let (sent, heard) = Holder::come(coordinator, "viewer").await.unread_answers(2_000).await;
            eprintln!("{sent} unread: {heard:?}");
            assert!(sent > 100 && heard.count(HEADERS) + heard.count(RST_STREAM) > 0, "{sent}: {heard:?}");
        });
    });
}

#[test]
fn messages_that_are_too_large() {
    under_attack(Shield::Tls, |coordinator| {
        block_on(async {
            let claims = messages::unfinished(coordinator, SUBMIT, 20, u32::MAX, 16_000).await;
            eprintln!("claims of 4 GiB: {claims:?}");
            assert_eq!((claims.answered, claims.unanswered), (20, 0), "{claims:?}");
            // Messages of an allowed size that never end, on several connections: all together they are too much.
            let mut tried = messages::Sent::default();
            let many = (0..4).map(|_| messages::unfinished(coordinator, SUBMIT, 20, 5 << 20, 4 << 20));
            for sent in futures::future::join_all(many).await {
                eprintln!("messages of 5 MiB that do not end: {sent:?}");
                tried.bytes += sent.bytes;
                tried.answered += sent.answered;
            }
            assert!(tried.bytes > 12 << 20, "it was not tried hard: {tried:?}");
            assert!(tried.answered > 40, "most were refused before their end: {tried:?}");
        });
    });
}

#[test]
fn messages_of_strangers_count_for_nobody_else() {
    under_attack(Shield::Tls, |coordinator| {
        block_on(async {
            for _ in 0..3 {
                // Eight of them were all that messages of all calls could hold.
                let many = (0..8).map(|_| messages::unfinished(coordinator, CHECK, 8, 4 << 20, 4 << 20));
                let sent = futures::future::join_all(many).await;
                eprintln!("health checks of 4 MiB that do not end: {sent:?}");
                assert!(sent.iter().all(|s| (s.answered, s.unanswered) == (8, 0)), "{sent:?}");
                let taken: usize = sent.iter().map(|s| s.bytes).sum();
                assert!((8..16 << 20).contains(&taken), "{taken} bytes were taken");
            }
        });
        let told = coordinator.process.log();
        assert!(
            told.contains("/grpc.health.v1.Health/Check") && told.contains("refused: the message is larger"),
            "{told}"
        );
    });
}

#[test]
fn certificates_that_are_expired_or_foreign() {
    under_attack(Shield::MutualTls, |coordinator| {
        for wrong in [Wrong::Expired, Wrong::Foreign] {
            let kept = ["tls.crt", "tls.key"].map(|n| coordinator.world.read(&format!("certs/operator/{n}")));
            spoil(coordinator.world, "operator", wrong);
            let access = coordinator.access("operator");
            let refused = block_on(async {
                let mut refused = 0;
                for _ in 0..300 {
                    match RemoteJobs::new(&access).unwrap().jobs(None, 1).await {
                        Err(JobsError::Refused(f)) if f.code == TLS_REFUSED => refused += 1,
                        other => panic!("{other:?}"),
                    }
                }
                refused
            });
            assert_eq!(refused, 300);
            for (name, text) in ["tls.crt", "tls.key"].iter().zip(kept) {
                std::fs::write(coordinator.world.path(&format!("certs/operator/{name}")), text).unwrap();
            }
        }
    });
}
