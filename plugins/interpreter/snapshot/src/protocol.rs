//! Bytes of a request and of a reply (PROTOCOL.md).

/// One job.
pub struct Job {
    pub program: String,
    pub entry: String,
    pub calls: Vec<String>,
    pub runs: u32,
    pub value_max: u32,
    pub deadline_ms: u64,
    pub memory: usize,
}

/// How a job ended, as the cases write it.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// One answer a call: `value 42`, `raised KeyError: 'x'`, `too-large`, …
    Done(Vec<String>),
    /// `syntax …`, `load-raised …`, `timeout`, `memory`, `crashed: …`
    Ended(String),
}

/// The request of a job.
pub fn request(job: &Job) -> Vec<u8> {
    let mut bytes = Vec::new();
    let calls = u32::try_from(job.calls.len()).expect("a job has few calls");
    for word in [1, 0, job.runs, job.value_max, 0, calls] {
        bytes.extend(word.to_le_bytes());
    }
    for text in [&job.program, &job.entry].into_iter().chain(&job.calls) {
        let length = u32::try_from(text.len()).expect("texts are shorter than 4 GiB");
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// Reads a reply; nothing if it is not exactly one with `calls` answers.
pub fn parse(bytes: &[u8], calls: usize) -> Option<Outcome> {
    let mut rest = bytes;
    let outcome = match take(&mut rest, 1)?[0] {
        0 => {
            let n = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?) as usize;
            if n != calls {
                return None;
            }
            Outcome::Done((0..n).map(|_| answer(&mut rest)).collect::<Option<_>>()?)
        }
        1 => Outcome::Ended(format!("syntax {}", text(&mut rest)?)),
        2 => Outcome::Ended(format!("load-raised {}", exception(&mut rest)?)),
        _ => return None,
    };
    rest.is_empty().then_some(outcome)
}

fn answer(rest: &mut &[u8]) -> Option<String> {
    Some(match take(rest, 1)?[0] {
        0 => format!("value {}", text(rest)?),
        1 => format!("raised {}", exception(rest)?),
        2 => format!("bad-arguments {}", text(rest)?),
        3 => format!("not-plain {}", text(rest)?),
        4 => "too-large".into(),
        5 => "nondeterministic".into(),
        _ => return None,
    })
}

fn exception(rest: &mut &[u8]) -> Option<String> {
    Some(format!("{}: {}", text(rest)?, text(rest)?))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let n = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?) as usize;
    String::from_utf8(take(rest, n)?.to_vec()).ok()
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(n)?;
    *rest = left;
    Some(taken)
}
