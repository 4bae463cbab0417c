//! Follows an event stream from the shell, as `tail -f` follows a file.
//!
//! This file handles arguments and exit statuses. Requests belong in `link.rs`, the handling of events in `follower.rs`.

mod arguments;
mod client;
mod demo;
mod failure;
mod follower;
mod ids;
mod journal;
mod link;
mod messages;
mod output;
mod shown;
mod sockets;
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
use embedded_sse::client::{Backoff, Policy, StopReason};
use embedded_sse::io::event_source::{EventSource, JournalledSource};
use http::{HeaderMap, Method, Request};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use failure::Failure;
use follower::{Enough, FIRST_ATTEMPTS, Follower};
use journal::{Numbering, Sync};
use link::{Link, SendError};
use messages::{MESSAGES, say};
use output::Output;
use sockets::Sockets;
use state::StateFile;
use tally::Tally;

/// Follow an event stream over HTTP: print its events and reconnect when the connection is lost.
///
/// Without a URL, tail runs a demo of 10 seconds against a server of its own
/// that drops connections.
///
/// Messages go to standard error: lost connections and the next attempt,
/// redirects to other servers, and gaps and repetitions in numeric event IDs.
/// Times are in UTC. Events of more than 1 MiB are skipped.
///
/// Reconnecting: tail gives up after 3 attempts if the stream was never open,
/// and later after an hour without an event, not counting waits that the server
/// asked for. It drops a connection if heartbeats are missing for three times
/// their usual interval (at least 10 s), or if no event arrives for 15 minutes.
///
/// POST: the request is sent once. It is repeated only if no connection could be
/// made, or to resume after an event ID. tail ends when the response ends.
///
/// Redirects: another server gets Last-Event-ID, but no password, and of the -H
/// headers only Accept, Accept-Language, Content-Type and User-Agent. A redirect
/// that would send the body of a POST to another server is refused. See
/// --trust-redirects.
///
/// Output: if tail is killed, a file can end with half a line. The next run that
/// appends to it starts a new line and receives the event again. With --json,
/// skip a line that is not JSON, and the end of a pipe without a line end.
///
/// State: FILE must be a regular file, or a link to one. It is created if it is
/// missing; otherwise its owner and mode are kept. tail writes FILE.tail-tmp and
/// renames it. Only one tail can use FILE at a time.
///
/// Journal: DIR is created if it is missing. Events are stored in it before they
/// are printed, and removed after that, so that a tail that was killed goes on
/// with the first event that it may not have printed; up to 64 of the last events
/// are then printed again. Events that the server repeats are not. Where IDs are
/// missing, or the server tells it with an event
/// "cut" or the header Last-Event-ID of a response, tail fetches the state with
/// --sync, again until it can be had, and prints it as an event "state". The state
/// names the last event in it by the header Last-Event-ID. Without --sync, tail
/// reports what is missing, and goes on. At the end, tail reports what it has
/// counted. Only one tail can use DIR at a time.
///
/// Exit status:
///   0  success: N events received, interrupted, the server has no more events,
///      or the reader of the output closed it
///   1  FILE or DIR could not be read or written, or tail could not start
///   2  invalid arguments, or another tail uses FILE or DIR
///   3  the server refused the request, or a redirect is not trusted
///   4  gave up, or the demo lost an event
///   5  standard output or standard error could not be written, whatever else
///      happened
#[derive(Parser)]
#[command(name = "tail", verbatim_doc_comment)]
struct Arguments {
    /// URL of the stream; user name and password in it are sent, but never shown
    url: Option<String>,
    /// Send this request header; can be given several times
    #[arg(short = 'H', value_name = "K: V", requires = "url")]
    headers: Vec<String>,
    /// Send a POST request with this body; its content type is application/json unless -H sets another
    #[arg(long, value_name = "BODY", requires = "url")]
    post: Option<String>,
    /// Send all headers and the body to other servers too after a redirect, but not the password of the URL
    #[arg(long, requires = "url")]
    trust_redirects: bool,
    /// Start after this event; overrides FILE, and counts only if DIR is new
    #[arg(long, value_name = "ID", requires = "url")]
    last_event_id: Option<String>,
    /// Start after the event ID in FILE, and store the ID of the last printed event there
    #[arg(long, value_name = "FILE", requires = "url")]
    state: Option<PathBuf>,
    /// Store events in DIR until they are printed, and go on there
    #[arg(long, value_name = "DIR", requires = "url", conflicts_with_all = ["state", "post"])]
    journal: Option<PathBuf>,
    /// Fetch the state from here, with the -H headers, when events are missing, and when DIR is new
    #[arg(long, value_name = "URL", requires = "journal")]
    sync: Option<String>,
    /// How the event IDs count the events, so that tail can tell what is missing or repeated
    #[arg(long, value_name = "KIND", value_enum, default_value = "decimal", requires = "journal")]
    ids: Numbering,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Exit after N events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    events: Option<u64>,
    /// Also report requests, comments and reconnection times, on standard error
    #[arg(long)]
    verbose: bool,
}

/// The size of the largest event, in bytes. Larger events are skipped.
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
    // The client stays in this thread, where it may block on the output. Sockets and signals are handled in other
    // threads.
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(FAILED, format_args!("cannot start threads: {error}")),
    };
    let status = runtime.block_on(run(arguments));
    // Do not wait for name lookups that are still in progress.
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
        Some(Err(error)) => return fail(WRONG, format_args!("URL: {error}")),
        None => match demo::serve().await {
            Ok(url) => url,
            Err(error) => return fail(FAILED, format_args!("cannot start the demo server: {error}")),
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
    let sync = match arguments.sync.as_deref().map(arguments::url).transpose() {
        Ok(url) => url.map(|url| Sync { http: http.clone(), url, headers: headers.clone() }),
        Err(error) => return fail(WRONG, format_args!("--sync: {error}")),
    };
    let link = match Link::new(http, url, Sockets::of(Handle::current()), arguments.verbose) {
        Ok(link) => link,
        Err(why) => return fail(WRONG, format_args!("{why}; {}", why.advice())),
    };
    let begin = arguments.last_event_id.as_ref().map(String::as_bytes).or(state.as_ref().map(StateFile::stored));
    let begin = begin.unwrap_or_default().to_vec();
    let mut follower = Follower::new(output, state, arguments.events, arguments.verbose, link.progress());
    follower.tally.begin(&begin);
    let request = match request(&link, arguments.post, headers) {
        Ok(request) => request,
        Err(error) => return fail(WRONG, format_args!("URL: {error}")),
    };
    let source = EventSource::new(request, move |request| link.send(request))
        .policy(policy(is_post, is_demo))
        .max_event(BUFFER)
        .not_sent(|error| error.downcast_ref().is_some_and(SendError::is_not_sent));
    let source = if arguments.trust_redirects { source.trust_redirects() } else { source };
    let source = if arguments.verbose { source.comments().reconnection_times() } else { source };
    let mut source = match source.last_event_id(begin) {
        Ok(source) => source,
        Err(error) => return fail(WRONG, format_args!("last event ID: {error}")),
    };
    if let Some(folder) = arguments.journal {
        let source = match journal::open(source, &folder, arguments.ids, sync.is_some()) {
            Ok(source) => source,
            Err(error) => return fail(WRONG, format_args!("{}: {error}; name another folder", folder.display())),
        };
        return keep(follower, source, sync.as_ref()).await;
    }
    let end = tokio::select! {
        biased;
        _ = interrupt() => None,
        () = tokio::time::sleep(demo::LENGTH), if is_demo => None,
        end = follower.follow(&mut source) => end,
    };
    if is_demo {
        return summary(&follower);
    }
    ended(follower.enough, end)
}

/// Follows the stream through a journal.
async fn keep(mut follower: Follower, mut source: JournalledSource, sync: Option<&Sync>) -> u8 {
    let end = tokio::select! {
        biased;
        _ = interrupt() => None,
        end = follower.keep(&mut source, sync) => end,
    };
    let is_finished = journal::finish(&mut source, &follower, sync.is_some());
    match (ended(follower.enough, end), is_finished) {
        (ENDED, Err(error)) => had_enough(Enough::Journal(error)),
        (status, _) => status,
    }
}

fn ended(enough: Option<Enough>, end: Option<(StopReason, Option<Failure>)>) -> u8 {
    match (enough, end) {
        (Some(enough), _) => had_enough(enough),
        (None, Some((reason, why))) => stopped(reason, why.as_ref()),
        (None, None) => ENDED,
    }
}

fn request(link: &Link, body: Option<String>, headers: HeaderMap) -> Result<Request<String>, http::Error> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(link.url().as_str()).body(body.unwrap_or_default())?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn policy(is_post: bool, is_demo: bool) -> Policy {
    let second = Duration::from_secs(1);
    let patient = Policy::new(Backoff::above_floor(second, second, 30 * second))
        .max_elapsed(3600 * second)
        .progress(Some(900 * second));
    let policy = if is_post { patient.stop_at_end() } else { patient };
    if is_demo { demo::policy(policy) } else { policy }
}

/// Waits for Ctrl-C. Exits the process one second later, in case the main thread is blocked on the output.
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
        Enough::Journal(error) => fail(FAILED, format_args!("{error}; events may be repeated")),
        Enough::State(error) => fail(FAILED, format_args!("state file: {error}; events after it will be repeated")),
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
            format_args!("given up: {why}; to continue would send the POST twice; run the command again"),
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
