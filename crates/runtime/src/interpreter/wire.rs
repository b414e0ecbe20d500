//! The bytes between host and interpreter (`plugins/interpreter/PROTOCOL.md`). A reply is
//! untrusted: it parses completely and says exactly as many answers as were asked, or it is none.

use super::{Answer, Job, Outcome};

/// Protocol version.
const VERSION: u32 = 1;

/// The request for `job`.
pub(super) fn request(job: &Job, value_bytes_max: u32, recursion: u32) -> Vec<u8> {
    let texts = job.calls.iter().map(|call| 4 + call.len()).sum::<usize>();
    let mut out = Vec::with_capacity(32 + job.program.len() + job.entry.len() + texts);
    let n_calls = u32::try_from(job.calls.len()).expect("fewer than 2^32 calls");
    let value_max = job.value_bytes_max.min(value_bytes_max);
    for number in [VERSION, 0, job.runs, value_max, recursion, n_calls] {
        out.extend(number.to_le_bytes());
    }
    for text in [&job.program, &job.entry].into_iter().chain(&job.calls) {
        out.extend(u32::try_from(text.len()).expect("texts under 4 GiB").to_le_bytes());
        out.extend(text.as_bytes());
    }
    out
}

/// Reads the reply to a job of `n_calls` calls; `None` if it does not parse.
pub(super) fn reply(bytes: &[u8], n_calls: usize) -> Option<Outcome> {
    let mut reader = Reader(bytes);
    let outcome = match reader.byte()? {
        0 => {
            if reader.number()? as usize != n_calls {
                return None;
            }
            // At least a byte an answer: the count is bounded by what is there.
            if reader.0.len() < n_calls {
                return None;
            }
            Outcome::Done((0..n_calls).map(|_| reader.answer()).collect::<Option<_>>()?)
        }
        1 => Outcome::Syntax(reader.text()?),
        2 => Outcome::LoadRaised { class: reader.text()?, message: reader.text()? },
        _ => return None,
    };
    reader.0.is_empty().then_some(outcome)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn text(&mut self) -> Option<String> {
        let len = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn answer(&mut self) -> Option<Answer> {
        Some(match self.byte()? {
            0 => Answer::Value(self.text()?),
            1 => Answer::Raised { class: self.text()?, message: self.text()? },
            2 => Answer::BadArguments(self.text()?),
            3 => Answer::NotPlain(self.text()?),
            4 => Answer::TooLarge,
            5 => Answer::Nondeterministic,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], n_calls: usize, expected: Option<Outcome>) {
        assert_eq!(reply(bytes, n_calls), expected);
    }

    #[test]
    fn replies_parse_whole_or_not_at_all() {
        let done = [&[0, 2, 0, 0, 0, 0][..], &text("[1]"), &[1], &text("KeyError"), &text("'a'")];
        let done = done.concat();
        let answers = vec![
            Answer::Value("[1]".into()),
            Answer::Raised { class: "KeyError".into(), message: "'a'".into() },
        ];
        check(&done, 2, Some(Outcome::Done(answers)));
        check(&done, 1, None);
        check(&done, 3, None);
        for len in 0..done.len() {
            check(&done[..len], 2, None);
        }
        check(&[done, vec![0]].concat(), 2, None);
        check(
            &[&[1][..], &text("SyntaxError: x")].concat(),
            9,
            Some(Outcome::Syntax("SyntaxError: x".into())),
        );
        check(&[0, 0, 0, 0, 0], 0, Some(Outcome::Done(vec![])));
        check(&[0, 1, 0, 0, 0, 4], 1, Some(Outcome::Done(vec![Answer::TooLarge])));
        check(&[0, 1, 0, 0, 0, 5], 1, Some(Outcome::Done(vec![Answer::Nondeterministic])));
        check(&[0, 1, 0, 0, 0, 6], 1, None);
        check(&[3], 0, None);
        check(&[0, 255, 255, 255, 255], u32::MAX as usize, None);
        check(&[1, 255, 255, 255, 255, 65], 0, None);
        check(&[1, 1, 0, 0, 0, 0xff], 0, None);
    }

    #[test]
    fn a_request_is_laid_out_as_the_protocol_says() {
        let job = Job {
            program: "p".into(),
            entry: "f".into(),
            calls: vec!["1".into(), String::new()],
            runs: 2,
            value_bytes_max: 9,
            deadline_ms: 5,
        };
        let mut expected = Vec::new();
        for number in [1_u32, 0, 2, 7, 11, 2] {
            expected.extend(number.to_le_bytes());
        }
        for part in ["p", "f", "1", ""] {
            expected.extend(text(part));
        }
        assert_eq!(request(&job, 7, 11), expected);
    }
}
