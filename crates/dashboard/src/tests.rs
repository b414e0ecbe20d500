//! Asked by a client that knows no more of HTTP than it must.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Dashboard, Error, Manners};

mod browser;
#[path = "../../report/src/tests/chromium.rs"]
mod chromium;

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Quicker than people need.
fn quick() -> Manners {
    Manners {
        patience: Duration::from_millis(300),
        pause: Duration::from_millis(5),
        linger: Duration::from_millis(50),
        ..Manners::default()
    }
}

/// A run's folder before its first step.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "[run]\nsteps = 9\n").unwrap();
    std::fs::write(folder.path().join("metrics.jsonl"), "").unwrap();
    let options = quaero_pool::Options { capacity: NonZeroUsize::new(100).unwrap() };
    quaero_pool::Pool::open(&folder.path().join("experience.db"), options).unwrap();
    folder
}

/// Takes a step as a run does: its experience is on disk before its metrics. `said` is what the
/// proposer wrote, in vain.
fn take(folder: &Path, step: u64, said: &str) {
    let db = rusqlite::Connection::open(folder.join("experience.db")).unwrap();
    db.execute("INSERT INTO steps (step, policy_version) VALUES (?1, ?1)", [step]).unwrap();
    db.execute(
        "INSERT INTO proposals (step, policy_version, kind, outcome, cause, detail, n_tokens,
         truncated, parents, text) VALUES (?1, ?1, 'f/k', 'rejected', 'syntax', '', 3, 0, '[]', ?2)",
        rusqlite::params![step, said],
    )
    .unwrap();
    let path = folder.join("metrics.jsonl");
    let mut metrics = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    // The proposer is heard of from the second step on.
    let more = if step > 1 { ",\"f/propose/k/reward\":0.5" } else { "" };
    writeln!(metrics, "{{\"step\":{step},\"policy/entropy\":0.{step}{more}}}").unwrap();
}

/// A connection that gives up before the test runner does.
fn connect(to: &Dashboard) -> TcpStream {
    let stream = TcpStream::connect(to.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends `request` and reads all that comes: status, head and body.
fn ask(of: &Dashboard, request: &str) -> (u16, String, String) {
    let mut stream = connect(of);
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn get(of: &Dashboard, path: &str) -> (u16, String, String) {
    ask(of, &format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", of.address()))
}

/// Lines of events as they come.
struct Events(BufReader<TcpStream>);

impl Events {
    fn listen(to: &Dashboard, path: &str, more: &str) -> Self {
        let mut stream = connect(to);
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut this = Self(BufReader::new(stream));
        assert!(this.line().starts_with("HTTP/1.1 200"));
        while !this.line().trim().is_empty() {}
        this
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// The next event's name, id and data.
    fn next(&mut self) -> (String, String, Value) {
        let (mut name, mut id) = (String::new(), String::new());
        loop {
            let line = self.line();
            match line.trim_end().split_once(": ") {
                Some(("event", is)) => name = is.to_owned(),
                Some(("id", is)) => id = is.to_owned(),
                Some(("data", is)) => return (name, id, serde_json::from_str(is).unwrap()),
                _ => assert!(!line.is_empty(), "the stream ended"),
            }
        }
    }
}

#[test]
fn the_page_is_served_and_a_step_reaches_it() {
    let folder = folder();
    let here = Dashboard::start_with(folder.path(), any(), None, quick()).unwrap();
    let (status, _, body) = get(&here, "/");
    assert_eq!(status, 200);
    assert!(body.contains("Waiting for the run's first step"), "{body}");
    assert_eq!(get(&here, "/curves").0, 503);

    let mut waits = Events::listen(&here, "/events", "");
    take(folder.path(), 0, "nothing yet");
    here.step(0);
    let (name, id, _) = waits.next();
    assert_eq!((name.as_str(), id.as_str()), ("step", "0"));
    let (_, head, body) = get(&here, "/");
    assert!(body.contains("nothing yet") && body.contains("data-live"), "{body}");
    // The policy in the head allows what the page's own allows, and no frame.
    let policy = quaero_report::policy(true);
    assert!(body.contains(&policy));
    let expect = format!("content-security-policy: {policy}; frame-ancestors 'none'");
    assert!(head.contains(&expect.to_ascii_lowercase()), "{head}");
    assert!(head.contains("cache-control: no-store") && head.contains("nosniff"), "{head}");

    // What a page has is not sent again; what it lacks is.
    let mut listens = Events::listen(&here, "/events?from=0", "");
    take(folder.path(), 1, "</script>\u{2028}first");
    here.step(1);
    let (name, id, data) = listens.next();
    assert_eq!((name.as_str(), id.as_str()), ("step", "1"));
    let [rejected] = data["rejected"].as_array().unwrap().as_slice() else { panic!("{data}") };
    assert_eq!(rejected["text"], "</script>⟦U+2028⟧first");
    assert_eq!(data["totals"], serde_json::json!([0, 0, 2]));
    let (_, _, curves) = get(&here, "/curves");
    assert!(curves.contains("<data value=\"0.1\">"), "{curves}");
    take(folder.path(), 2, "second");
    here.step(2);
    assert_eq!(listens.next().2["rejected"][0]["text"], "second");
    assert_eq!(waits.next().1, "1");
    assert_eq!(waits.next().1, "2");

    // A page that lost its connection catches up.
    let (_, id, data) = Events::listen(&here, "/events?from=0", "Last-Event-ID: 1\r\n").next();
    assert_eq!((id.as_str(), &data["rejected"][0]["text"]), ("2", &Value::from("second")));
    let (_, _, data) = Events::listen(&here, "/events?from=0", "").next();
    assert_eq!(data["rejected"].as_array().unwrap().len(), 2);

    // It ends with the run, and the last step is told.
    take(folder.path(), 3, "last");
    here.step(3);
    let address = here.address();
    drop(here);
    assert_eq!(listens.next().1, "3");
    assert_eq!(listens.next().0, "end");
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_run_that_goes_on_tells_what_came_since() {
    let folder = folder();
    (1..=5).for_each(|step| take(folder.path(), step, "old"));
    let here = Dashboard::start_with(folder.path(), any(), Some(5), quick()).unwrap();
    let mut listens = Events::listen(&here, "/events?from=5", "");
    (6..=8).for_each(|step| take(folder.path(), step, "new"));
    here.step(8);
    let (_, id, data) = listens.next();
    assert_eq!((id.as_str(), data["rejected"].as_array().unwrap().len()), ("8", 3));
}

#[test]
fn what_the_page_does_not_need_is_refused() {
    let folder = folder();
    take(folder.path(), 1, "x");
    let here = Dashboard::start_with(folder.path(), any(), Some(1), quick()).unwrap();
    let host = format!("Host: {}", here.address());
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"] {
        let request = format!("{method} / HTTP/1.1\r\n{host}\r\nContent-Length: 0\r\n\r\n");
        let (status, head, _) = ask(&here, &request);
        assert_eq!(status, 405, "{method}");
        assert!(head.contains("allow: get"), "{head}");
    }
    for path in [
        "/experience.db",
        "/config.toml",
        "/../config.toml",
        "/%2e%2e/config.toml",
        "/curves/../config.toml",
        "//config.toml",
        "/events/../../etc/passwd",
    ] {
        let (status, _, body) = get(&here, path);
        assert_eq!((status, body.as_str()), (404, "there is only the page at /\n"), "{path}");
    }
    let of_host = |host: &str| ask(&here, &format!("GET / HTTP/1.1\r\n{host}\r\n\r\n")).0;
    assert_eq!(of_host(&host), 200);
    assert_eq!(of_host("Host: localhost:1"), 200, "through a tunnel");
    assert_eq!(of_host("Host: evil.example"), 421);
    assert_eq!(of_host("Host: 192.168.0.1"), 421);
    assert_eq!(of_host("X: y"), 421, "without a host");
    // A browser says when another site's page asks.
    let site = |path: &str, words: &str| {
        ask(&here, &format!("GET {path} HTTP/1.1\r\n{host}\r\n{words}\r\n\r\n")).0
    };
    assert_eq!(site("/", "Sec-Fetch-Site: none"), 200);
    assert_eq!(site("/curves", "Sec-Fetch-Site: same-origin"), 200);
    assert_eq!(site("/curves", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors"), 403);
    assert_eq!(site("/events", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors"), 403);
    assert_eq!(site("/", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate"), 200);
}

#[test]
fn an_address_in_use_is_named_with_a_remedy() {
    let taken = std::net::TcpListener::bind(any()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = Dashboard::start(Path::new("."), address, None).unwrap_err();
    assert!(matches!(error, Error::Listen { .. }));
    let expect = format!("cannot listen on {address}: Address already in use");
    assert!(error.to_string().starts_with(&expect), "{error}");
    assert!(error.to_string().contains("--dashboard=127.0.0.1:0"), "{error}");
}

#[test]
fn one_client_too_many_is_turned_away_and_an_idle_one_is_dropped() {
    let folder = folder();
    take(folder.path(), 1, "x");
    let patience = Duration::from_secs(3);
    let manners = Manners { connections_max: 2, listeners_max: 1, patience, ..quick() };
    let here = Dashboard::start_with(folder.path(), any(), Some(1), manners).unwrap();
    let listens = Events::listen(&here, "/events?from=1", "");
    assert_eq!(get(&here, "/events").0, 503, "a second page that listens");
    // It connects and says nothing: both places are taken until it is dropped.
    let idles = || {
        let mut idle = connect(&here);
        idle.write_all(b"GET / HTTP/1.1\r\n").ok()?;
        idle.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        // An answer, while the guest before is not quite gone, is that it was turned away.
        idle.read(&mut [0])
            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
            .then_some(idle)
    };
    let mut idle = until(idles).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let refused = until(|| (get_or_reset(&here) == Some(503)).then_some(()));
    assert!(refused.is_some());
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{rest:?}");
    assert!(until(|| (get_or_reset(&here) == Some(200)).then_some(())).is_some());
    drop(listens);
}

/// A client that does not read is dropped, and steps are told and taken meanwhile.
#[test]
fn a_slow_client_holds_up_nobody() {
    let folder = folder();
    // More than the sockets' buffers hold.
    std::fs::write(folder.path().join("config.toml"), "#".repeat(24 << 20)).unwrap();
    take(folder.path(), 1, "x");
    let manners = Manners { connections_max: 2, patience: Duration::from_secs(3), ..quick() };
    let here = Dashboard::start_with(folder.path(), any(), Some(1), manners).unwrap();
    let mut slow = connect(&here);
    slow.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", here.address()).as_bytes())
        .unwrap();
    slow.read_exact(&mut [0; 8]).unwrap();
    let mut listens = Events::listen(&here, "/events?from=1", "");
    let refused = until(|| (get_or_reset(&here) == Some(503)).then_some(()));
    assert!(refused.is_some(), "there is room for two");
    for step in 2..6 {
        take(folder.path(), step, "y");
        here.step(step);
        assert_eq!(listens.next().1, step.to_string());
    }
    assert!(until(|| (get_or_reset(&here) == Some(200)).then_some(())).is_some());
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(rest.len() < 24 << 20, "it was cut off: {}", rest.len());
}

/// The status of `/curves`, or `None` where the connection was reset before it was read.
fn get_or_reset(of: &Dashboard) -> Option<u16> {
    let mut stream = connect(of);
    let request = format!("GET /curves HTTP/1.1\r\nHost: {}\r\n\r\n", of.address());
    stream.write_all(request.as_bytes()).ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}

/// What `found` finds within ten seconds.
fn until<T>(mut found: impl FnMut() -> Option<T>) -> Option<T> {
    (0..500).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        found()
    })
}
