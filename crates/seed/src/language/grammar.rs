//! One-step transformations between typed expressions: the operations that programs are made of.
//! Most programs are one or two of these in a row.

use quaero_rng::Stream;

use super::ast::{BinaryOp, CompareOp, Comprehension, Expr, Function, Method};

/// The types of parameters and results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `int`
    Int,
    /// list of ints
    List,
    /// lower-case string
    Str,
}

/// A typed expression.
#[derive(Clone, Debug)]
pub(super) struct Typed(pub(super) Expr, pub(super) Type);

pub(super) fn name(name: &str) -> Expr {
    Expr::Name(name.to_owned())
}

pub(super) fn int(n: usize) -> Expr {
    Expr::Int(n as i64)
}

pub(super) fn binary(op: BinaryOp, a: Expr, b: Expr) -> Expr {
    Expr::Binary(op, Box::new(a), Box::new(b))
}

pub(super) fn compare(op: CompareOp, a: Expr, b: Expr) -> Expr {
    Expr::Compare(op, Box::new(a), Box::new(b))
}

fn add(a: Expr, b: Expr) -> Expr {
    binary(BinaryOp::Add, a, b)
}

fn call(function: Function, arg: Expr) -> Expr {
    Expr::Call(function, vec![arg])
}

fn index(of: Expr, at: i64) -> Expr {
    Expr::Index(Box::new(of), Box::new(Expr::Int(at)))
}

fn slice(of: Expr, start: Option<Expr>, stop: Option<Expr>, step: Option<Expr>) -> Expr {
    Expr::Slice(Box::new(of), [start, stop, step].map(|part| part.map(Box::new)))
}

fn comprehension(body: Expr, var: &str, iter: Expr, cond: Option<Expr>, list: bool) -> Expr {
    let var = var.to_owned();
    Expr::Comprehension(Box::new(Comprehension { body, var, iter, cond, list }))
}

/// Draws from the grammar.
pub(super) struct Grammar {
    pub(super) rng: Stream,
    /// The letters that string constants of this program use, so that inputs can contain them.
    pub(super) letters: Vec<char>,
}

impl Grammar {
    pub(super) fn chance(&mut self, p: f32) -> bool {
        self.rng.next_f32() < p
    }

    /// An index drawn by weight.
    pub(super) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut at = self.rng.below(weights.iter().sum());
        weights
            .iter()
            .position(|weight| {
                let hit = at < *weight;
                at = at.saturating_sub(*weight);
                hit
            })
            .unwrap_or(0)
    }

    /// A small constant, smaller ones more often.
    pub(super) fn literal(&mut self) -> Expr {
        int(*self.rng.choose(&[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9]))
    }

    /// A one-letter string constant.
    fn letter(&mut self) -> Expr {
        let letter = char::from(b'a' + self.rng.below(26) as u8);
        self.letters.push(letter);
        Expr::Str(letter.to_string())
    }

    /// A variable of type `ty` that `of` is not, if there is one and chance says so.
    fn other(&mut self, env: &[(String, Type)], of: &Expr, ty: Type, p: f32) -> Option<Expr> {
        let fits: Vec<&str> = env
            .iter()
            .filter(|(own, own_ty)| *own_ty == ty && !mentions(of, own))
            .map(|(own, _)| own.as_str())
            .collect();
        (!fits.is_empty() && self.chance(p)).then(|| name(fits[self.rng.below(fits.len())]))
    }

    /// One operation that turns `from` into something of type `to`; types without a direct way
    /// go through `len` or `str`.
    pub(super) fn step(&mut self, from: &Typed, to: Type, env: &[(String, Type)]) -> Typed {
        let Typed(x, ty) = from.clone();
        let expr = match (ty, to) {
            (Type::Int, Type::Int) => self.int_to_int(x, env),
            (Type::List, Type::Int) => self.list_to_int(x, env),
            (Type::Str, Type::Int) => self.str_to_int(x),
            (Type::Int, Type::List) => self.int_to_list(x, env),
            (Type::List, Type::List) => self.list_to_list(x, env),
            (Type::Str, Type::List) => {
                let n = call(Function::Len, x);
                let literal = self.literal();
                Expr::List(vec![n, literal])
            }
            (Type::Int, Type::Str) => self.int_to_str(x, env),
            (Type::List, Type::Str) => {
                let digits = comprehension(call(Function::Str, name("x")), "x", x, None, false);
                Expr::Method(Box::new(Expr::Str(String::new())), Method::Join, vec![digits])
            }
            (Type::Str, Type::Str) => self.str_to_str(x, env),
        };
        Typed(expr, to)
    }

    fn int_to_int(&mut self, a: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(b) = self.other(env, &a, Type::Int, 0.55) {
            return match self.weighted(&[6, 4, 2, 2, 2, 1]) {
                0 => add(a, b),
                1 => binary(BinaryOp::Sub, a, b),
                2 => binary(BinaryOp::Sub, b, a),
                3 => Expr::Call(Function::Max, vec![a, b]),
                4 => Expr::Call(Function::Min, vec![a, b]),
                _ => binary(BinaryOp::Mul, a, b),
            };
        }
        match self.weighted(&[6, 5, 3, 3, 2, 2, 2, 2]) {
            0 => add(a, self.literal()),
            1 => binary(BinaryOp::Sub, a, self.literal()),
            2 => binary(BinaryOp::Mul, a, int(*self.rng.choose(&[2, 2, 2, 3, 3, 10]))),
            3 => binary(BinaryOp::Mod, a, int(*self.rng.choose(&[2, 2, 3, 5, 4]))),
            4 => binary(BinaryOp::FloorDiv, a, int(*self.rng.choose(&[2, 2, 3]))),
            5 => Expr::Call(Function::Max, vec![a, int(2 + self.rng.below(6))]),
            6 => Expr::Call(Function::Min, vec![a, int(2 + self.rng.below(6))]),
            _ => binary(BinaryOp::Sub, int(5 + self.rng.below(6)), a),
        }
    }

    fn list_to_int(&mut self, xs: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(a) = self.other(env, &xs, Type::Int, 0.3) {
            return match self.weighted(&[2, 2, 2, 1]) {
                0 => add(index(xs, 0), a),
                1 => add(call(Function::Len, xs), a),
                2 => binary(BinaryOp::Sub, call(Function::Max, xs), a),
                _ => Expr::Method(Box::new(xs), Method::Count, vec![a]),
            };
        }
        match self.weighted(&[4, 4, 2, 4, 3, 4, 4]) {
            0 => index(xs, 0),
            1 => index(xs, -1),
            2 => index(xs, 1),
            3 => call(Function::Len, xs),
            4 => call(Function::Sum, xs),
            5 => call(Function::Max, xs),
            _ => call(Function::Min, xs),
        }
    }

    fn str_to_int(&mut self, s: Expr) -> Expr {
        if self.chance(0.75) {
            call(Function::Len, s)
        } else {
            let letter = self.letter();
            Expr::Method(Box::new(s), Method::Count, vec![letter])
        }
    }

    fn int_to_list(&mut self, a: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(xs) = self.other(env, &a, Type::List, 0.85) {
            return match self.weighted(&[4, 4, 3, 2, 2, 1]) {
                0 => add(xs, Expr::List(vec![a])),
                1 => add(Expr::List(vec![a]), xs),
                2 => comprehension(add(name("x"), a), "x", xs, None, true),
                3 => slice(xs, None, Some(a), None),
                4 => slice(xs, Some(a), None, None),
                _ => {
                    let cond = compare(CompareOp::Gt, name("x"), a);
                    comprehension(name("x"), "x", xs, Some(cond), true)
                }
            };
        }
        if let Some(b) = self.other(env, &a, Type::Int, 0.5) {
            return match self.weighted(&[3, 3, 1]) {
                0 => Expr::List(vec![a, b]),
                1 => Expr::List(vec![b, a]),
                _ => Expr::List(vec![a.clone(), b, a]),
            };
        }
        match self.weighted(&[3, 3, 2]) {
            0 => Expr::List(vec![a, self.literal()]),
            1 => Expr::List(vec![self.literal(), a]),
            _ => binary(BinaryOp::Mul, Expr::List(vec![a]), int(2 + self.rng.below(3))),
        }
    }

    fn list_to_list(&mut self, xs: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(ys) = self.other(env, &xs, Type::List, 0.5) {
            return if self.chance(0.5) { add(xs, ys) } else { add(ys, xs) };
        }
        if let Some(a) = self.other(env, &xs, Type::Int, 0.5) {
            return self.int_to_list(a, env);
        }
        let x = || name("x");
        match self.weighted(&[4, 4, 3, 3, 2, 2, 4, 4, 5, 2, 3, 5, 2]) {
            0 => call(Function::Sorted, xs),
            1 => slice(xs, None, None, Some(Expr::Int(-1))),
            2 => slice(xs, Some(int(1)), None, None),
            3 => slice(xs, None, Some(Expr::Int(-1)), None),
            4 => slice(xs, None, Some(int(2)), None),
            5 => slice(xs, Some(Expr::Int(-2)), None, None),
            6 => add(xs, Expr::List(vec![self.literal()])),
            7 => add(Expr::List(vec![self.literal()]), xs),
            8 => comprehension(add(x(), self.literal()), "x", xs, None, true),
            9 => {
                let twice = binary(BinaryOp::Mul, x(), int(2 + self.rng.below(2)));
                comprehension(twice, "x", xs, None, true)
            }
            10 => {
                let less = binary(BinaryOp::Sub, x(), self.literal());
                comprehension(less, "x", xs, None, true)
            }
            11 => {
                let cond = self.int_condition(x());
                comprehension(x(), "x", xs, Some(cond), true)
            }
            _ => binary(BinaryOp::Mul, xs, int(2)),
        }
    }

    fn int_to_str(&mut self, a: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(s) = self.other(env, &a, Type::Str, 0.85) {
            return match self.weighted(&[3, 3, 3, 3]) {
                0 => add(s, call(Function::Str, a)),
                1 => add(call(Function::Str, a), s),
                2 => slice(s, None, Some(a), None),
                _ => slice(s, Some(a), None, None),
            };
        }
        let digits = call(Function::Str, a);
        match self.weighted(&[3, 2, 2]) {
            0 => digits,
            1 => add(digits, self.letter()),
            _ => add(self.letter(), digits),
        }
    }

    fn str_to_str(&mut self, s: Expr, env: &[(String, Type)]) -> Expr {
        if let Some(t) = self.other(env, &s, Type::Str, 0.5) {
            return if self.chance(0.5) { add(s, t) } else { add(t, s) };
        }
        if let Some(a) = self.other(env, &s, Type::Int, 0.5) {
            return self.int_to_str(a, env);
        }
        match self.weighted(&[4, 3, 5, 5, 2, 3, 3, 2, 2, 2, 4, 2, 2]) {
            0 => slice(s, None, None, Some(Expr::Int(-1))),
            1 => Expr::Method(Box::new(s), Method::Upper, Vec::new()),
            2 => add(s, self.letter()),
            3 => add(self.letter(), s),
            4 => binary(BinaryOp::Mul, s, int(2)),
            5 => slice(s, None, Some(int(1 + self.rng.below(2))), None),
            6 => slice(s, Some(int(1)), None, None),
            7 => slice(s, None, Some(Expr::Int(-1)), None),
            8 => index(s, 0),
            9 => index(s, -1),
            10 => {
                let (from, to) = (self.letter(), self.letter());
                self.letters.pop();
                Expr::Method(Box::new(s), Method::Replace, vec![from, to])
            }
            11 => {
                let sorted = call(Function::Sorted, s);
                Expr::Method(Box::new(Expr::Str(String::new())), Method::Join, vec![sorted])
            }
            _ => {
                let cond = compare(CompareOp::Ne, name("c"), self.letter());
                let kept = comprehension(name("c"), "c", s, Some(cond), false);
                Expr::Method(Box::new(Expr::Str(String::new())), Method::Join, vec![kept])
            }
        }
    }

    /// A test of a number.
    pub(super) fn int_condition(&mut self, x: Expr) -> Expr {
        match self.weighted(&[4, 4, 3]) {
            0 => compare(CompareOp::Gt, x, int(2 + self.rng.below(6))),
            1 => compare(CompareOp::Lt, x, int(3 + self.rng.below(6))),
            _ => {
                let parity = binary(BinaryOp::Mod, x, int(2));
                compare(CompareOp::Eq, parity, int(self.rng.below(2)))
            }
        }
    }

    /// A test of a variable.
    pub(super) fn condition(&mut self, of: &Typed, env: &[(String, Type)]) -> Expr {
        let Typed(x, ty) = of.clone();
        match ty {
            Type::Int => match self.other(env, &x, Type::Int, 0.5) {
                Some(b) if self.chance(0.5) => compare(CompareOp::Gt, x, b),
                Some(b) => compare(CompareOp::Lt, x, b),
                None => self.int_condition(x),
            },
            Type::List => match self.weighted(&[3, 3, 2, 3]) {
                0 => compare(CompareOp::Gt, call(Function::Len, x), int(2 + self.rng.below(2))),
                1 => self.int_condition(index(x, 0)),
                2 => compare(CompareOp::Gt, index(x.clone(), 0), index(x, -1)),
                _ => compare(CompareOp::In, self.literal(), x),
            },
            Type::Str => match self.weighted(&[3, 3, 2]) {
                0 => compare(CompareOp::Gt, call(Function::Len, x), int(2 + self.rng.below(2))),
                1 => compare(CompareOp::In, self.letter(), x),
                _ => compare(CompareOp::Lt, index(x.clone(), 0), index(x, -1)),
            },
        }
    }
}

/// Whether the variable `of` occurs in `expr`.
pub(super) fn mentions(expr: &Expr, of: &str) -> bool {
    match expr {
        Expr::Int(_) | Expr::Str(_) | Expr::Bool(_) => false,
        Expr::Name(own) => own == of,
        Expr::List(items) | Expr::Call(_, items) => items.iter().any(|item| mentions(item, of)),
        Expr::Neg(inner) => mentions(inner, of),
        Expr::Binary(_, a, b) | Expr::Compare(_, a, b) | Expr::Index(a, b) => {
            mentions(a, of) || mentions(b, of)
        }
        Expr::Slice(inner, parts) => {
            mentions(inner, of) || parts.iter().flatten().any(|part| mentions(part, of))
        }
        Expr::Method(inner, _, args) => {
            mentions(inner, of) || args.iter().any(|arg| mentions(arg, of))
        }
        Expr::Comprehension(it) => {
            let cond = it.cond.as_ref().is_some_and(|cond| mentions(cond, of));
            cond || mentions(&it.body, of) || mentions(&it.iter, of)
        }
        Expr::IfElse(parts) => parts.iter().any(|part| mentions(part, of)),
    }
}
