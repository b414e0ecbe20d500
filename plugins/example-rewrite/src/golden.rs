//! Golden cases: `cases/accept` and `cases/reject`, played by the host when it loads the family.

use quaero_sdk::Golden;

use crate::options::Options;

macro_rules! case {
    ($name:literal) => {
        ($name, include_str!(concat!("../cases/", $name, ".json")))
    };
}

/// `folder/name` and the text of each case's file.
pub(crate) const FILES: [(&str, &str); 16] = [
    case!("accept/a_word_alone"),
    case!("accept/any_word_that_gets_there"),
    case!("accept/crlf_and_space"),
    case!("accept/reach"),
    case!("accept/reduce"),
    case!("accept/rules_and_a_word"),
    case!("accept/the_fence_again"),
    case!("reject/a_word_without_rules"),
    case!("reject/an_answer_that_was_cut"),
    case!("reject/copy_of_a_reference"),
    case!("reject/endless"),
    case!("reject/many_words"),
    case!("reject/no_rule_fits"),
    case!("reject/not_a_word"),
    case!("reject/the_result_again"),
    case!("reject/wrong"),
];

/// The cases, which hold under the default options.
pub(crate) fn cases(options: &Options) -> Vec<Golden> {
    if !options.are_defaults {
        return Vec::new();
    }
    FILES.iter().map(|(name, text)| quaero_sdk::golden(name, text)).collect()
}
