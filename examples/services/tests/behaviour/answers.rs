//! Answers of language models: what of them is shown, and that nothing is asked twice.

use crate::service::Step::{Cut, Hang, Send};
use crate::service::{Service, Step, status, stream};
use crate::{anthropic, openai};

const URL: &str = "https://model.example/v1";

/// Runs the program, and returns its output, its error and the number of requests.
async fn openai(steps: fn() -> Vec<Step>) -> (String, Option<String>, usize) {
    let service = Service::new(move |_, _| stream(&[], steps()));
    let mut output = Vec::new();
    let result = openai::answer(service.post(URL), &mut output).await;
    let output = String::from_utf8(output).expect("text");
    (output, result.err().map(|error| error.to_string()), service.seen(<[_]>::len))
}

async fn anthropic(steps: fn() -> Vec<Step>) -> (String, Result<String, String>, usize) {
    let service = Service::new(move |_, _| stream(&[], steps()));
    let mut output = Vec::new();
    let result = anthropic::answer(service.post(URL), &mut output).await;
    let output = String::from_utf8(output).expect("text");
    (output, result.map_err(|error| error.to_string()), service.seen(<[_]>::len))
}

const FIRST: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\
                     \"content\":\"\"},\"finish_reason\":null}]}\n\n";
const HEL: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"},\
                   \"finish_reason\":null}]}\n\n";
const LO: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\
                  \"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{},\
                    \"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"total_tokens\":9}}\n\n";

#[tokio::test(start_paused = true)]
async fn openai_answers_end_at_done_even_if_the_connection_stays_open() {
    let steps = || vec![Send(FIRST), Send(HEL), Send(LO), Send(STOP), Send("data: [DONE]\n\n"), Hang];
    assert_eq!(openai(steps).await, ("Hello".into(), None, 1));
}

#[tokio::test(start_paused = true)]
async fn an_openai_answer_that_breaks_off_is_shown_and_called_incomplete_and_not_asked_for_again() {
    let cut: fn() -> Vec<Step> = || vec![Send(FIRST), Send(HEL), Send("data: {\"choi"), Cut];
    let ended: fn() -> Vec<Step> = || vec![Send(FIRST), Send(HEL)];
    let silent: fn() -> Vec<Step> = || vec![Send(FIRST), Send(HEL), Hang];
    for steps in [cut, ended, silent] {
        let (output, error, requests) = openai(steps).await;
        let error = error.expect("an error");
        assert!(error.starts_with("the answer is incomplete"), "{error}");
        assert_eq!((&*output, requests), ("Hel", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_an_openai_stream_is_reported() {
    let steps =
        || vec![Send(HEL), Send("data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n")];
    let (output, error, _) = openai(steps).await;
    assert_eq!(error.as_deref(), Some("the answer is incomplete: the service failed: \"overloaded\""));
    assert_eq!(output, "Hel");
}

#[tokio::test(start_paused = true)]
async fn a_refused_prompt_is_not_sent_again() {
    for refusal in [401, 429, 500, 503] {
        let service = Service::new(move |_, _| status(refusal, &[("Retry-After", "1")]));
        let error = openai::answer(service.post(URL), Vec::new()).await.expect_err("a refusal").to_string();
        assert!(error.contains(&refusal.to_string()), "{error}");
        assert_eq!(service.seen(<[_]>::len), 1);
    }
}

const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[]}}\n\n\
                     event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\
                     \"text\":\"\"}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n";
const DELTA: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\
                     \"text\":\"Hello\"}}\n\n";
const END: &str = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
                   event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}\n\n";

#[tokio::test(start_paused = true)]
async fn anthropic_answers_end_at_message_stop() {
    let steps = || {
        vec![
            Send(START),
            Send(DELTA),
            Send(END),
            Send("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
            Hang,
        ]
    };
    assert_eq!(anthropic(steps).await, ("Hello".into(), Ok("end_turn".into()), 1));
}

#[tokio::test(start_paused = true)]
async fn an_anthropic_answer_without_message_stop_is_incomplete_and_not_asked_for_again() {
    let cut: fn() -> Vec<Step> = || vec![Send(START), Send(DELTA), Cut];
    let ended: fn() -> Vec<Step> = || vec![Send(START), Send(DELTA), Send(END)];
    for steps in [cut, ended] {
        let (output, result, requests) = anthropic(steps).await;
        let error = result.expect_err("an error");
        assert!(error.starts_with("the answer is incomplete"), "{error}");
        assert_eq!((&*output, requests), ("Hello", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_an_anthropic_stream_is_reported() {
    let steps = || {
        let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        vec![Send(START), Send(DELTA), Send(error), Hang]
    };
    let (output, result, _) = anthropic(steps).await;
    let error = result.expect_err("an error");
    assert!(error.starts_with("the answer is incomplete") && error.contains("Overloaded"), "{error}");
    assert_eq!(output, "Hello");
}

#[tokio::test(start_paused = true)]
async fn no_content_is_no_answer() {
    let service = Service::new(|_, _| status(204, &[]));
    let error = openai::answer(service.post(URL), Vec::new()).await.expect_err("no answer");
    assert_eq!(error.to_string(), "the answer is incomplete");
    let error = anthropic::answer(service.post(URL), Vec::new()).await.expect_err("no answer");
    assert_eq!(error.to_string(), "the answer is incomplete");
}
