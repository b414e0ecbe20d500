//! Tests of the module above.

use super::*;

#[track_caller]
fn check(text: &str, truncated: bool, expected: &[(&str, &str, bool)]) {
    let blocks = Blocks::parse(text, truncated);
    let got: Vec<_> =
        blocks.all().iter().map(|b| (b.kind.as_str(), b.text.as_str(), b.closed)).collect();
    assert_eq!(got, expected, "of {text:?}");
}

#[test]
fn blocks_are_found() {
    check("a\n```python\nx\n\ny\n```\nb", false, &[("python", "x\n\ny", true)]);
    check("```input\r\n1\r\n```\r\n", false, &[("input", "1", true)]);
    check("```Python3  \nx\n```  ", false, &[("python", "x", true)]);
    check("```output\n3", false, &[("output", "3", false)]);
    check("```output\n3", true, &[]);
    check("```output\n3\n```\n```input\n4", true, &[("output", "3", true)]);
    check("```\nx\n```\n```input\n1\n```", false, &[("", "x", true), ("input", "1", true)]);
    check(
        "```output\nthe answer\n```output\n3\n```",
        false,
        &[("output", "the answer", false), ("output", "3", true)],
    );
    check("```output 3```", false, &[("output", "3", true)]);
    check("```output\n3```", false, &[("output", "3", true)]);
    check("  ```output\n3\n  ```", false, &[("output", "3", true)]);
    check("no blocks", false, &[]);
    check("```output\n```", false, &[("output", "", true)]);
}

#[test]
fn first_and_last_of_a_kind() {
    let blocks = Blocks::parse("```a\n1\n```\n```b\n2\n```\n```a\n3\n```", false);
    assert_eq!(blocks.first("a").map(|b| b.text.as_str()), Some("1"));
    assert_eq!(blocks.last("a").map(|b| b.text.as_str()), Some("3"));
    assert_eq!(blocks.last("c"), None);
}

#[test]
fn rendering_gives_back_the_exact_form() {
    let text = "```python\ndef f(a):\n    return a\n```\n```input\n1\n```";
    assert_eq!(Blocks::parse(text, false).render(), text);
}

#[test]
fn fences_are_those_of_common_mark() {
    let python = |text: &str| vec![("python".to_owned(), text.to_owned(), true)];
    #[track_caller]
    fn same(text: &str, expected: &[(String, String, bool)]) {
        let got: Vec<_> = Blocks::parse(text, false)
            .0
            .into_iter()
            .map(|block| (block.kind, block.text, block.closed))
            .collect();
        assert_eq!(got, expected, "of {text:?}");
    }
    // The same character, at least as long.
    same("~~~python\nx\n~~~", &python("x"));
    same("~~~python\n```\nx\n~~~~", &python("```\nx"));
    same("````python\nx\n```\ny\n`````", &python("x\n```\ny"));
    same("```python\nx\n~~~\n```", &python("x\n~~~"));
    // Own line, and not much further in.
    same("```python\nx  # ```\ny\n```", &python("x  # ```\ny"));
    same("```python\nx\n    ```\ny\n```", &python("x\n    ```\ny"));
    same("```python\nx\n   ```", &python("x"));
    // Lists and quotes.
    same("1. So:\n   ```python\n   x\n     y\n   ```", &python("x\n  y"));
    same("- ```python\n  x\n\n  y\n  ```", &python("x\n\ny"));
    same("12) a\n      - b\n\n        ~~~py\n        x\n        ~~~", &python("x"));
    same("> ```python\n> x\n>   y\n> ```\nz", &python("x\n  y"));
    same("\t```python\n\tx\n\t```", &python("x"));
    // Info strings.
    same("```{.python .numberLines}\nx\n```", &python("x"));
    same("``` py title=\"a\"\nx\n```", &python("x"));
    same("```python:main.py\nx\n```", &python("x"));
    check("```[3, 5]```", false, &[("", "[3, 5]", true)]);
    check("a ```python\nb", false, &[]);
}

#[test]
fn fences_in_strings_are_content() {
    let text = "```python\ndef f():\n    s = '''\n```\nf(1)\n```\n'''\n    return s\n```\n";
    let content = "def f():\n    s = '''\n```\nf(1)\n```\n'''\n    return s";
    check(text, false, &[("python", content, true)]);
    check("```output\n'''```\nx\n```'''\n```", false, &[("output", "'''```\nx\n```'''", true)]);
    check("```output\n\"\"\"\n```\n\"\"\"\n```", false, &[("output", "\"\"\"\n```\n\"\"\"", true)]);
    // A string that is never closed hides nothing, nor does one in a comment or in another.
    check("```python\nx = '''\n```\nz", false, &[("python", "x = '''", true)]);
    check(
        "```python\nx = 1 # '''\n```\nz\n```\n",
        false,
        &[("python", "x = 1 # '''", true), ("", "", false)],
    );
    check("```python\nx = \"'''\"\n```\n'''", false, &[("python", "x = \"'''\"", true)]);
    check(
        "```message\nit's\n```\n```\n'''\n```",
        false,
        &[("message", "it's", true), ("", "'''", true)],
    );
}

#[test]
fn what_is_shown_reads_back() {
    for text in ["x", "```\nx\n```", "a\n````py\n```", "  ```", "~~~"] {
        let blocks = Blocks::parse(&fenced("output", text), false);
        assert_eq!(blocks.0.len(), 1, "{text:?}");
        assert_eq!((blocks.0[0].text.as_str(), blocks.0[0].closed), (text, true));
        assert_eq!(blocks.render() + "\n", fenced("output", text));
    }
}
