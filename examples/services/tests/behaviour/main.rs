//! Each program against a service that behaves like the real one, as far as its documentation and its source say.

#[path = "../../src/bin/anthropic.rs"]
#[expect(dead_code, reason = "main")]
mod anthropic;
#[path = "../../src/bin/esphome.rs"]
#[expect(dead_code, reason = "main")]
mod esphome;
#[path = "../../src/bin/firebase.rs"]
#[expect(dead_code, reason = "main")]
mod firebase;
#[path = "../../src/bin/home_assistant.rs"]
#[expect(dead_code, reason = "main")]
mod home_assistant;
#[path = "../../src/bin/mastodon.rs"]
#[expect(dead_code, reason = "main")]
mod mastodon;
#[path = "../../src/bin/mcp.rs"]
#[expect(dead_code, reason = "main")]
mod mcp;
#[path = "../../src/bin/mercure.rs"]
#[expect(dead_code, reason = "main")]
mod mercure;
#[path = "../../src/bin/openai.rs"]
#[expect(dead_code, reason = "main")]
mod openai;

mod answers;
mod feeds;
mod service;
mod tools;
