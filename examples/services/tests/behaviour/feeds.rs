//! Feeds: what is shown of them, and what is said when something is lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::service::Step::{Cut, Hang, Send, Wait};
use crate::service::{Service, status, stream};
use crate::{esphome, firebase, home_assistant, mastodon, mercure};

/// Returns a source of tokens, each of which is another one.
fn tokens() -> impl FnMut() -> Result<String, embedded_sse::io::event_source::BoxError> + std::marker::Send + 'static {
    let count = AtomicUsize::new(0);
    move || Ok(format!("t{}\n", count.fetch_add(1, Ordering::Relaxed)))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const HUB: &str = "https://hub.example/.well-known/mercure?match=https://example.com/books/1";

#[tokio::test(start_paused = true)]
async fn mercure_is_resumed_with_a_fresh_token_and_a_cut_history_is_noticed() {
    let update = |id: &'static str| vec![Send(":\n"), Send(id)];
    let service = Service::new(move |number, request| match (number, request.header("Last-Event-ID")) {
        (0, "") => stream(&[], update("id: urn:uuid:1\ndata: {\"title\":\"A\"}\n\n")),
        (1, "urn:uuid:1") => stream(&[("Mercure-Last-Event-ID", "urn:uuid:1")], update("id: urn:uuid:2\ndata: B\n\n")),
        (2, "urn:uuid:2") => stream(&[("Mercure-Last-Event-ID", "earliest")], update("id: urn:uuid:9\ndata: C\n\n")),
        // The header of hubs before 1.0.
        (3, "urn:uuid:9") => stream(&[("Last-Event-ID", "urn:uuid:9")], update("id: urn:uuid:10\ndata: D\n\n")),
        _ => status(403, &[]),
    });
    let mut lines = Vec::new();
    let error = mercure::follow(service.get(HUB), tokens(), |line| lines.push(line.to_owned())).await.expect_err("403");
    assert_eq!(error.to_string(), "the server requires other credentials (status 403)");
    let expected = [
        "urn:uuid:1 {\"title\":\"A\"}",
        "lost: the stream ended",
        "urn:uuid:2 B",
        "lost: the stream ended",
        "updates are lost: load the resources again",
        "urn:uuid:9 C",
        "lost: the stream ended",
        "urn:uuid:10 D",
        "lost: the stream ended",
    ];
    assert_eq!(lines, expected);
    let sent =
        service.seen(|seen| seen.iter().map(|request| request.header("Authorization").to_owned()).collect::<Vec<_>>());
    assert_eq!(sent, ["Bearer t0", "Bearer t1", "Bearer t2", "Bearer t3", "Bearer t4"]);
}

const DATABASE: &str = "https://project.firebaseio.example/rooms.json";

#[tokio::test(start_paused = true)]
async fn firebase_is_mirrored_over_a_redirect_and_an_expired_token() {
    let service = Service::new(|number, request| match number {
        0 => status(307, &[("Location", "https://s-usc1.firebaseio.example/rooms.json?ns=project")]),
        1 => stream(
            &[],
            vec![
                Send("event: put\ndata: {\"path\":\"/\",\"data\":{\"a\":1,\"b\":{\"c\":2}}}\n\n"),
                Wait(30),
                Send("event: keep-alive\ndata: null\n\n"),
                Wait(30),
                Send("event: patch\ndata: {\"path\":\"/b\",\"data\":{\"d\":3,\"c\":null}}\n\n"),
                Send("event: put\ndata: {\"path\":\"/a\",\"data\":null}\n\n"),
                Send("event: auth_revoked\ndata: \"credential is no longer valid\"\n\n"),
            ],
        ),
        2 => {
            // At once: nothing is wrong with the server.
            assert_eq!(request.at, seconds(60));
            stream(
                &[],
                vec![
                    Send("event: put\ndata: {\"path\":\"/\",\"data\":{\"e\":4}}\n\n"),
                    Send("event: cancel\ndata: null\n\n"),
                ],
            )
        }
        _ => status(500, &[]),
    });
    let mut values = Vec::new();
    let result = firebase::mirror(service.get(DATABASE), tokens(), |value| values.push(value.to_string())).await;
    assert!(result.expect_err("a cancel").to_string().contains("rules"));
    assert_eq!(values, ["{\"a\":1,\"b\":{\"c\":2}}", "{\"a\":1,\"b\":{\"d\":3}}", "{\"b\":{\"d\":3}}", "{\"e\":4}"]);
    service.seen(|seen| {
        let sent: Vec<_> = seen.iter().map(|request| (&*request.url, request.header("Authorization"))).collect();
        let elsewhere = "https://s-usc1.firebaseio.example/rooms.json?ns=project";
        assert_eq!(sent, [(DATABASE, "Bearer t0"), (elsewhere, "Bearer t0"), (DATABASE, "Bearer t1")]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_firebase_connection_without_keep_alive_is_dead_after_40_s() {
    let service = Service::new(|number, _| match number {
        0 => stream(&[], vec![Send("event: put\ndata: {\"path\":\"/\",\"data\":1}\n\n"), Hang]),
        _ => status(401, &[]),
    });
    firebase::mirror(service.get(DATABASE), tokens(), |_| ()).await.expect_err("401");
    // The wait of the policy comes on top.
    service.seen(|seen| assert_eq!(seen[1].at, seconds(40 + 3)));
}

#[tokio::test(start_paused = true)]
async fn home_assistant_shows_states_and_says_when_some_may_be_lost() {
    let change = "data: {\"event_type\":\"state_changed\",\"data\":{\"entity_id\":\"light.desk\",\"old_state\":null,\
                  \"new_state\":{\"state\":\"on\"}}}\n\n";
    let removed =
        "data: {\"event_type\":\"state_changed\",\"data\":{\"entity_id\":\"light.desk\",\"new_state\":null}}\n\n";
    let service = Service::new(move |number, _| match number {
        0 => stream(&[], vec![Send("data: ping\n\n"), Send(change), Wait(50), Send("data: ping\n\n"), Hang]),
        1 => stream(&[], vec![Send("data: ping\n\n"), Send(removed)]),
        _ => status(401, &[]),
    });
    let mut lines = Vec::new();
    let url = "http://home.example:8123/api/stream";
    home_assistant::follow(service.get(url), |line| lines.push(line.to_owned())).await.expect_err("401");
    let expected = [
        "light.desk on",
        "lost: the server was silent for 110s",
        "changes may be lost: read all states",
        "light.desk none",
        "lost: the stream ended",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn esphome_shows_what_has_changed_and_waits_as_long_as_the_device_asks() {
    let hello = "retry: 30000\nid: 1000\nevent: ping\ndata: {\"title\":\"Living room\",\"uptime\":1}\n\n";
    let ping = "retry: 30000\nid: 11000\nevent: ping\ndata: {\"uptime\":11}\n\n";
    let service = Service::new(move |number, _| match number {
        0 => stream(
            &[],
            vec![
                Send(hello),
                Send(
                    "event: state\ndata: {\"name_id\":\"switch/Lamp\",\"id\":\"switch-lamp\",\"value\":true,\"state\":\"ON\"}\n\n",
                ),
                Send("event: state\ndata: {\"id\":\"sensor-temperature\",\"value\":21.5,\"state\":\"21.5 °C\"}\n\n"),
                Send("id: 5000\nevent: log\ndata: [D][sensor:094]: 21.5\n\n"),
                Wait(10),
                Send(ping),
                Hang,
            ],
        ),
        1 => stream(
            &[],
            vec![
                Send(hello),
                Send("event: state\ndata: {\"name_id\":\"switch/Lamp\",\"value\":true,\"state\":\"ON\"}\n\n"),
                Send("event: state\ndata: {\"id\":\"sensor-temperature\",\"value\":22,\"state\":\"22.0 °C\"}\n\n"),
            ],
        ),
        _ => status(404, &[]),
    });
    let mut lines = Vec::new();
    esphome::follow(service.get("http://room.local/events"), |line| lines.push(line.to_owned()))
        .await
        .expect_err("404");
    let expected = [
        "switch/Lamp ON",
        "sensor-temperature 21.5 °C",
        "[D][sensor:094]: 21.5",
        "lost: the server was silent for 30s",
        "sensor-temperature 22.0 °C",
        "lost: the stream ended",
    ];
    assert_eq!(lines, expected);
    // Three pings are missing. Then comes the time that the device asks for.
    service.seen(|seen| assert_eq!(seen[1].at, seconds(10 + 30 + 30)));
}

#[tokio::test(start_paused = true)]
async fn mastodon_shows_posts_and_says_after_which_one_some_may_be_missing() {
    let post = "event: update\ndata: {\"id\":\"109\",\"content\":\"<p>hi</p>\",\"account\":{\"acct\":\"ann\"}}\n\n";
    let service = Service::new(move |number, _| match number {
        0 => {
            let thumps = (0..7).flat_map(|_| [Wait(15), Send(":thump\n")]);
            let first = [Send(":)\n"), Send(post), Send("event: delete\ndata: 108\n\n")];
            stream(&[], first.into_iter().chain(thumps).chain([Hang]).collect())
        }
        1 => stream(&[], vec![Send(":)\n"), Cut]),
        _ => status(401, &[]),
    });
    let mut lines = Vec::new();
    let url = "https://social.example/api/v1/streaming/user";
    mastodon::follow(service.get(url), |line| lines.push(line.to_owned())).await.expect_err("401");
    assert_eq!(lines[..2], ["ann: <p>hi</p>", "deleted: 108"]);
    assert_eq!(
        lines[2..4],
        ["lost: the server was silent for 45s", "posts may be missing: ask for those after \"109\""]
    );
    // Seven comments keep the connection. The wait of the policy comes on top.
    service.seen(|seen| assert_eq!(seen[1].at, seconds(7 * 15 + 45 + 3)));
}
