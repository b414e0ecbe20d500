//! The sets of pairs, both ways round; laws of equality; and an evaluator of another make.

mod forms;

use std::fmt::Write;

use crate::{Rules, Truth, judge};

struct Pair {
    gold: String,
    answer: String,
}

fn pairs(text: &str) -> Vec<Pair> {
    text.lines()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| json[key].as_str().unwrap().to_owned();
            Pair { gold: text("gold"), answer: text("answer") }
        })
        .collect()
}

fn truth(gold: &str, answer: &str) -> Truth {
    judge(gold, answer, &Rules::default()).truth
}

const NEAR: &str = include_str!("../../cases/near.jsonl");
const EQUAL: &str = include_str!("../../cases/equal.jsonl");

#[test]
fn near_misses_are_never_equal() {
    let near = pairs(NEAR);
    assert!(near.len() >= 400, "{} pairs", near.len());
    let mut wrong = String::new();
    for Pair { gold, answer } in &near {
        for (a, b) in [(gold, answer), (answer, gold)] {
            if truth(a, b).is_equal() {
                writeln!(wrong, "{a}   |   {b}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "accepted:\n{wrong}");
}

#[test]
fn equal_pairs_are_equal() {
    let equal = pairs(EQUAL);
    assert!(equal.len() >= 400, "{} pairs", equal.len());
    let mut wrong = String::new();
    for Pair { gold, answer } in &equal {
        for (a, b) in [(gold, answer), (answer, gold)] {
            let judged = judge(a, b, &Rules::default());
            if !judged.truth.is_equal() {
                writeln!(wrong, "{a}   |   {b}   {judged:?}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "rejected:\n{wrong}");
}

/// A generator of its own: tests must not depend on chance.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Two fractions to one.
type Join<'a> = &'a dyn Fn((i128, i128), (i128, i128)) -> Option<(i128, i128)>;

/// A random expression in the variables x and y, as LaTeX, with its value at a point by another
/// evaluator: 64-bit fractions, `None` on overflow or division by zero.
fn expression(noise: &mut Noise, depth: u32) -> (String, [Option<(i128, i128)>; 3]) {
    const POINTS: [(i128, i128); 3] = [(2, 7), (-3, 5), (11, -4)];
    if depth == 0 || noise.below(5) == 0 {
        return match noise.below(4) {
            0 => ("x".to_owned(), POINTS.map(|(x, _)| Some((x, 1)))),
            1 => ("y".to_owned(), POINTS.map(|(_, y)| Some((y, 1)))),
            _ => {
                let n = noise.below(9) as i128 + 1;
                (n.to_string(), [Some((n, 1)); 3])
            }
        };
    }
    let (a, va) = expression(noise, depth - 1);
    let (b, vb) = expression(noise, depth - 1);
    let each = |join: Join<'_>| {
        [0, 1, 2].map(|i| va[i].zip(vb[i]).and_then(|(a, b)| join(a, b)).and_then(reduced))
    };
    let add = |(a, b): (i128, i128), (c, d): (i128, i128)| {
        Some((a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?))
    };
    match noise.below(5) {
        0 => (format!("({a}+{b})"), each(&add)),
        1 => (format!("\\left({a}-{b}\\right)"), each(&|x, (c, d)| add(x, (-c, d)))),
        2 => (
            format!("{a}\\cdot {b}"),
            each(&|(a, b), (c, d)| Some((a.checked_mul(c)?, b.checked_mul(d)?))),
        ),
        3 => (
            format!("\\frac{{{a}}}{{{b}}}"),
            each(&|(a, b), (c, d)| {
                (c != 0).then_some(())?;
                Some((a.checked_mul(d)?, b.checked_mul(c)?))
            }),
        ),
        _ => (
            format!("({a})^{{2}}"),
            va.map(|v| v.and_then(|(a, b)| reduced((a.checked_mul(a)?, b.checked_mul(b)?)))),
        ),
    }
}

fn reduced((a, b): (i128, i128)) -> Option<(i128, i128)> {
    let (mut x, mut y) = (a.unsigned_abs(), b.unsigned_abs());
    while y != 0 {
        (x, y) = (y, x % y);
    }
    let gcd = i128::try_from(x).ok()?.max(1);
    Some((a / gcd * b.signum(), b.abs() / gcd))
}

#[test]
fn rational_functions_agree_with_another_evaluator() {
    let mut noise = Noise(0x1234_5678_9abc_def1);
    let mut n_values = 0;
    for _ in 0..600 {
        let (text, values) = expression(&mut noise, 3);
        for ((x, y), value) in [(2, 7), (-3, 5), (11, -4)].into_iter().zip(values) {
            let Some((n, d)) = value else { continue };
            let at = text.replace('x', &format!("({x})")).replace('y', &format!("({y})"));
            let right = format!("\\frac{{{n}}}{{{d}}}");
            assert!(truth(&at, &right).is_equal(), "{at} = {right}");
            let wrong = format!("{}/{d}", n + 1);
            assert_eq!(truth(&wrong, &at), Truth::Different, "{at} ≠ {wrong}");
            n_values += 1;
        }
        // The same function in another dress, and one that differs by a little.
        let dressed = format!("\\frac{{2({text})+6}}{{2}} - 3");
        let defined = values.iter().any(Option::is_some);
        if defined {
            assert!(truth(&text, &dressed).is_equal(), "{text}");
            let moved = format!("{text}+10^{{-20}}");
            assert!(!truth(&moved, &text).is_equal(), "{text}");
        }
    }
    assert!(n_values > 1000, "{n_values}");
}

#[test]
fn laws_of_equality() {
    let all: Vec<String> = pairs(EQUAL)
        .into_iter()
        .chain(pairs(NEAR))
        .flat_map(|pair| [pair.gold, pair.answer])
        .collect();
    for text in &all {
        assert!(truth(text, text).is_equal(), "{text}");
        let spaced = format!("  {text} ");
        assert!(truth(text, &spaced).is_equal(), "{text}");
        if text.matches('{').count() != text.matches('}').count() || text.contains("box") {
            continue;
        }
        let boxed = format!("\\boxed{{{text}}}");
        assert_eq!(crate::extract(&boxed), crate::Extracted::Boxed(text.trim()), "{text}");
    }
    // Symmetry, on pairs that have nothing to do with each other.
    let mut noise = Noise(77);
    for _ in 0..3000 {
        let a = &all[noise.below(all.len() as u64) as usize];
        let b = &all[noise.below(all.len() as u64) as usize];
        assert_eq!(truth(a, b).is_equal(), truth(b, a).is_equal(), "{a}   |   {b}");
    }
}

#[test]
fn constants_agree_with_floats() {
    let mut noise = Noise(99);
    let (mut n_equal, mut n_apart) = (0, 0);
    let mut all = Vec::new();
    for _ in 0..220 {
        let (a, b, c) = (noise.below(12) + 1, noise.below(9) + 2, noise.below(7) + 1);
        let (x, y, z) = (a as f64, b as f64, c as f64);
        all.push(match noise.below(8) {
            0 => (format!("\\sqrt{{{a}}}+\\sqrt[3]{{{b}}}"), x.sqrt() + y.cbrt()),
            1 => (format!("{a}^{{{c}/{b}}}"), x.powf(z / y)),
            2 => (format!("\\ln\\frac{{{a}}}{{{b}}}"), (x / y).ln()),
            3 => (format!("\\sin\\frac{{{a}\\pi}}{{{b}}}"), (x * std::f64::consts::PI / y).sin()),
            4 => (format!("\\frac{{{a}+\\sqrt{{{c}}}}}{{{b}}}"), (x + z.sqrt()) / y),
            5 => (format!("e^{{-{a}/{b}}}"), (-x / y).exp()),
            6 => (format!("\\arctan {a} - \\log_{{{b}}} {c}"), x.atan() - z.ln() / y.ln()),
            _ => (format!("\\cos({a})\\cdot\\tan({b})/{c}"), x.cos() * y.tan() / z),
        });
    }
    for (i, (text, value)) in all.iter().enumerate() {
        for (other, near) in &all[..i] {
            let gap = (value - near).abs();
            match truth(text, other) {
                Truth::Equal(_) => {
                    assert!(gap < 1e-12 * value.abs().max(1.0), "{text} = {other}");
                    n_equal += 1;
                }
                _ => {
                    assert!(gap > 1e-14, "{text} and {other} seem equal");
                    n_apart += 1;
                }
            }
        }
    }
    assert!(n_equal > 20 && n_apart > 10_000, "{n_equal} {n_apart}");
}

#[test]
fn bombs_end_by_name_and_are_never_equal() {
    let deep = |open: &str, close: &str| open.repeat(3000) + "1" + &close.repeat(3000);
    let bombs = [
        "9^{9^{9}}".to_owned(),
        "9^{9^{9^{9}}}".to_owned(),
        "10^{10^{10}}".to_owned(),
        "1000000!".to_owned(),
        "100000!!!".to_owned(),
        "\\binom{1000000000}{500000000}".to_owned(),
        "(x+1)^{10000}".to_owned(),
        "(x+y+z+w+1)^{300}".to_owned(),
        "\\prod_{k=1}^{100000000} k".to_owned(),
        "\\sum_{k=1}^{4000}\\frac{1}{k!}".to_owned(),
        "e^{e^{e^{e}}}".to_owned(),
        "\\sin(10^{5000})".to_owned(),
        "\\sqrt{2}^{\\sqrt{2}^{\\sqrt{2}^{100}}}".to_owned(),
        "1e99999".to_owned(),
        "2^{-1e9}".to_owned(),
        "7".repeat(19_000),
        "9".repeat(1_000_000),
        format!("\\boxed{{{}}}", "1,".repeat(500_000)),
        (1..40).map(|n| format!("\\sqrt{{{n}}}")).collect::<Vec<_>>().join("+"),
        (1..3000).map(|n| n.to_string()).collect::<Vec<_>>().join(","),
        (1..400).map(|n| format!("x^{{{n}}}")).collect::<Vec<_>>().join("+"),
        deep("(", ")"),
        deep("{", "}"),
        deep("\\frac{1}{", "}"),
        deep("\\sqrt{", "}"),
        deep("-", ""),
        deep("|", "|"),
        deep("2^", ""),
        deep("\\begin{pmatrix}", "\\end{pmatrix}"),
        deep("\\text{", "}"),
        "\\pm 1".repeat(40),
        "(0,1)\\cup".repeat(500) + "(2,3)",
        "{".repeat(19_000),
        "\\left".repeat(3_000),
        "\\frac".repeat(3_000),
        "1/".repeat(3_000) + "1",
        "5".to_owned() + &"!".repeat(5_000),
        "x".to_owned() + &"'".repeat(5_000),
        "1\\bmod ".repeat(2_000) + "2",
        "\\sin".repeat(2_000) + "x",
        "\\frac-".repeat(2_000) + "x",
        "\\sin-".repeat(2_000) + "x",
        "(0,1)\\cap".repeat(2_000) + "(0,1)",
        "\u{0}\u{1}\u{7f}".to_owned(),
    ];
    for bomb in &bombs {
        for other in ["1", "x", "(x+1)^{10001}", "9^{9^{8}}", "1000001!", "\\{1,2\\}"] {
            assert!(!truth(other, bomb).is_equal(), "{}", &bomb[..bomb.len().min(60)]);
            assert!(!truth(bomb, other).is_equal(), "{}", &bomb[..bomb.len().min(60)]);
        }
    }
}

#[test]
fn the_answer_of_a_completion_is_found() {
    use crate::{Extracted, extract};
    let check = |text: &str, expected: Extracted<'_>| assert_eq!(extract(text), expected, "{text}");
    check(r"\boxed{1} then \boxed{2}", Extracted::Boxed("2"));
    check(r"\boxed{\boxed{3}}", Extracted::Boxed("3"));
    check(r"\boxed{\frac{1}{2}}.", Extracted::Boxed(r"\frac{1}{2}"));
    check(r"\boxed{\{1,2\}}", Extracted::Boxed(r"\{1,2\}"));
    check(r"so $\boxed{5$ is", Extracted::Boxed("5$ is"));
    check(r"\boxed 7 and", Extracted::Boxed("7"));
    check(r"\boxed{}", Extracted::Boxed(""));
    check("The answer is 42.", Extracted::Tail("42".into()));
    check("The answer is $\\frac12$. Done.", Extracted::Tail("$\\frac12$".into()));
    check("**Final answer:** 3/4", Extracted::Tail("3/4".into()));
    check("some steps\n#### 1,234", Extracted::Tail("1,234".into()));
    check("steps\nx = 5", Extracted::Tail("x = 5".into()));
    check("Hence we get 12", Extracted::Tail("12".into()));
    check("The total is $7$ apples in all cases.", Extracted::Tail("7".into()));
    check("I am not sure about this one", Extracted::None);
    check("", Extracted::None);
}
