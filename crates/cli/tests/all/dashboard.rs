//! `quaero train --dashboard`: where it says the page is, there the page is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::{check, quaero};

/// Ended with the test.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tiny() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("configs/ci/tiny.toml").display().to_string()
}

#[test]
fn a_run_says_where_its_page_is_and_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("run");
    let mut command = quaero();
    command.args(["train", &tiny(), "--dashboard", "--run"]).arg(&at).stderr(Stdio::piped());
    let mut run = Run(command.spawn().unwrap());
    let mut said = BufReader::new(run.0.stderr.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended without a word of it");
        assert!(!line.starts_with("warning"), "{line}");
        if let Some(url) = line.trim().strip_prefix("dashboard: http://") {
            break url.trim_end_matches('/').to_owned();
        }
    };
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("data-live"), "{page}");
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(run.0.wait().unwrap().success(), "{rest}");
    assert!(!rest.contains("dashboard:"), "it is said once: {rest}");
    assert!(at.join("report.html").is_file());
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn an_address_that_cannot_be_is_an_error_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("run").display().to_string();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let dashboard = format!("--dashboard={}", taken.local_addr().unwrap().port());
    let words = ["train", &tiny(), "--run", &at, &dashboard];
    check(
        &words,
        "",
        1,
        &["cannot listen on 127.0.0.1:", "Address already in use", "another port"],
    );
    assert!(!Path::new(&at).exists(), "no run was begun");
    let words = ["train", &tiny(), "--run", &at, "--dashboard=example.org:80"];
    check(&words, "", 2, &["expected PORT or IP:PORT"]);
}
