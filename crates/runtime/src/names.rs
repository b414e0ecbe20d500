//! What a person meant who wrote a name that nothing has.

/// The one of `names` that is most like `word`, by edit distance; none where even that has less
/// than half in common.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(word, name);
    let best = names.into_iter().min_by_key(|name| distance(name))?;
    let len = word.chars().count().max(best.chars().count());
    (2 * distance(best) <= len).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_is_found_unless_nothing_is_near() {
        let names = ["deduction", "abduction", "induction"];
        assert_eq!(nearest("deducton", names), Some("deduction"));
        assert_eq!(nearest("pyhton", ["math", "python"]), Some("python"));
        assert_eq!(nearest("reduce", names), None);
        assert_eq!(nearest("x", []), None);
    }
}
