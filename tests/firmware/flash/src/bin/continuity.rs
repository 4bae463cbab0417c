//! Verdicts on IDs, and where a reconnect resumes.
#![no_std]
#![no_main]

parts::firmware!(parts::continuity());
