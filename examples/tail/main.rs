//! Follows an event stream from the shell, as `tail -f` follows a file.
//!
//! Knows arguments and exit statuses. The connection is in `client/`, what is done with its events in `follower.rs`.

mod client;
mod demo;
mod follower;
mod output;
mod state;

#[path = "../serve/app.rs"]
mod app;

use core::time::Duration;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use embedded_sse::client::{Backoff, Policy, Repeat, StopReason};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tokio::sync::oneshot;

use client::failure::Failure;
use client::target::{Target, is_http};
use client::{Client, End, StreamSession};
use follower::{Enough, FIRST_ATTEMPTS, Follower, Tally};
use output::{Output, say};
use state::StateFile;

/// Follows an event stream: prints its events, and comes back by itself whenever the connection is lost.
///
/// Why a connection is lost and when the next attempt is due stands on standard error. Before there was any stream, three
/// attempts are made; later ones until an hour has passed without an event, not counting the time for which the server asked. A connection is given up when heartbeats stay away (three times as long
/// as they used to take, at least 10 s) or when no event came for 15 minutes. Events of more than 1 MiB are left out. Times are
/// UTC. The answer to a POST ends with its stream. A POST is sent once; again only after no connection came about, or to resume from
/// an event ID that its answer gave.
///
/// Without a URL it shows all that against a server in this process, which cuts connections and refuses one, for 10 seconds.
///
/// Exit status: 0 when it ended (all events that were asked for, Ctrl-C, nobody reads the output, or the server has no more),
/// 1 when the output or FILE could not be written, 2 for wrong arguments, 3 when the server refused for good, 4 when it was
/// given up.
#[derive(Parser)]
#[command(name = "tail")]
struct Arguments {
    /// Where the stream is; http or https
    #[arg(value_parser = url)]
    url: Option<Url>,
    /// Send this header too; to another server after a redirect only Accept, Accept-Language, Content-Type and User-Agent
    #[arg(short = 'H', value_name = "K: V", value_parser = header, requires = "url")]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Send a POST with this body, application/json unless -H says otherwise
    #[arg(long, value_name = "BODY", requires = "url")]
    post: Option<String>,
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

fn url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if is_http(&url) => Ok(url),
        Ok(_) => Err("it has to begin with http:// or https://".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("there is no colon in it")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|error| error.to_string())?;
    if name == "last-event-id" {
        return Err("say --last-event-id".into());
    }
    let mut value = HeaderValue::from_str(value.trim()).map_err(|error| error.to_string())?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Larger events are left out.
const BUFFER: usize = 1 << 20;

const ENDED: u8 = 0;
const UNWRITABLE: u8 = 1;
const WRONG: u8 = 2;
const REFUSED: u8 = 3;
const GIVEN_UP: u8 = 4;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The client stays in this thread, where it may block on the output; sockets and signals have others.
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(UNWRITABLE, format_args!("no threads: {error}")),
    };
    let status = runtime.block_on(run(arguments));
    // A name that is still being looked for is not waited for.
    runtime.shutdown_background();
    status
}

async fn run(arguments: Arguments) -> ExitCode {
    let is_demo = arguments.url.is_none();
    let url = match arguments.url {
        Some(url) => url,
        None => match demo::serve().await {
            Ok(url) => url,
            Err(error) => return fail(UNWRITABLE, format_args!("no port to serve on: {error}")),
        },
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
    let is_post = arguments.post.is_some();
    let mut session = session(is_post, is_demo);
    let begin = arguments.last_event_id.as_ref().map(String::as_bytes).or(state.as_ref().map(StateFile::stored));
    if let Err(error) = session.set_last_event_id(begin.unwrap_or_default()) {
        return fail(WRONG, format_args!("the last event ID to begin with: {error}"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in arguments.headers {
        headers.append(name, value);
    }
    if is_post {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    }
    let method = if is_post { Method::POST } else { Method::GET };
    let mut client = Client::new(http, session, Target { url, method, body: arguments.post, headers });
    let mut follower = Follower::new(Output::new(arguments.json), state, arguments.events, arguments.verbose);
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
        (None, _) => ExitCode::from(ENDED),
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
            std::process::exit(ENDED.into());
        }
        core::future::pending::<()>().await;
    });
    let _ = pressed.await;
}

fn had_enough(enough: Enough) -> ExitCode {
    match enough {
        Enough::Events => ExitCode::from(ENDED),
        Enough::NeverOpened(why) => {
            fail(GIVEN_UP, format_args!("given up after {FIRST_ATTEMPTS} attempts: {why}; {}", why.advice()))
        }
        Enough::Output(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(ENDED),
        Enough::Output(error) => fail(UNWRITABLE, format_args!("standard output: {error}")),
        Enough::State(error) => fail(UNWRITABLE, format_args!("the state file: {error}; events after it come again")),
    }
}

fn stopped(reason: StopReason, why: Option<&Failure>) -> ExitCode {
    let (why, advice) = why.map_or((String::new(), ""), |why| (why.to_string(), why.advice()));
    match reason {
        StopReason::NoContent => {
            say("the server has no more events");
            ExitCode::from(ENDED)
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
        _ => ExitCode::from(ENDED),
    }
}

fn summary(follower: &Follower) -> ExitCode {
    let Tally { events, gaps, duplicates, .. } = follower.tally;
    let reconnects = follower.opened.saturating_sub(1);
    say(format_args!("{events} events, {reconnects} reconnects, gaps {gaps}, duplicates {duplicates}"));
    ExitCode::from(if events > 0 && gaps == 0 && duplicates == 0 { ENDED } else { GIVEN_UP })
}

fn fail(status: u8, text: impl core::fmt::Display) -> ExitCode {
    say(text);
    ExitCode::from(status)
}
