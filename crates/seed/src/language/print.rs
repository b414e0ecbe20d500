//! The text of a program, with the brackets that Python's precedence demands and no others.

use std::fmt::{self, Write};

use super::ast::{BinaryOp, Expr, Program, Stmt};
use super::value::Value;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "def f({}):", self.params.join(", "))?;
        block(&self.body, 1, f)
    }
}

fn block(body: &[Stmt], depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for stmt in body {
        write!(f, "\n{:1$}", "", 4 * depth)?;
        match stmt {
            Stmt::Assign(name, expr) => write!(f, "{name} = {expr}")?,
            Stmt::Update(name, op, expr) => write!(f, "{name} {}= {expr}", op.text())?,
            Stmt::Append(name, expr) => write!(f, "{name}.append({expr})")?,
            Stmt::Return(expr) => write!(f, "return {expr}")?,
            Stmt::If(cond, then, other) => {
                write!(f, "if {cond}:")?;
                block(then, depth + 1, f)?;
                if !other.is_empty() {
                    write!(f, "\n{:1$}else:", "", 4 * depth)?;
                    block(other, depth + 1, f)?;
                }
            }
            Stmt::For(var, iter, body) => {
                write!(f, "for {var} in {iter}:")?;
                block(body, depth + 1, f)?;
            }
        }
    }
    Ok(())
}

/// How tightly an expression binds; larger is tighter.
fn level(expr: &Expr) -> u8 {
    match expr {
        Expr::IfElse(_) => 1,
        Expr::Comprehension(it) if !it.list => 0,
        Expr::Compare(..) => 2,
        Expr::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => 3,
        Expr::Binary(..) => 4,
        Expr::Neg(_) => 5,
        Expr::Int(n) if *n < 0 => 5,
        _ => 6,
    }
}

/// `expr`, bracketed if it binds less tightly than `least`.
struct AtLeast<'a>(u8, &'a Expr);

impl fmt::Display for AtLeast<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if level(self.1) < self.0 { write!(f, "({})", self.1) } else { write!(f, "{}", self.1) }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Str(text) => write!(f, "{}", Value::Str(text.clone())),
            Self::Bool(b) => write!(f, "{}", Value::Bool(*b)),
            Self::Name(name) => f.write_str(name),
            Self::List(items) => {
                f.write_char('[')?;
                arguments(items, f)?;
                f.write_char(']')
            }
            Self::Neg(expr) => write!(f, "-{}", AtLeast(5, expr)),
            Self::Binary(op, a, b) => {
                let own = level(self);
                write!(f, "{} {} {}", AtLeast(own, a), op.text(), AtLeast(own + 1, b))
            }
            Self::Compare(op, a, b) => {
                write!(f, "{} {} {}", AtLeast(3, a), op.text(), AtLeast(3, b))
            }
            Self::Index(expr, index) => write!(f, "{}[{index}]", AtLeast(6, expr)),
            Self::Slice(expr, [start, stop, step]) => {
                write!(f, "{}[", AtLeast(6, expr))?;
                write_some(start.as_deref(), f)?;
                f.write_char(':')?;
                write_some(stop.as_deref(), f)?;
                if step.is_some() {
                    f.write_char(':')?;
                }
                write_some(step.as_deref(), f)?;
                f.write_char(']')
            }
            Self::Call(function, args) => {
                write!(f, "{}(", function.text())?;
                arguments(args, f)?;
                f.write_char(')')
            }
            Self::Method(expr, method, args) => {
                write!(f, "{}.{}(", AtLeast(6, expr), method.text())?;
                arguments(args, f)?;
                f.write_char(')')
            }
            Self::Comprehension(it) => {
                f.write_str(if it.list { "[" } else { "" })?;
                write!(f, "{} for {} in {}", AtLeast(1, &it.body), it.var, AtLeast(2, &it.iter))?;
                if let Some(cond) = &it.cond {
                    write!(f, " if {}", AtLeast(2, cond))?;
                }
                f.write_str(if it.list { "]" } else { "" })
            }
            Self::IfElse(parts) => {
                let [cond, then, other] = &**parts;
                write!(f, "{} if {} else {}", AtLeast(2, then), AtLeast(2, cond), AtLeast(1, other))
            }
        }
    }
}

fn arguments(args: &[Expr], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let least = u8::from(args.len() > 1);
    for (i, arg) in args.iter().enumerate() {
        write!(f, "{}{}", if i == 0 { "" } else { ", " }, AtLeast(least, arg))?;
    }
    Ok(())
}

fn write_some(expr: Option<&Expr>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    expr.map_or(Ok(()), |expr| write!(f, "{expr}"))
}

const RESERVED: [&str; 22] = [
    "def", "f", "return", "if", "else", "for", "in", "not", "and", "or", "True", "False", "None",
    "len", "sum", "max", "min", "sorted", "abs", "str", "list", "range",
];

/// A program's text with its variables renamed in the order in which they appear: programs that
/// differ in names alone are the same for exclusion.
#[must_use]
pub fn canonical(program: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut out = String::with_capacity(program.len() + 16);
    let mut rest = program;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_alphabetic() || first == '_' {
            let word_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            rest.find(word_end).unwrap_or(rest.len())
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).map_or(rest.len(), |i| i + 2)
        } else {
            first.len_utf8()
        };
        let (piece, tail) = rest.split_at(length);
        let is_name = first.is_ascii_alphabetic() || first == '_';
        if is_name && !after_dot && !RESERVED.contains(&piece) {
            let at = names.iter().position(|name| *name == piece).unwrap_or_else(|| {
                names.push(piece);
                names.len() - 1
            });
            out.push_str(&format!("v{at}"));
        } else {
            out.push_str(piece);
        }
        after_dot = piece == ".";
        rest = tail;
    }
    out
}
