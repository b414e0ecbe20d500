//! The `<think>` and `<answer>` tags around a completion, as R1 and AZR ask for them.
//!
//! Knows nothing of what stands between the tags.

/// The last `<answer>` section of `text`, to its closing tag or the end; without one, all that
/// follows the last `</think>`, or the whole text.
#[must_use]
pub fn answer_section(text: &str) -> &str {
    if let Some((_, section)) = text.rsplit_once("<answer>") {
        return section.split_once("</answer>").map_or(section, |(section, _)| section);
    }
    text.rsplit_once("</think>").map_or(text, |(_, rest)| rest)
}

/// Whether `text` is `<think>…</think>`, white space, `<answer>…</answer>` and nothing else. The
/// first tag may already stand at the end of the prompt.
#[must_use]
pub fn tags_well_formed(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("<think>").unwrap_or(text);
    let Some((thought, rest)) = text.split_once("</think>") else { return false };
    let Some(answer) = rest.trim().strip_prefix("<answer>") else { return false };
    let Some(answer) = answer.strip_suffix("</answer>") else { return false };
    let tags = ["<think>", "</think>", "<answer>", "</answer>"];
    !thought.contains("<think>") && !tags.iter().any(|tag| answer.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_found() {
        let check = |text, expected| assert_eq!(answer_section(text), expected, "of {text:?}");
        check("a</think>\n<answer>b</answer> c", "b");
        check("<answer>a</answer><answer>b", "b");
        check("a</think> b", " b");
        check("b", "b");
    }

    #[test]
    fn tags_are_well_formed_or_not() {
        let check = |text, expected| assert_eq!(tags_well_formed(text), expected, "of {text:?}");
        check("<think>a</think>\n<answer>b</answer>\n", true);
        check("a</think><answer>b</answer>", true);
        check("a</think> so <answer>b</answer>", false);
        check("a</think><answer>b</answer> more", false);
        check("a</think><answer>b", false);
        check("<answer>b</answer>", false);
        check("a<think>b</think><answer>c</answer>", false);
        check("a</think><answer><answer>c</answer></answer>", false);
    }
}
