//! Who is answered, and with what: the page, its curves, its events.
//!
//! A page of another site can make a browser ask here. It is refused by `Host`, which such a page
//! cannot make an address when it reached here by a name of its own (DNS rebinding), and by
//! `Sec-Fetch-Site`, which a browser sets when another site asks.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::Manners;
use crate::http::{self, Request, Status, answer};
use crate::pages::{Listener, Message, Pages};

/// How often it is looked whether a page that listens is still there.
const LOOK: Duration = Duration::from_millis(500);
/// After so many looks without a step something is said, so that nobody between closes the line.
const LOOKS_A_WORD: usize = 30;

/// Answers one guest.
pub(crate) fn serve(mut stream: TcpStream, pages: &Pages, manners: Manners, loopback: bool) {
    // A guest that is too slow or gone is let go; nobody has to be told.
    let _ = serve_or_fail(&mut stream, pages, manners, loopback);
    drain(&mut stream);
}

fn serve_or_fail(
    stream: &mut TcpStream,
    pages: &Pages,
    manners: Manners,
    loopback: bool,
) -> Result<()> {
    let Some(request) = Request::read(stream, manners.patience)? else {
        return answer(stream, http::BAD_REQUEST, "text/plain", b"this is no request\n");
    };
    if let Some((status, why)) = refusal(&request, loopback) {
        return answer(stream, status, "text/plain", format!("{why}\n").as_bytes());
    }
    match request.path() {
        "/" => answer(stream, http::OK, "text/html", pages.page().as_bytes()),
        "/curves" => match pages.curves() {
            Ok(html) => answer(stream, http::OK, "text/html", html.as_bytes()),
            Err(why) => answer(stream, http::UNAVAILABLE, "text/plain", why.as_bytes()),
        },
        "/events" => events(stream, pages, &request),
        // Browsers ask for it by themselves.
        "/favicon.ico" => answer(stream, http::NO_CONTENT, "text/plain", b""),
        _ => answer(stream, http::NOT_FOUND, "text/plain", b"there is only the page at /\n"),
    }
}

/// Takes what was sent and not read, such as a body: closing over it would lose the answer.
fn drain(stream: &mut TcpStream) {
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let mut unread = [0; 4096];
    for _ in 0..16 {
        if !matches!(stream.read(&mut unread), Ok(1..)) {
            return;
        }
    }
}

/// Why a request is refused, if it is.
fn refusal(request: &Request, loopback: bool) -> Option<(Status, &'static str)> {
    if request.method != "GET" {
        return Some((http::METHOD_NOT_ALLOWED, "only GET is answered"));
    }
    if !request.header("host").is_some_and(|host| is_address(host, loopback)) {
        let why = if loopback {
            "ask this machine by its address: 127.0.0.1, [::1] or localhost"
        } else {
            "ask by an IP address, not by a name"
        };
        return Some((http::MISDIRECTED, why));
    }
    let is_strange = request.has("sec-fetch-site")
        && !matches!(request.header("sec-fetch-site"), Some("same-origin" | "none"));
    // A link from elsewhere may be followed; its page may not read what is here.
    let follows = request.header("sec-fetch-mode") == Some("navigate") && request.path() == "/";
    (is_strange && !follows).then_some((http::FORBIDDEN, "another site's page may not ask here"))
}

/// Whether `host`, with or without a port, is an address or `localhost`: nobody else's name server
/// can make these mean another machine. Any port: there may be a tunnel.
fn is_address(host: &str, loopback: bool) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        None => name.parse::<Ipv4Addr>().map(IpAddr::V4).ok(),
    };
    address.is_some_and(|address| !loopback || address.is_loopback())
}

/// `events?from=N`: what the page that shows step N has not, then each step as it comes. A browser
/// that lost its connection says by `Last-Event-ID` which step came last.
fn events(stream: &mut TcpStream, pages: &Pages, request: &Request) -> Result<()> {
    let Some((shown, listener)) = pages.listen() else {
        let why = b"too many pages listen: close some\n";
        return answer(stream, http::UNAVAILABLE, "text/plain", why);
    };
    let last = request.header("last-event-id").and_then(|id| id.parse::<u64>().ok());
    let asked = || request.query()?.strip_prefix("from=")?.parse().ok();
    let first = match (shown, last.or_else(asked)) {
        (Some(shown), Some(from)) if from < shown => Some(event(shown, &pages.news(from))),
        // A page that waits for the run's first step.
        (Some(shown), None) => Some(event(shown, "{}")),
        _ => None,
    };
    let done = follow(stream, &listener, first);
    pages.leave(&listener);
    done
}

/// Tells a page of each step until the run ends, the page is gone or takes in nothing.
fn follow(stream: &mut TcpStream, listener: &Listener, first: Option<String>) -> Result<()> {
    stream.write_all(http::head(http::OK, "text/event-stream", None).as_bytes())?;
    stream.write_all(first.unwrap_or_default().as_bytes())?;
    let mut n_looks = 0;
    loop {
        match listener.hears.recv_timeout(LOOK) {
            Ok(Message::Step(step, news)) => stream.write_all(event(step, &news).as_bytes())?,
            // Nothing follows: the page closes its side.
            Ok(Message::End) => return stream.write_all(b"event: end\ndata: {}\n\n"),
            // It lagged too far behind and was dropped; its browser comes back.
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) if is_gone(stream)? => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                n_looks += 1;
                if n_looks % LOOKS_A_WORD == 0 {
                    stream.write_all(b":\n\n")?;
                }
            }
        }
    }
}

/// Whether the client closed the connection. It has nothing more to say otherwise.
fn is_gone(stream: &mut TcpStream) -> Result<bool> {
    stream.set_read_timeout(Some(Duration::from_millis(1)))?;
    match stream.read(&mut [0; 64]) {
        Ok(n_bytes) => Ok(n_bytes == 0),
        Err(error) => Ok(!matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)),
    }
}

/// One server-sent event. `news` is JSON, so it has no line end.
fn event(step: u64, news: &str) -> String {
    format!("event: step\nid: {step}\ndata: {news}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_and_no_name() {
        for good in ["127.0.0.1:80", "127.0.0.1", "localhost:9", "LocalHost", "[::1]:7", "[::1]"] {
            assert!(is_address(good, true), "{good}");
        }
        for bad in [
            "evil.example:80",
            "10.0.0.1:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "::1",
            "[::1",
            "",
            ":80",
            "127.0.0.1:80:80",
            "127.0.0.1:x",
            "2130706433",
        ] {
            assert!(!is_address(bad, true), "{bad}");
        }
        assert!(is_address("10.0.0.1:80", false) && is_address("[fe80::1]:80", false));
        assert!(!is_address("evil.example", false));
    }
}
