//! The cases of the job `feed`: a client that has to stay connected.

use std::time::Duration;

use scripted::{Request, Step, chunk, empty, end, stream};

use crate::case::{Case, Run, Scene, seconds};

pub const CASES: [Case; 8] = [
    Case {
        name: "clean end",
        rule: "The server ends each response. The second one has an event without an ID. The program asks again each time, with the \
               token of the moment and with the last ID that it got.",
        script: |scene, number, _| {
            // A program that reads no new token is found by what it sends.
            let _ = scene.set_token(number + 1);
            match number {
                0 => vec![stream(""), chunk("id: 7\ndata: one\n\n"), end()],
                1 => vec![stream(""), chunk("data: two\n\n"), end()],
                _ => vec![stream(""), chunk("id: 8\ndata: three\n\n"), Step::Hold],
            }
        },
        judge: |run| {
            asks_again(run)?;
            for number in 0..run.requests.len() {
                if run.authorization(number) != Some(&Scene::token(number)) {
                    return Err("sends an old token");
                }
            }
            resumes_after(run, 1, "7")?;
            require(run.requests.len() > 2, "does not ask a second time")?;
            resumes_after(run, 2, "7")?;
            prints(run, &["one", "two", "three"])
        },
        at_least: seconds(0),
        limit: seconds(60),
    },
    Case {
        name: "silence",
        rule: "The server sends heartbeats, and then nothing. The program asks again within 30 s.",
        script: |_, number, _| match number {
            0 => {
                let heartbeat = [chunk(":\n\n"), Step::Wait(Duration::from_millis(500))];
                let heartbeats = heartbeat.iter().cycle().take(12).cloned();
                let event = [stream(""), chunk("id: 1\ndata: one\n\n")];
                event.into_iter().chain(heartbeats).chain([Step::Hold]).collect()
            }
            _ => vec![stream(""), chunk("id: 2\ndata: two\n\n"), Step::Hold],
        },
        judge: |run| {
            require(run.requests.len() > 1 || run.status.is_some(), "hangs")?;
            asks_again(run)?;
            resumes_after(run, 1, "1")?;
            prints(run, &["one", "two"])
        },
        at_least: seconds(0),
        limit: seconds(36),
    },
    Case {
        name: "503 with `Retry-After`",
        rule: "The first answer is a 503 with `Retry-After: 10`. The program asks again, and not before 10 s have passed.",
        script: |_, number, _| match number {
            0 => vec![empty(503, "Retry-After: 10\r\n")],
            _ => vec![stream(""), chunk("id: 1\ndata: one\n\n"), Step::Hold],
        },
        judge: |run| {
            asks_again(run)?;
            let wait = run.requests[1].at.saturating_sub(run.requests[0].at);
            // The client counts from when it has read the answer.
            require(wait >= Duration::from_millis(9_990), "asks again too early")?;
            prints(run, &["one"])
        },
        at_least: seconds(0),
        limit: seconds(60),
    },
    Case {
        name: "cut inside an event",
        rule: "The connection breaks off after an ID and half a line of data. The program drops that event, and asks for it again.",
        script: |_, number, _| match number {
            0 => vec![stream(""), chunk("id: 1\ndata: one\n\nid: 2\ndata: tw")],
            _ => vec![stream(""), chunk("id: 2\ndata: two\n\n"), Step::Hold],
        },
        judge: |run| {
            asks_again(run)?;
            resumes_after(run, 1, "1")?;
            prints(run, &["one", "two"])
        },
        at_least: seconds(0),
        limit: seconds(30),
    },
    Case {
        name: "301",
        rule: "The server redirects to another path, which is relative. The program follows.",
        script: |_, _, request| match &*request.target {
            "/moved" => vec![stream(""), chunk("id: 1\ndata: one\n\n"), Step::Hold],
            _ => vec![empty(301, "Location: /moved\r\n")],
        },
        judge: |run| {
            require(run.requests.iter().any(|request| request.target == "/moved"), "does not follow")?;
            prints(run, &["one"])
        },
        at_least: seconds(0),
        limit: seconds(20),
    },
    Case {
        name: "301 to another server",
        rule: "The server redirects to another server. The program follows, and does not give the token to that server.",
        script: |scene, _, _| vec![empty(301, &format!("Location: {}\r\n", scene.elsewhere))],
        judge: |run| {
            let there = run.elsewhere.first().ok_or("does not follow")?;
            require(there.header("Authorization").is_none(), "gives it the token")?;
            prints(run, &["elsewhere"])
        },
        at_least: seconds(0),
        limit: seconds(20),
    },
    Case {
        name: "401",
        rule: "After the first response, the server refuses the token. The program reports that, and does not ask again with the \
               same token.",
        script: |_, number, _| match number {
            0 => vec![stream(""), chunk("id: 1\ndata: one\n\n"), end()],
            _ => vec![empty(401, "WWW-Authenticate: Bearer\r\n")],
        },
        judge: |run| {
            asks_again(run)?;
            let refused: Vec<_> =
                run.requests[1..].iter().filter_map(|request| request.header("Authorization")).collect();
            let is_repeated = (1..refused.len()).any(|number| refused[..number].contains(&refused[number]));
            require(!is_repeated, "asks on with the refused token")?;
            let is_reported = run.lines.iter().any(|line| line.contains("401") || line.contains("credentials"));
            require(is_reported, "does not report it")
        },
        at_least: seconds(25),
        limit: seconds(25),
    },
    Case {
        name: "`retry: 0`",
        rule: "The server asks for no wait at all, and ends each response after one event. The program asks again, at most 5 times in \
               5 s.",
        script: |_, number, _| vec![stream(""), chunk(&format!("retry: 0\nid: {number}\ndata: {number}\n\n")), end()],
        judge: |run| {
            asks_again(run)?;
            let first = run.requests[0].at;
            let early = run.requests.iter().filter(|request| request.at.saturating_sub(first) < seconds(5));
            require(early.count() <= 6, "asks in a hot loop")
        },
        at_least: seconds(10),
        limit: seconds(20),
    },
];

/// The answer of the other server.
pub fn elsewhere(_: usize, _: &Request) -> Vec<Step> {
    vec![stream(""), chunk("id: 1\ndata: elsewhere\n\n"), Step::Hold]
}

fn require(is_so: bool, fault: &'static str) -> Result<(), &'static str> {
    if is_so { Ok(()) } else { Err(fault) }
}

fn asks_again(run: &Run) -> Result<(), &'static str> {
    match run.status {
        _ if run.requests.len() > 1 => Ok(()),
        Some(_) => Err("gives up"),
        None => Err("does not ask again"),
    }
}

/// Checks the `Last-Event-ID` of a request.
fn resumes_after(run: &Run, number: usize, id: &str) -> Result<(), &'static str> {
    match run.last_event_id(number) {
        Some(sent) if sent == id => Ok(()),
        Some("") => Err("sends an empty ID"),
        Some(_) => Err("sends the ID of an event that it did not get"),
        None => Err("forgets the last ID"),
    }
}

fn prints(run: &Run, expected: &[&str]) -> Result<(), &'static str> {
    let events = run.events();
    match () {
        () if events == expected => Ok(()),
        () if events.iter().any(|event| !expected.contains(event)) => Err("prints half an event"),
        () if events.len() > expected.len() => Err("prints an event twice"),
        () => Err("loses an event"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request after this many seconds, with this token and this last event ID.
    fn request(at: u64, token: usize, id: Option<&str>) -> Request {
        let mut headers = vec![("authorization".into(), Scene::token(token))];
        headers.extend(id.map(|id| ("last-event-id".into(), id.into())));
        Request { at: seconds(at), method: "GET".into(), target: "/".into(), body: String::new(), headers }
    }

    fn run(requests: Vec<Request>, lines: &[&str]) -> Run {
        Run { requests, lines: lines.iter().map(|line| line.to_string()).collect(), ..Run::default() }
    }

    fn judge(case: &str, run: &Run) -> Result<(), &'static str> {
        (CASES.iter().find(|known| known.name == case).expect("a case").judge)(run)
    }

    #[test]
    fn clean_ends_need_every_id_and_every_token() {
        let lines = ["event one", "event two", "event three"];
        let asked = |token, id| run(vec![request(0, 0, None), request(3, 1, Some("7")), request(6, token, id)], &lines);
        assert_eq!(judge("clean end", &asked(2, Some("7"))), Ok(()));
        assert_eq!(judge("clean end", &asked(2, Some(""))), Err("sends an empty ID"));
        assert_eq!(judge("clean end", &asked(2, None)), Err("forgets the last ID"));
        assert_eq!(judge("clean end", &asked(1, Some("7"))), Err("sends an old token"));
        assert_eq!(judge("clean end", &run(vec![request(0, 0, None)], &[])), Err("does not ask again"));
    }

    #[test]
    fn silence_and_cuts_need_another_request_and_whole_events() {
        let asked = |id, lines: &[&str]| run(vec![request(0, 0, None), request(9, 0, id)], lines);
        let both = ["event one", "event two"];
        assert_eq!(judge("silence", &run(vec![request(0, 0, None)], &["event one"])), Err("hangs"));
        assert_eq!(judge("silence", &asked(Some("1"), &both)), Ok(()));
        assert_eq!(judge("cut inside an event", &asked(Some("1"), &both)), Ok(()));
        for (id, lines, fault) in [
            (Some("2"), &both[..], "sends the ID of an event that it did not get"),
            (Some("1"), &["event one", "event tw", "event two"], "prints half an event"),
            (Some("1"), &["event one", "event one", "event two"], "prints an event twice"),
            (Some("1"), &["event one"], "loses an event"),
        ] {
            assert_eq!(judge("cut inside an event", &asked(id, lines)), Err(fault));
        }
    }

    #[test]
    fn the_server_decides_when_it_is_asked_again() {
        let asked = |at| run(vec![request(0, 0, None), request(at, 0, None)], &["event one"]);
        assert_eq!(judge("503 with `Retry-After`", &asked(10)), Ok(()));
        assert_eq!(judge("503 with `Retry-After`", &asked(9)), Err("asks again too early"));
        let calm = (0..30).map(|at| request(at, 0, None)).collect();
        assert_eq!(judge("`retry: 0`", &run(calm, &[])), Ok(()));
        let hot = (0..7).map(|_| request(1, 0, None)).collect();
        assert_eq!(judge("`retry: 0`", &run(hot, &[])), Err("asks in a hot loop"));
    }

    #[test]
    fn tokens_stay_where_they_belong() {
        let asked =
            |token| run(vec![request(0, 0, None), request(3, 0, None), request(6, token, None)], &["error 401"]);
        assert_eq!(judge("401", &asked(1)), Ok(()));
        assert_eq!(judge("401", &asked(0)), Err("asks on with the refused token"));
        let quiet = Run { lines: Vec::new(), ..asked(1) };
        assert_eq!(judge("401", &quiet), Err("does not report it"));

        let mut moved = run(vec![request(0, 0, None)], &["event elsewhere"]);
        assert_eq!(judge("301 to another server", &moved), Err("does not follow"));
        moved.elsewhere = vec![request(1, 0, None)];
        assert_eq!(judge("301 to another server", &moved), Err("gives it the token"));
        moved.elsewhere[0].headers.clear();
        assert_eq!(judge("301 to another server", &moved), Ok(()));
    }
}
