//! As much of HTTP/1.1 as is needed: one request a connection, of a head alone, and its answer.
//!
//! Bounded in size and time: a head has at most [`HEAD_BYTES_MAX`] in [`PARTS_MAX`] parts, and each
//! part, like each part of an answer that is taken, must come within the guests' patience.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Most parts it may come in: whoever sends byte by byte does not stay.
const PARTS_MAX: usize = 32;

/// A request's head. Names of headers are in lower case.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as they were written.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Reads one; `None` where what comes is no request.
    ///
    /// # Errors
    /// When the client is too slow or gone.
    pub(crate) fn read(stream: &mut TcpStream, patience: Duration) -> Result<Option<Self>> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let (mut head, mut part) = (Vec::new(), [0; 4096]);
        for _ in 0..PARTS_MAX {
            let n_bytes = stream.read(&mut part)?;
            if n_bytes == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
            head.extend_from_slice(&part[..n_bytes]);
            if let Some(len) = head.windows(4).position(|end| end == b"\r\n\r\n") {
                return Ok(Self::parse(&head[..len]));
            }
            if head.len() > HEAD_BYTES_MAX {
                return Ok(None);
            }
        }
        Err(Error::from(ErrorKind::TimedOut))
    }

    /// A head without its empty line.
    fn parse(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let (line, rest) = text.split_once("\r\n").unwrap_or((text, ""));
        let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !target.starts_with('/') {
            return None;
        }
        let mut headers = Vec::new();
        for line in rest.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            // White space at a name's end, or a folded line, is how requests are smuggled.
            if name.is_empty() || name.contains([' ', '\t', '\r', '\n']) {
                return None;
            }
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers })
    }

    /// A header that was sent once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|header| header.0 == name);
        let (value, further) = (values.next()?, values.next());
        further.is_none().then_some(value.1.as_str())
    }

    /// Whether a header was sent at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.0 == name)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> Option<&str> {
        Some(self.target.split_once('?')?.1)
    }
}

/// Status and reason of an answer.
pub(crate) type Status = (u16, &'static str);

pub(crate) const OK: Status = (200, "OK");
pub(crate) const NO_CONTENT: Status = (204, "No Content");
pub(crate) const BAD_REQUEST: Status = (400, "Bad Request");
pub(crate) const FORBIDDEN: Status = (403, "Forbidden");
pub(crate) const NOT_FOUND: Status = (404, "Not Found");
pub(crate) const METHOD_NOT_ALLOWED: Status = (405, "Method Not Allowed");
pub(crate) const MISDIRECTED: Status = (421, "Misdirected Request");
pub(crate) const UNAVAILABLE: Status = (503, "Service Unavailable");

/// The head of an answer, with what a browser may do with it.
pub(crate) fn head(status: Status, mime: &str, len: Option<usize>) -> String {
    let policy = quaero_report::policy(true);
    let len = len.map_or_else(String::new, |len| format!("content-length: {len}\r\n"));
    let allow = if status == METHOD_NOT_ALLOWED { "allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {mime}; charset=utf-8\r\n{len}{allow}connection: close\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         referrer-policy: no-referrer\r\ncross-origin-resource-policy: same-origin\r\n\
         content-security-policy: {policy}; frame-ancestors 'none'\r\n\r\n",
        status.0, status.1
    )
}

/// Sends a whole answer.
///
/// # Errors
/// When the client is too slow or gone.
pub(crate) fn answer(
    stream: &mut TcpStream,
    status: Status,
    mime: &str,
    body: &[u8],
) -> Result<()> {
    stream.write_all(head(status, mime, Some(body.len())).as_bytes())?;
    stream.write_all(body)
}

/// Tells one guest too many that there is no room, if it can be told at once.
pub(crate) fn turn_away(mut stream: &TcpStream) {
    let body = "too many connections: close some pages\n";
    let whole = head(UNAVAILABLE, "text/plain", Some(body.len())) + body;
    // A guest that cannot be told is turned away all the same.
    let _ = stream.set_nonblocking(true).and_then(|()| stream.write(whole.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_stands_or_not_at_all() {
        let whole = b"GET /events?from=3 HTTP/1.1\r\nHost: [::1]:80\r\nX-A:  b \r\nx-a: c";
        let request = Request::parse(whole).unwrap();
        assert_eq!((request.path(), request.query()), ("/events", Some("from=3")));
        assert_eq!(request.header("host"), Some("[::1]:80"));
        assert_eq!((request.header("x-a"), request.has("x-a")), (None, true), "sent twice");
        for bad in [
            "",
            "GET /",
            "GET  / HTTP/1.1",
            "GET / HTTP/2",
            "GET http://evil.example/ HTTP/1.1",
            "GET * HTTP/1.1",
            "GET / HTTP/1.1\r\nHost : a",
            "GET / HTTP/1.1\r\n folded: a",
            "GET / HTTP/1.1\r\nno colon",
            "GET / HTTP/1.1\r\n: empty",
        ] {
            assert_eq!(Request::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Request::parse(b"GET /\xff HTTP/1.1"), None);
    }
}
