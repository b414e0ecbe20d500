//! The language: values against hand-made ones, limits by name, text that reads back.

use super::*;

#[track_caller]
fn check(program: &str, input: &str, expected: &str) {
    let parsed = Program::parse(program).unwrap_or_else(|why| panic!("{program}: {why}"));
    let said = match run(&parsed, &arguments(input).unwrap()) {
        Ok((value, _)) => value.to_string(),
        Err(Undefined::Nowhere(why)) => format!("nowhere: {why}"),
        Err(Undefined::Limit(limit)) => format!("limit: {limit}"),
    };
    assert_eq!(said, expected, "{program} at {input}");
    let printed = parsed.to_string();
    let again = Program::parse(&printed).unwrap_or_else(|why| panic!("{printed}: {why}"));
    assert_eq!(again.to_string(), printed);
    assert_eq!(again.body, parsed.body, "{program} prints as {printed}");
}

#[test]
fn values_are_exact() {
    check("x * x + 1", "3", "10");
    check("x / 2 + 1 / 3", "1", "5/6");
    check("-x^2", "3", "-9");
    check("(-x)^2", "3", "9");
    check("2^3^x", "2", "512");
    check("x // 3", "-7", "-3");
    check("x % 3", "-7", "2");
    check("x % 1", "7/2", "1/2");
    check("f(a, b) = a - b - 1", "5, 2", "2");
}

#[test]
fn functions_do_what_they_say() {
    check("gcd(x, y) * lcm(x, y)", "12, 18", "216");
    check("binom(x, 3) + x!", "5", "130");
    check("powmod(3, x, 7) + inv(x, 11)", "5", "14");
    check("fib(x) + digits(x)", "30", "832043");
    check("num(x) * den(x)", "3/4", "12");
    check("floor(x) + ceil(x) + abs(-x)", "5/2", "15/2");
    check("sum(i, 1, x, i^2)", "4", "30");
    check("sum(i, 1, x, sum(j, 1, i, i * j))", "3", "25");
    check("prod(i, 2, x, 1 - 1 / i^2)", "5", "3/5");
    check("if(x > 3, x - 3, 3 - x)", "1", "2");
    check("min(x, 4) + max(x, 4)", "9", "13");
}

#[test]
fn polynomials_are_values() {
    check("(t + x)^2", "-1/2", "t^2 - t + 1/4");
    check("diff((t + x)^3)", "2", "3*t^2 + 12*t + 12");
    check("at(t^2 - t, x)", "5", "20");
    check("(t^3 - x) % (t - 2)", "1", "7");
    check("(t^3 - 1) // (t - x)", "1", "t^2 + t + 1");
    check("deg(t^4 + x) + coef((t + x)^4, 2)", "2", "28");
    check("at((t + 1)^3, t - x)", "1", "t^3");
    check("x - t", "0", "-t");
}

#[test]
fn what_has_no_value_says_why() {
    check("1 / (x - 3)", "3", "nowhere: a division by zero");
    check("0^(-x)", "1", "nowhere: a division by zero");
    check("x!", "1/2", "nowhere: a whole number was due");
    check("inv(x, 6)", "3", "nowhere: no inverse");
    check("2^x", "1/2", "nowhere: a power that is no whole number");
    check("x^x^x^x", "9", "limit: an exponent beyond the limit");
    check("(10^500)^x", "9", "limit: a number of too many digits");
    check("x!!!", "9", "limit: an argument beyond the limit");
    check("sum(i, 1, 10^12, x)", "1", "limit: more steps than the limit");
    check("(t + x)^65", "1", "limit: a polynomial of too high a degree");
    check("prod(i, 1, 4000, i + x)", "1", "limit: a number of too many digits");
}

#[test]
fn what_is_no_program_says_why() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Program::parse(text).unwrap_err(), expected, "{text}");
    };
    check("x +", "it ends too soon");
    check("x ? 1", "the character '?'");
    check("print(x)", "the function `print` is unknown");
    check("y2 + 1", "the name `y2` is unknown");
    check("gcd(x)", "`gcd` takes 2 arguments, got 1");
    check("f(x, x) = x", "the parameters are not distinct names with commas between");
    check(&"(".repeat(5000), "more than 1000 tokens");
    check(&"(".repeat(500), "nested deeper than 40");
    check(&"-".repeat(500), "nested deeper than 40");
    check(&"9".repeat(500), "a number of more than 400 digits");
}

#[test]
fn values_are_read_written_out_only() {
    let check = |text: &str, expected: Option<&str>| {
        let read = Value::parse(text).map(|value| value.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    };
    check("-3/6", Some("-1/2"));
    check("0.25", Some("1/4"));
    check("3/-6", Some("-1/2"));
    check("12 + 12t + 3t^2", Some("3*t^2 + 12*t + 12"));
    check("t + 0", Some("t"));
    check("-t^2/3 + 1/2*t", Some("-1/3*t^2 + 1/2*t"));
    for text in [
        "",
        "2*3",
        "(1+1)",
        "2^3",
        "x",
        "t*t",
        "1/0",
        "t^-1",
        "1e5",
        "gcd(1,2)",
        "t^999",
        "1/2 + 1/3",
        "t - t",
    ] {
        check(text, None);
    }
}
