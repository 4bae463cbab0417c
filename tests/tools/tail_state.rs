//! Tests of the state file of the `tail` tool: which files are accepted, locking, and `kill -9`.
#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::script::{STREAM, Script, chunk, request, send, send_and_stay};
use crate::common::tail::{S, finish, folder, interrupt, kill, run, start, tail, text, wait_until};

fn event(id: &str) -> String {
    chunk(&format!("id: {id}\ndata: x\n\n"))
}

/// Returns a server that sends this id once.
fn server(id: &str) -> Script {
    Script::new([send(STREAM.to_owned() + &event(id))])
}

/// Returns whether a command works on this machine.
fn works(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

#[track_caller]
fn assert_refused(file: &Path, why: &str) {
    let child = start(&["--events", "1", "--state", text(file), "http://127.0.0.1:1/"]);
    let run = finish(child, 10 * S);
    run.assert_ends(2, &format!("tail: {}: {why}; name another file", file.display()));
    assert_eq!(run.stderr.len(), 1);
}

#[test]
fn only_a_regular_file_is_replaced() {
    let folder = folder("state-kinds");
    let not_regular = "it is not a regular file";
    let fifo = folder.join("fifo");
    assert!(works("mkfifo", &[text(&fifo)]));
    assert_refused(&fifo, not_regular);
    assert!(fs::symlink_metadata(&fifo).expect("a file").file_type().is_fifo());
    assert_refused(&folder, not_regular);

    let device = folder.join("null");
    // Only root can do this.
    if works("mknod", &[text(&device), "c", "1", "3"]) {
        assert_refused(&device, not_regular);
        assert!(fs::symlink_metadata(&device).expect("a file").file_type().is_char_device());
        let link = folder.join("link");
        symlink(&device, &link).expect("a link");
        assert_refused(&link, not_regular);
    }

    let (one, two) = (folder.join("one"), folder.join("two"));
    fs::write(&one, "7\n").expect("a file");
    fs::hard_link(&one, &two).expect("a link");
    assert_refused(&two, "it has hard links, which would keep the old ID");
    assert_eq!(fs::read_to_string(&one).expect("a file"), "7\n");
}

#[test]
fn owner_and_mode_are_kept() {
    let folder = folder("state-owner");
    let file = folder.join("id");
    fs::write(&file, "7\n").expect("a file");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("a mode");
    // Only root can do this.
    let owned = chown(&file, Some(1234), Some(2345)).is_ok();
    let script = server("8");
    run(&["--json", "--events", "1", "--state", text(&file), &script.url()]).assert_quiet();
    let metadata = fs::metadata(&file).expect("a file");
    assert_eq!(metadata.mode() & 0o7777, 0o640);
    if owned {
        assert_eq!((metadata.uid(), metadata.gid()), (1234, 2345));
    }
    assert_eq!(fs::read_to_string(&file).expect("a file"), "8\n");
}

#[test]
fn a_link_stays_a_link() {
    let folder = folder("state-links");
    let (target, link) = (folder.join("target"), folder.join("link"));
    symlink("target", &link).expect("a link");
    // At first its target is missing.
    for id in ["1", "2"] {
        let script = server(id);
        run(&["--json", "--events", "1", "--state", text(&link), &script.url()]).assert_quiet();
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert!(fs::symlink_metadata(&target).expect("a file").is_file());
        assert_eq!(fs::read_to_string(&target).expect("a file"), format!("{id}\n"));
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 2, "nothing is left beside them");
}

#[test]
fn one_process_at_a_time() {
    let folder = folder("state-lock");
    let (file, link) = (folder.join("id"), folder.join("link"));
    symlink(&file, &link).expect("a link");
    let script = Script::new([send_and_stay(STREAM.to_owned() + &event("1") + &event("2"))]);
    let first = start(&["--json", "--state", text(&file), &script.url()]);
    wait_until("2 is stored", || fs::read_to_string(&file).is_ok_and(|id| id == "2\n"));
    for name in [&file, &link] {
        assert_refused(name, "another tail is using it");
    }
    interrupt(&first);
    finish(first, 5 * S).assert_quiet();
    // The lock is released.
    let script = server("3");
    run(&["--json", "--events", "1", "--state", text(&file), &script.url()]).assert_quiet();
}

#[test]
fn files_of_a_killed_run_are_removed() {
    let folder = folder("state-leftovers");
    let (file, left) = (folder.join("id"), folder.join("id.tail-tmp"));
    fs::write(&file, "7\n").expect("a file");
    fs::write(&left, "torn").expect("a file");
    let script = server("8");
    run(&["--json", "--events", "1", "--state", text(&file), &script.url()]).assert_quiet();
    assert!(script.request().contains("\r\nlast-event-id: 7\r\n"));
    assert!(!left.exists());
}

/// Checks the system calls, if `strace` is permitted.
#[test]
fn a_stored_id_is_synced_to_disk() {
    if !works("strace", &["-f", "true"]) {
        return;
    }
    let folder = folder("state-sync");
    let (file, log) = (folder.join("id"), folder.join("log"));
    let script = server("8");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2,openat", "-o", text(&log)]);
    let tail = tail(&["--json", "--events", "1", "--state", text(&file), &script.url()]);
    command.arg(tail.get_program()).args(tail.get_args()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().expect("strace"), 30 * S).assert_quiet();
    let log = fs::read_to_string(log).expect("a file");
    let calls: Vec<_> = log.lines().filter(|line| line.contains("fsync(") || line.contains("rename")).collect();
    let last = calls.last_chunk::<3>().expect("three calls");
    assert!(last[0].contains("fsync(") && last[0].contains("id.tail-tmp>"), "{calls:?}");
    assert!(last[1].contains("rename"), "{calls:?}");
    assert!(last[2].contains("fsync(") && last[2].contains(&format!("{}>", text(&folder))), "{calls:?}");
}

/// The ids of [`endless`] have different lengths, so that half of one is detected.
fn id(number: u64) -> String {
    format!("{number}:{}", "x".repeat((number * 331 % 5000) as usize))
}

fn number(id: &str) -> u64 {
    id.split(':').next().and_then(|number| number.parse().ok()).expect("a number")
}

/// Starts a server that continues from any id, for any number of clients. Returns its URL.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(|| count(socket.expect("a connection")));
        }
    });
    url
}

fn count(mut socket: TcpStream) {
    let Some(request) = request(&socket) else { return };
    let last = request.lines().find_map(|line| line.strip_prefix("last-event-id: ")).map_or(0, number);
    let _ = socket.write_all(STREAM.as_bytes());
    for next in last + 1.. {
        // This fails when the client is killed.
        if socket.write_all(chunk(&format!("id: {}\ndata: x\n\n", id(next))).as_bytes()).is_err() {
            return;
        }
        thread::sleep(Duration::from_micros(200));
    }
}

/// Kills 200 runs. In half of them process ids repeat, if the test is permitted to create a PID namespace.
#[test]
fn kills_leave_one_whole_id_and_never_stop_the_next_start() {
    let url = &endless();
    let namespaces = works("unshare", &["-fp", "--kill-child", "true"]);
    thread::scope(|scope| {
        for (name, namespace) in [("state-kills", false), ("state-kills-namespace", namespaces)] {
            scope.spawn(move || kills(name, namespace, url));
        }
    });
}

fn kills(name: &str, namespace: bool, url: &str) {
    let folder = folder(name);
    let file = folder.join("id");
    let random = RandomState::new();
    let mut last = 0;
    for round in 0..100 {
        let mut child = follow(&file, namespace, url);
        if round % 10 == 0 {
            // Some runs live long enough to store something, even on a slow machine.
            wait_until("another id is stored", || stored(&file).is_some_and(|now| now > last));
        }
        thread::sleep(Duration::from_micros(random.hash_one(round) % 100_000));
        assert!(child.try_wait().expect("a child").is_none(), "round {round}: {:?}", finish(child, S).stderr);
        kill(child.id());
        let ended = finish(child, 5 * S);
        assert_eq!(ended.stderr, [""; 0], "round {round}");
        if let Some(now) = stored(&file) {
            assert!(now >= last, "round {round}");
            last = now;
        }
        let left = fs::read_dir(&folder).expect("a folder").count();
        assert!(left <= 2, "round {round}: {left} files");
    }
    let script = Script::new([send(STREAM.to_owned() + &event("end"))]);
    run(&["--json", "--events", "1", "--state", text(&file), &script.url()]).assert_quiet();
    assert!(script.request().contains(&format!("\r\nlast-event-id: {}\r\n", id(last))));
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left beside it");
}

fn follow(file: &Path, namespace: bool, url: &str) -> Child {
    let mut tail = tail(&["--json", "--state", text(file), url]);
    tail.stdout(Stdio::null());
    if !namespace {
        return tail.spawn().expect("the tool starts");
    }
    let mut command = Command::new("unshare");
    command.args(["-fp", "--kill-child"]).arg(tail.get_program()).args(tail.get_args());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("a namespace")
}

/// Returns the number of the stored id, which must be whole. `None` if nothing is stored yet.
fn stored(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let stored = text.strip_suffix('\n').unwrap_or_default();
    if stored.is_empty() {
        return None;
    }
    assert_eq!(stored, id(number(stored)));
    Some(number(stored))
}
