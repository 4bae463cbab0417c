//! Follows an event stream from the shell, as `tail -f` follows a file.
//!
//! Knows arguments and exit statuses. The connection is in `client/`, what is done with its events in `follower.rs`.

mod arguments;
mod client;
mod demo;
mod follower;
mod messages;
mod output;
mod state;
mod tally;
mod text;
mod torn_line;

#[path = "../serve/app.rs"]
mod app;
#[path = "../stdio/mod.rs"]
mod stdio;

use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use embedded_sse::client::{Backoff, Policy, Repeat, StopReason};
use reqwest::Method;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use client::failure::Failure;
use client::target::Target;
use client::{Client, End, StreamSession};
use follower::{Enough, FIRST_ATTEMPTS, Follower};
use messages::{MESSAGES, say};
use output::Output;
use state::StateFile;
use tally::Tally;

/// Follows an event stream: prints its events, and comes back by itself whenever the connection is lost.
///
/// Why a connection is lost and when the next attempt is due stands on standard error. Before there was any stream, three
/// attempts are made; later ones until an hour has passed without an event, not counting the time for which the server asked. A
/// connection is given up when heartbeats stay away (three times as long as they used to take, at least 10 s) or when no event came
/// for 15 minutes. Events of more than 1 MiB are left out. Times are UTC. The answer to a POST ends with its stream. A POST is sent
/// once; again only after no connection came about, or to resume from an event ID that its answer gave.
///
/// User name and password in the URL are sent as they are in a browser, and never shown. That a redirect leads to another
/// server is always told; it gets Last-Event-ID, but no password, and no POST unless --trust-redirects is given: without that,
/// the redirect of a POST is refused.
///
/// A number as an ID that does not come next is told as well: which events are missing, and which came again or late.
///
/// Each event is written at once. A run that is killed can still leave half a line at the end of a file; the next one that
/// appends to it begins with a new line. So with --json, skip a line that is no JSON: its event comes again. At the end of a
/// pipe, drop what has no line end.
///
/// FILE has to be a regular file. Its owner, mode and place stay as they are, and where a link leads it is created; FILE.tail-tmp
/// beside it is written first and then takes its name. Only one tail at a time can use it.
///
/// Without a URL it shows all that against a server in this process, which cuts connections and refuses one, for 10 seconds.
///
/// Exit status: 0 when it ended (all events that were asked for, Ctrl-C, nobody reads the output, or the server has no more),
/// 1 when FILE could not be written, 2 for wrong arguments, also when another tail uses FILE, 3 when the server
/// refused for good or a redirect is not trusted, 4 when it was given up, 5 when standard output or standard
/// error could not be written, whatever else happened.
#[derive(Parser)]
#[command(name = "tail")]
struct Arguments {
    /// Where the stream is; http or https
    url: Option<String>,
    /// Send this header too; to another server after a redirect only Accept, Accept-Language, Content-Type and User-Agent, or
    /// all with --trust-redirects
    #[arg(short = 'H', value_name = "K: V", requires = "url")]
    headers: Vec<String>,
    /// Send a POST with this body, application/json unless -H says otherwise
    #[arg(long, value_name = "BODY", requires = "url")]
    post: Option<String>,
    /// Follow redirects to other servers with everything: all headers and the body, but not the password of the URL
    #[arg(long, requires = "url")]
    trust_redirects: bool,
    /// Begin after this event, whatever FILE says
    #[arg(long, value_name = "ID", requires = "url")]
    last_event_id: Option<String>,
    /// Begin after the event that is stored here, and store how far it came: after each piece that was printed
    #[arg(long, value_name = "FILE", requires = "url")]
    state: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    events: Option<u64>,
    /// Tell of requests, comments and reconnection times too, on standard error
    #[arg(long)]
    verbose: bool,
}

/// Larger events are left out.
const BUFFER: usize = 1 << 20;

const ENDED: u8 = 0;
const FAILED: u8 = 1;
const WRONG: u8 = 2;
const REFUSED: u8 = 3;
const GIVEN_UP: u8 = 4;

fn main() -> ExitCode {
    MESSAGES.exit(match MESSAGES.parse(messages::shown) {
        Ok(arguments) => start(arguments),
        Err(status) => status,
    })
}

fn start(arguments: Arguments) -> u8 {
    // The client stays in this thread, where it may block on the output; sockets and signals have others.
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(FAILED, format_args!("no threads: {error}")),
    };
    let status = runtime.block_on(run(arguments));
    // A name that is still being looked for is not waited for.
    runtime.shutdown_background();
    status
}

async fn run(arguments: Arguments) -> u8 {
    let output = match Output::new(arguments.json) {
        Ok(output) => output,
        Err(error) => return MESSAGES.output_failed(&error),
    };
    let is_demo = arguments.url.is_none();
    let url = match arguments.url.as_deref().map(arguments::url) {
        Some(Ok(url)) => url,
        Some(Err(error)) => return fail(WRONG, format_args!("the URL: {error}")),
        None => match demo::serve().await {
            Ok(url) => url,
            Err(error) => return fail(FAILED, format_args!("no port to serve on: {error}")),
        },
    };
    let is_post = arguments.post.is_some();
    let headers = match arguments::headers(&arguments.headers, is_post) {
        Ok(headers) => headers,
        Err(error) => return fail(WRONG, format_args!("-H: {error}")),
    };
    let state = match arguments.state.as_deref().map(StateFile::open).transpose() {
        Ok(state) => state,
        Err(error) => {
            let path = arguments.state.unwrap_or_default();
            return fail(WRONG, format_args!("{}: {error}; name another file", path.display()));
        }
    };
    let http = match client::http(!is_demo) {
        Ok(http) => http,
        Err(error) => return fail(WRONG, Failure::from(error)),
    };
    let mut session = session(is_post, is_demo);
    let begin = arguments.last_event_id.as_ref().map(String::as_bytes).or(state.as_ref().map(StateFile::stored));
    if let Err(error) = session.set_last_event_id(begin.unwrap_or_default()) {
        return fail(WRONG, format_args!("the last event ID to begin with: {error}"));
    }
    let method = if is_post { Method::POST } else { Method::GET };
    let begins_after = session.last_event_id().to_vec();
    let target = Target { url, method, body: arguments.post, headers, trusting: arguments.trust_redirects };
    let mut client = Client::new(http, session, target);
    if let Err(why) = client.check() {
        return fail(WRONG, format_args!("{why}; {}", why.advice()));
    }
    client.has_sockets_in(Handle::current());
    let mut follower = Follower::new(output, state, arguments.events, arguments.verbose);
    follower.tally.begin(&begins_after);
    let end = {
        let mut listener = follower.listener();
        tokio::select! {
            biased;
            _ = interrupt() => None,
            () = tokio::time::sleep(demo::LENGTH), if is_demo => None,
            end = client.follow(&mut *listener) => Some(end),
        }
    };
    if is_demo {
        return summary(&follower);
    }
    match (follower.enough, end) {
        (Some(enough), _) => had_enough(enough),
        (None, Some(End::Stopped { reason, why })) => stopped(reason, why.as_ref()),
        (None, _) => ENDED,
    }
}

fn session(is_post: bool, is_demo: bool) -> StreamSession {
    let second = Duration::from_secs(1);
    let patient = Policy::new(Backoff::above_floor(second, second, 30 * second))
        .max_elapsed(3600 * second)
        .progress(Some(900 * second));
    let policy = if is_post { patient.stop_at_end() } else { patient };
    let mut session = client::session(if is_demo { demo::policy(policy) } else { policy }, BUFFER);
    session.set_repeat(if is_post { Repeat::Never } else { Repeat::Always });
    session
}

/// Ctrl-C. When that does not end the program, because its output takes nothing any more, this does.
async fn interrupt() {
    let (sender, pressed) = oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = sender.send(());
            tokio::time::sleep(Duration::from_secs(1)).await;
            std::process::exit(MESSAGES.status(ENDED).into());
        }
        core::future::pending::<()>().await;
    });
    let _ = pressed.await;
}

fn had_enough(enough: Enough) -> u8 {
    match enough {
        Enough::Events => ENDED,
        Enough::NeverOpened(why) => {
            fail(GIVEN_UP, format_args!("given up after {FIRST_ATTEMPTS} attempts: {why}; {}", why.advice()))
        }
        Enough::Output(error) => MESSAGES.output_failed(&error),
        Enough::State(error) => fail(FAILED, format_args!("the state file: {error}; events after it come again")),
    }
}

fn stopped(reason: StopReason, why: Option<&Failure>) -> u8 {
    let (why, advice) = why.map_or((String::new(), ""), |why| (why.to_string(), why.advice()));
    match reason {
        StopReason::NoContent => {
            say("the server has no more events");
            ENDED
        }
        StopReason::Credentials(_) | StopReason::Status(_) | StopReason::ContentType => {
            fail(REFUSED, format_args!("refused: {why}; {advice}"))
        }
        StopReason::CannotResume => fail(
            GIVEN_UP,
            format_args!("given up: {why}, and to go on the server would do it twice; repeat the command"),
        ),
        StopReason::MaxAttempts | StopReason::MaxElapsed => {
            fail(GIVEN_UP, format_args!("given up after an hour without an event: {why}; {advice}"))
        }
        _ => ENDED,
    }
}

fn summary(follower: &Follower) -> u8 {
    let Tally { events, gaps, duplicates, .. } = follower.tally;
    let reconnects = follower.opened.saturating_sub(1);
    say(format_args!("{events} events, {reconnects} reconnects, gaps {gaps}, duplicates {duplicates}"));
    if events > 0 && gaps == 0 && duplicates == 0 { ENDED } else { GIVEN_UP }
}

fn fail(status: u8, text: impl core::fmt::Display) -> u8 {
    say(text);
    status
}
