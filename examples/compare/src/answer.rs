//! The cases of the job `answer`: the streamed answer to one POST.

use std::time::Duration;

use scripted::{Request, Step, chunk, empty, end, stream};

use crate::case::{Case, Run, seconds};

/// What the programs post.
const PROMPT: &str = r#"{"stream":true,"prompt":"Hello"}"#;

/// How long a program may take to end.
const LIMIT: Duration = seconds(36);

pub const CASES: [Case; 9] = [
    Case {
        name: "complete",
        rule: "The server sends the tokens and `[DONE]`, and leaves the connection open. The program prints the tokens and ends \
               within 10 s.",
        script: |_, _, _| {
            let mut steps = complete();
            steps.push(Step::Hold);
            steps
        },
        judge: |run| {
            once(run)?;
            finishes(run)
        },
        at_least: seconds(0),
        limit: seconds(10),
    },
    Case {
        name: "clean end",
        rule: "The response ends without `[DONE]`. The program fails, and posts once.",
        script: |_, _, _| vec![stream(""), chunk("data: Hel\n\n"), end()],
        judge: |run| breaks_off(run, &["Hel"]),
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "silence",
        rule: "After two tokens the server sends nothing more. The program fails within 30 s, and posts once.",
        script: |_, _, _| vec![stream(""), chunk("data: Hel\n\n"), chunk("data: lo\n\n"), Step::Hold],
        judge: |run| breaks_off(run, &["Hel", "lo"]),
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "503 with `Retry-After`",
        rule: "The first answer is a 503 with `Retry-After: 10`. The program fails, or posts again after 10 s and not earlier.",
        script: |_, number, _| match number {
            0 => vec![empty(503, "Retry-After: 10\r\n")],
            _ => complete(),
        },
        judge: |run| match &run.requests[..] {
            [first, second, ..] if second.at.saturating_sub(first.at) < Duration::from_millis(9_990) => {
                Err("asks again too early")
            }
            [_, _] => finishes(run),
            _ => fails(run, &[]),
        },
        at_least: seconds(0),
        limit: seconds(60),
    },
    Case {
        name: "cut inside an event",
        rule: "The connection breaks off inside a token. The program drops it and fails, and posts once.",
        script: |_, _, _| vec![stream(""), chunk("data: Hel\n\ndata: l")],
        judge: |run| breaks_off(run, &["Hel"]),
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "301",
        rule: "The server redirects. The program posts the same body to the new place, or fails.",
        script: |_, _, request| match (&*request.target, &*request.method) {
            ("/moved", "POST") => complete(),
            ("/moved", _) => vec![empty(405, "Allow: POST\r\n")],
            _ => vec![empty(301, "Location: /moved\r\n")],
        },
        judge: |run| {
            let posts: Vec<_> = run.requests.iter().filter(|request| request.method == "POST").collect();
            let is_twice =
                (1..posts.len()).any(|number| posts[..number].iter().any(|post| post.target == posts[number].target));
            match &posts[..] {
                _ if is_twice => Err("posts twice"),
                [_, moved] if moved.body != PROMPT => Err("posts another body"),
                [_, _] => finishes(run),
                _ => fails(run, &[]),
            }
        },
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "401",
        rule: "The server refuses the token. The program fails, and posts once.",
        script: |_, _, _| vec![empty(401, "WWW-Authenticate: Bearer\r\n")],
        judge: |run| breaks_off(run, &[]),
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "`retry: 0`",
        rule: "The server asks for no wait at all, and ends the response after one token. The program fails, and posts once.",
        script: |_, _, _| vec![stream(""), chunk("retry: 0\ndata: Hel\n\n"), end()],
        judge: |run| breaks_off(run, &["Hel"]),
        at_least: seconds(0),
        limit: LIMIT,
    },
    Case {
        name: "cut before the first event",
        rule: "The connection breaks off after the head of the response. The program fails, and posts once.",
        script: |_, _, _| vec![stream("")],
        judge: |run| breaks_off(run, &[]),
        at_least: seconds(0),
        limit: LIMIT,
    },
];

/// A whole answer.
fn complete() -> Vec<Step> {
    vec![stream(""), chunk("data: Hel\n\n"), chunk("data: lo\n\n"), chunk("data: [DONE]\n\n"), end()]
}

fn once(run: &Run) -> Result<(), &'static str> {
    match &run.requests[..] {
        [] => Err("does not post"),
        [Request { method, body, .. }] if method == "POST" && body == PROMPT => Ok(()),
        [_] => Err("posts another body"),
        _ => Err("posts twice"),
    }
}

/// Checks that the program has printed the whole answer, and nothing else.
fn finishes(run: &Run) -> Result<(), &'static str> {
    match run.status {
        None => Err("hangs"),
        Some(_) if !run.has_succeeded() => Err("fails"),
        Some(_) if run.events() != ["Hel", "lo"] => Err("prints another answer"),
        Some(_) => Ok(()),
    }
}

/// Checks that the program has reported that the answer is incomplete.
fn fails(run: &Run, tokens: &[&str]) -> Result<(), &'static str> {
    match run.status {
        None => Err("hangs"),
        Some(_) if !run.has_failed() => Err("calls it a success"),
        Some(_) if run.events() != tokens => Err("prints other tokens"),
        Some(_) => Ok(()),
    }
}

fn breaks_off(run: &Run, tokens: &[&str]) -> Result<(), &'static str> {
    once(run)?;
    fails(run, tokens)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn post(at: u64, target: &str) -> Request {
        let (method, target, body) = ("POST".into(), target.into(), PROMPT.into());
        Request { at: seconds(at), method, target, body, headers: Vec::new() }
    }

    /// A run that has ended with this exit status.
    fn run(requests: Vec<Request>, tokens: &[&str], code: i32) -> Run {
        let lines = tokens.iter().map(|token| format!("event {token}")).collect();
        Run { requests, lines, status: Some(ExitStatus::from_raw(code << 8)), ..Run::default() }
    }

    fn judge(case: &str, run: &Run) -> Result<(), &'static str> {
        (CASES.iter().find(|known| known.name == case).expect("a case").judge)(run)
    }

    #[test]
    fn a_whole_answer_is_printed_once() {
        let all = ["Hel", "lo"];
        assert_eq!(judge("complete", &run(vec![post(0, "/")], &all, 0)), Ok(()));
        assert_eq!(judge("complete", &run(vec![post(0, "/")], &all, 1)), Err("fails"));
        assert_eq!(judge("complete", &run(vec![post(0, "/")], &["Hel"], 0)), Err("prints another answer"));
        assert_eq!(judge("complete", &run(vec![post(0, "/"); 2], &all, 0)), Err("posts twice"));
        let hanging = Run { status: None, ..run(vec![post(0, "/")], &all, 0) };
        assert_eq!(judge("complete", &hanging), Err("hangs"));
    }

    #[test]
    fn an_incomplete_answer_is_a_failure_and_not_asked_for_again() {
        for case in ["clean end", "cut inside an event", "`retry: 0`"] {
            assert_eq!(judge(case, &run(vec![post(0, "/")], &["Hel"], 1)), Ok(()), "{case}");
            assert_eq!(judge(case, &run(vec![post(0, "/")], &["Hel"], 0)), Err("calls it a success"), "{case}");
            assert_eq!(judge(case, &run(vec![post(0, "/")], &["Hel", "l"], 1)), Err("prints other tokens"), "{case}");
            assert_eq!(judge(case, &run(vec![post(0, "/"), post(1, "/")], &["Hel"], 1)), Err("posts twice"), "{case}");
        }
    }

    #[test]
    fn a_post_is_repeated_only_as_the_server_allows() {
        let (case, all) = ("503 with `Retry-After`", ["Hel", "lo"]);
        assert_eq!(judge(case, &run(vec![post(0, "/")], &[], 1)), Ok(()));
        assert_eq!(judge(case, &run(vec![post(0, "/"), post(10, "/")], &all, 0)), Ok(()));
        assert_eq!(judge(case, &run(vec![post(0, "/"), post(9, "/")], &all, 0)), Err("asks again too early"));

        assert_eq!(judge("301", &run(vec![post(0, "/"), post(0, "/moved")], &all, 0)), Ok(()));
        assert_eq!(judge("301", &run(vec![post(0, "/")], &[], 1)), Ok(()));
        assert_eq!(judge("301", &run(vec![post(0, "/")], &[], 0)), Err("calls it a success"));
        assert_eq!(judge("301", &run(vec![post(0, "/"); 2], &all, 0)), Err("posts twice"));
        let cut = Request { body: String::new(), ..post(0, "/moved") };
        assert_eq!(judge("301", &run(vec![post(0, "/"), cut], &all, 0)), Err("posts another body"));
    }
}
