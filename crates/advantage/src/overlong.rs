//! Soft overlong punishment: a reward that falls towards the length limit (DAPO, arXiv 2503.14476,
//! equation 13).

/// What is added to the reward of a response of `n_tokens`, for a limit of `tokens_max` and a
/// buffer of `buffer` tokens before it (DAPO's L_max and L_cache): 0 up to the buffer, then down a
/// straight line to −1 at the limit, and −1 beyond. A buffer of 0 punishes nothing.
///
/// # Panics
/// If the buffer is longer than the limit.
#[must_use]
pub fn overlong_punishment(n_tokens: usize, tokens_max: usize, buffer: usize) -> f32 {
    assert!(buffer <= tokens_max, "a buffer of {buffer} tokens before a limit of {tokens_max}");
    let excess = n_tokens.saturating_sub(tokens_max - buffer).min(buffer);
    if excess == 0 { 0.0 } else { -(excess as f32 / buffer as f32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_along_the_buffer() {
        #[track_caller]
        fn check(n_tokens: usize, expect: f32) {
            assert_eq!(overlong_punishment(n_tokens, 20480, 4096), expect, "{n_tokens} tokens");
        }
        check(0, 0.0);
        check(16384, 0.0);
        check(16385, -1.0 / 4096.0);
        check(18432, -0.5);
        check(20480, -1.0);
        check(30000, -1.0);
        assert_eq!(overlong_punishment(20480, 20480, 0), 0.0, "no buffer");
        assert_eq!(overlong_punishment(5, 10, 10), -0.5, "all of it a buffer");
    }
}
