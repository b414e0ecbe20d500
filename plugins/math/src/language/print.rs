//! A program as text, in one form: the same program always has the same text, and the text reads
//! back as the program.

use std::fmt::{self, Write};

use super::{Expr, Op, Program, Test};

/// Names of the variables of sums, outermost first.
const BOUND: [&str; 6] = ["i", "j", "k", "m", "n", "p"];
/// How tightly operators bind.
const SUM: u8 = 1;
const TERM: u8 = 2;
const UNARY: u8 = 3;
const POWER: u8 = 4;
const ATOM: u8 = 5;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters go by their places, so that names do not make programs differ.
        let names = ["x", "y", "z"];
        write!(f, "f({}) = ", names[..self.parameters.len().min(3)].join(", "))?;
        let mut text = String::new();
        print(&self.body, SUM, 0, &mut text);
        f.write_str(&text)
    }
}

fn print(expr: &Expr, least: u8, depth: usize, out: &mut String) {
    let binds = match expr {
        Expr::Neg(_) => UNARY,
        Expr::Binary(Op::Add | Op::Sub, ..) => SUM,
        Expr::Binary(Op::Pow, ..) => POWER,
        Expr::Binary(..) => TERM,
        _ => ATOM,
    };
    if binds < least {
        out.push('(');
    }
    // Writing to a string cannot fail.
    let _ = match expr {
        Expr::Number(x) => write!(out, "{x}"),
        Expr::Parameter(idx) => write!(out, "{}", ["x", "y", "z"][*idx % 3]),
        Expr::Bound(back) => write!(out, "{}", bound(depth - 1 - back)),
        Expr::T => write!(out, "t"),
        Expr::Neg(a) => {
            out.push('-');
            print(a, UNARY, depth, out);
            Ok(())
        }
        Expr::Binary(op, a, b) => {
            let (sign, left, right) = match op {
                Op::Add => (" + ", SUM, TERM),
                Op::Sub => (" - ", SUM, TERM),
                Op::Mul => (" * ", TERM, UNARY),
                Op::Div => (" / ", TERM, UNARY),
                Op::Floor => (" // ", TERM, UNARY),
                Op::Mod => (" % ", TERM, UNARY),
                Op::Pow => ("^", ATOM, UNARY),
            };
            print(a, left, depth, out);
            out.push_str(sign);
            print(b, right, depth, out);
            Ok(())
        }
        Expr::Call(function, xs) => {
            out.push_str(function.name());
            list(xs.iter(), depth, out);
            Ok(())
        }
        Expr::Fold { product, from, to, body } => {
            let name = bound(depth);
            let _ = write!(out, "{}({name}, ", if *product { "prod" } else { "sum" });
            print(from, SUM, depth, out);
            out.push_str(", ");
            print(to, SUM, depth, out);
            out.push_str(", ");
            print(body, SUM, depth + 1, out);
            out.push(')');
            Ok(())
        }
        Expr::If { test, sides, then, otherwise } => {
            branch(*test, [&sides.0, &sides.1, then, otherwise], depth, out);
            Ok(())
        }
    };
    if binds < least {
        out.push(')');
    }
}

/// `if(a < b, then, otherwise)` of its four parts.
fn branch(test: Test, [a, b, then, otherwise]: [&Expr; 4], depth: usize, out: &mut String) {
    out.push_str("if(");
    print(a, SUM, depth, out);
    out.push_str(match test {
        Test::Less => " < ",
        Test::LessEqual => " <= ",
        Test::Equal => " == ",
        Test::NotEqual => " != ",
    });
    print(b, SUM, depth, out);
    for part in [then, otherwise] {
        out.push_str(", ");
        print(part, SUM, depth, out);
    }
    out.push(')');
}

fn bound(depth: usize) -> String {
    match BOUND.get(depth) {
        Some(name) => (*name).to_owned(),
        None => format!("i{depth}"),
    }
}

fn list<'a>(xs: impl Iterator<Item = &'a Expr>, depth: usize, out: &mut String) {
    out.push('(');
    for (idx, x) in xs.enumerate() {
        if idx > 0 {
            out.push_str(", ");
        }
        print(x, SUM, depth, out);
    }
    out.push(')');
}
