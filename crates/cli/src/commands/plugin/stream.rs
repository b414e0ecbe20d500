//! Lines from a pipe through a judge on several threads: answers in the order of the lines, each as
//! soon as those before it are there, and never more in memory than a few chunks.
//!
//! Knows nothing of what a line means. A line ends with a line feed or with the input; it may begin
//! with a byte order mark and end with a carriage return, which do not belong to it.
//!
//! The reader holds back while too many chunks wait for the writer: each gets its place in a bounded
//! queue before it is judged, and the writer empties the queue in order.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Lines judged in one call.
const CHUNK_LINES: usize = 64;
/// Bytes read at once; a chunk takes whole lines out of them, so that it waits for nothing.
const READ_BYTES: usize = 256 << 10;
/// Longest line; what is longer is skipped.
const LINE_BYTES_MAX: usize = 64 << 20;
/// Chunks in the queue for each judge.
const QUEUE: usize = 4;

const BOM: &str = "\u{feff}";

/// A line, or why it cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) no: u64,
    /// Without its end; blank lines have a number and are left out.
    pub(super) text: Result<String, String>,
}

/// Hands the lines of `input` to `n_judges` calls of `judge` at a time, and what they make of them
/// to `write`, in order.
///
/// # Errors
/// When `input` cannot be read; what came before is answered.
pub(super) fn answer<A: Send>(
    input: impl Read + Send,
    n_judges: usize,
    judge: impl Fn(Vec<Line>) -> A + Sync,
    mut write: impl FnMut(A),
) -> io::Result<()> {
    let (order, in_order) = sync_channel::<Receiver<A>>(QUEUE * n_judges);
    let (work, to_do) = sync_channel::<(Vec<Line>, SyncSender<A>)>(n_judges);
    let to_do = Mutex::new(to_do);
    let next = || to_do.lock().unwrap_or_else(PoisonError::into_inner).recv();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut lines = Lines::of(input);
            while let Some(chunk) = lines.chunk()? {
                let (done, answer) = sync_channel(1);
                if order.send(answer).is_err() || work.send((chunk, done)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        for _ in 0..n_judges {
            scope.spawn(|| {
                while let Ok((chunk, done)) = next() {
                    // The writer is gone only when the process ends.
                    let _ = done.send(judge(chunk));
                }
            });
        }
        in_order.iter().filter_map(|answer| answer.recv().ok()).for_each(&mut write);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads lines.
struct Lines<R> {
    input: BufReader<R>,
    no: u64,
}

impl<R: Read> Lines<R> {
    fn of(input: R) -> Self {
        Self { input: BufReader::with_capacity(READ_BYTES, input), no: 0 }
    }

    /// At least one line, and those behind it that have come already; `None` at the end.
    fn chunk(&mut self) -> io::Result<Option<Vec<Line>>> {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.line()? else { break };
            if !line.text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                lines.push(line);
            }
            let has_more = self.input.buffer().contains(&b'\n');
            if !lines.is_empty() && (lines.len() == CHUNK_LINES || !has_more) {
                break;
            }
        }
        Ok((!lines.is_empty()).then_some(lines))
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let most = LINE_BYTES_MAX as u64 + 1;
        if (&mut self.input).take(most).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.no += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() > LINE_BYTES_MAX {
            self.input.skip_until(b'\n')?;
            let text = Err(format!("it is longer than {} MiB", LINE_BYTES_MAX >> 20));
            return Ok(Some(Line { no: self.no, text }));
        }
        Ok(Some(Line { no: self.no, text: text(bytes) }))
    }
}

/// A line's text.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[at];
        let utf16 = error.as_bytes().starts_with(&[0xff, 0xfe]);
        let hint = if utf16 || error.as_bytes().starts_with(&[0xfe, 0xff]) {
            "; it looks like UTF-16: save it as UTF-8"
        } else {
            ""
        };
        format!("it is not UTF-8: byte {} is 0x{byte:02x}{hint}", at + 1)
    })?;
    let without = text.strip_prefix(BOM).unwrap_or(&text);
    let without = without.strip_suffix('\r').unwrap_or(without);
    Ok(if without.len() == text.len() { text } else { without.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Gives one byte at a time, as a slow pipe does.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.take(1).read(buffer).inspect(|&n| self.0 = &self.0[n..])
        }
    }

    #[track_caller]
    fn check(input: &[u8], expected: &[(u64, Result<&str, &str>)]) {
        let read = |input: &mut dyn Read| {
            let (mut lines, mut all) = (Lines::of(input), Vec::new());
            while let Some(chunk) = lines.chunk().unwrap() {
                all.extend(chunk);
            }
            all
        };
        let (fast, slow) = (read(&mut &input[..]), read(&mut Slow(input)));
        assert_eq!(fast, slow);
        let got: Vec<_> = fast
            .iter()
            .map(|line| (line.no, line.text.as_deref().map_err(String::as_str)))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_byte_order_mark_does_not_belong_to_a_line() {
        check(b"", &[]);
        check("\u{feff}a\r\nb".as_bytes(), &[(1, Ok("a")), (2, Ok("b"))]);
        check("a\n\u{feff}b\n".as_bytes(), &[(1, Ok("a")), (2, Ok("b"))]);
        check("\u{feff}\n \r\n\nb\n".as_bytes(), &[(4, Ok("b"))]);
    }

    #[test]
    fn a_line_of_bad_utf_8_is_told_and_the_others_are_read() {
        let expected = Err("it is not UTF-8: byte 2 is 0xff");
        check(b"a\nb\xff\nc\n", &[(1, Ok("a")), (2, expected), (3, Ok("c"))]);
        let expected =
            Err("it is not UTF-8: byte 1 is 0xff; it looks like UTF-16: save it as UTF-8");
        check(b"\xff\xfe{\0\n", &[(1, expected)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let mut input = vec![b'x'; LINE_BYTES_MAX + 1];
        input.extend(b"yy\nb\n");
        let (mut lines, mut texts) = (Lines::of(&input[..]), Vec::new());
        while let Some(chunk) = lines.chunk().unwrap() {
            texts.extend(chunk.into_iter().map(|line| line.text));
        }
        let expected = [Err("it is longer than 64 MiB".to_owned()), Ok("b".to_owned())];
        assert_eq!(texts, expected);
    }

    /// Judges that finish in another order than they began in, and a writer that is slower than all.
    #[test]
    fn answers_come_in_order_and_the_reader_waits_for_the_writer() {
        let input: String = (0..5000).map(|n| format!("{n}\n")).collect();
        let (judged, written, most) =
            (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let mut all = Vec::new();
        let judge = |chunk: Vec<Line>| {
            let n: u64 = chunk[0].text.as_ref().unwrap().parse().unwrap();
            std::thread::sleep(Duration::from_micros(n * 7919 % 500));
            let ahead = judged.fetch_add(chunk.len(), Ordering::SeqCst) + chunk.len();
            most.fetch_max(ahead - written.load(Ordering::SeqCst), Ordering::SeqCst);
            chunk.into_iter().map(|line| line.text.unwrap()).collect::<Vec<_>>()
        };
        let write = |answers: Vec<String>| {
            std::thread::sleep(Duration::from_millis(2));
            written.fetch_add(answers.len(), Ordering::SeqCst);
            all.extend(answers);
        };
        answer(input.as_bytes(), 3, judge, write).unwrap();
        assert_eq!(all, (0..5000).map(|n| n.to_string()).collect::<Vec<_>>());
        // What waits: the queue, what is with the judges, and what the writer holds.
        let most = most.into_inner();
        assert!(most <= CHUNK_LINES * (QUEUE * 3 + 3 + 2), "{most} lines were ahead");
    }

    /// A pipe that stays open behind its first line.
    #[test]
    fn a_line_is_answered_before_the_next_one_comes() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope
                .spawn(move || answer(reader, 2, |chunk| chunk, |chunk| told.send(chunk).unwrap()));
            for word in ["one", "two"] {
                io::Write::write_all(&mut writer, format!("{word}\n").as_bytes()).unwrap();
                let chunk = heard.recv_timeout(Duration::from_secs(60)).unwrap();
                assert_eq!(chunk[0].text.as_deref(), Ok(word));
            }
            drop(writer);
        });
    }
}
