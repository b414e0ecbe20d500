//! Programs and inputs under a key: shapes of one to four lines over the grammar's steps.
//!
//! A program is kept only if it runs on most drawn inputs, its outputs are small, and they depend
//! on the input.

use quaero_rng::Key;

use super::ast::{BinaryOp, CompareOp, Expr, Program, Stmt};
use super::grammar::{Grammar, Type, Typed, binary, compare, int, name};
use super::value::{Value, repr_inputs};

/// Longest `repr` of an output.
const OUTPUT_LEN_MAX: usize = 40;
/// Largest number in an output, by magnitude.
const OUTPUT_INT_MAX: i64 = 999;
/// Most elements of an output list, most letters of an output string.
const OUTPUT_ITEMS_MAX: usize = 10;
/// Inputs drawn to see whether a program is fit.
const N_PROBES: usize = 8;

/// An input and what the program makes of it, both as the wire writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Comma-separated literals.
    pub input: String,
    /// Python's `repr`.
    pub output: String,
}

/// A program with distinct inputs that it runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// The program's text.
    pub program: String,
    /// Up to as many cases as were asked for, at least one.
    pub cases: Vec<Case>,
}

/// Draws exercises; exercise `i` of a key depends on the key and `i` alone.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    key: Key,
}

impl Generator {
    /// The generator of `key`.
    #[must_use]
    pub fn new(key: Key) -> Self {
        Self { key }
    }

    /// Exercise number `idx` with up to `n_cases` cases.
    #[must_use]
    pub fn exercise(&self, idx: u64, n_cases: usize) -> Exercise {
        let key = self.key.with(idx);
        // Most drafts are kept; a bound keeps a broken grammar from looping for ever.
        (0..10_000)
            .find_map(|attempt| draft(key.with(attempt), n_cases))
            .expect("the grammar yields a fit program within 10,000 drafts")
    }
}

/// One attempt at an exercise.
fn draft(key: Key, n_cases: usize) -> Option<Exercise> {
    let mut shape =
        Shape { grammar: Grammar { rng: key.stream(), letters: Vec::new() }, env: Vec::new() };
    let params = shape.parameters();
    let body = shape.body();
    let program = Program { params: params.iter().map(|(name, _)| name.clone()).collect(), body };
    let text = program.to_string();
    let used = params.iter().all(|(name, _)| is_used(&text, name));
    if !used && shape.grammar.chance(0.85) {
        return None;
    }
    let types: Vec<Type> = params.iter().map(|(_, ty)| *ty).collect();
    let mut cases: Vec<Case> = Vec::new();
    let n_probes = N_PROBES.max(n_cases + 4);
    let mut n_failed = 0;
    for _ in 0..n_probes {
        let inputs = shape.inputs(&types);
        match program.run(&inputs).filter(is_small) {
            Some(output) => {
                let case = Case { input: repr_inputs(&inputs), output: output.to_string() };
                if cases.iter().all(|old| old.input != case.input) {
                    cases.push(case);
                }
            }
            None => n_failed += 1,
        }
    }
    let varies = cases.iter().any(|case| case.output != cases[0].output);
    let changes = cases.iter().any(|case| case.output != case.input);
    if !varies || !changes || n_failed > n_probes / 4 {
        return None;
    }
    cases.truncate(n_cases);
    Some(Exercise { program: text, cases })
}

/// Whether the body of `program` (not its head) uses `name`.
fn is_used(program: &str, name: &str) -> bool {
    let body = program.split_once('\n').map_or("", |(_, body)| body);
    let word = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    // Letters inside quotes may coincide with a name; then an unused one slips through, harmlessly.
    body.split(word).any(|piece| piece == name)
}

fn is_small(value: &Value) -> bool {
    let fits = match value {
        Value::Int(n) => n.abs() <= OUTPUT_INT_MAX,
        Value::Bool(_) => true,
        Value::Str(text) => text.len() <= OUTPUT_ITEMS_MAX,
        Value::List(items) => items.len() <= OUTPUT_ITEMS_MAX && items.iter().all(is_small),
    };
    fits && value.to_string().len() <= OUTPUT_LEN_MAX
}

/// A program in the making.
struct Shape {
    grammar: Grammar,
    env: Vec<(String, Type)>,
}

impl Shape {
    fn parameters(&mut self) -> Vec<(String, Type)> {
        use Type::{Int, List, Str};
        let signatures: [&[Type]; 8] = [
            &[Int],
            &[Int, Int],
            &[List],
            &[List, Int],
            &[Str],
            &[Str, Str],
            &[Str, Int],
            &[List, List],
        ];
        let signature = signatures[self.grammar.weighted(&[18, 14, 24, 9, 20, 7, 6, 3])];
        for ty in signature {
            let names: &[&str] = match ty {
                Int => &["a", "b", "n", "k"],
                List => &["xs", "ys"],
                Str => &["s", "t", "w"],
            };
            let free: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| self.env.iter().all(|(own, _)| own != name))
                .collect();
            let name = (*self.grammar.rng.choose(&free)).to_owned();
            self.env.push((name, *ty));
        }
        self.env.clone()
    }

    /// A variable to start from.
    fn subject(&mut self) -> Typed {
        let (name, ty) = self.grammar.rng.choose(&self.env).clone();
        Typed(Expr::Name(name), ty)
    }

    /// A result type that suits the variables.
    fn target(&mut self, from: Type) -> Type {
        if self.grammar.chance(0.66) {
            return from;
        }
        match from {
            Type::Int if self.grammar.chance(0.6) => Type::List,
            Type::Int => Type::Str,
            Type::List if self.grammar.chance(0.06) => Type::Str,
            Type::List | Type::Str => Type::Int,
        }
    }

    /// One step from some variable.
    fn one(&mut self) -> Typed {
        let subject = self.subject();
        let target = self.target(subject.1);
        self.grammar.step(&subject, target, &self.env)
    }

    /// One step from some variable to a value of type `to`.
    fn one_to(&mut self, to: Type) -> Typed {
        let fits: Vec<(String, Type)> =
            self.env.iter().filter(|(_, ty)| *ty == to).cloned().collect();
        let subject = if fits.is_empty() || self.grammar.chance(0.1) {
            self.subject()
        } else {
            let (name, ty) = self.grammar.rng.choose(&fits).clone();
            Typed(Expr::Name(name), ty)
        };
        self.grammar.step(&subject, to, &self.env)
    }

    /// Two steps, the second around the first.
    fn nested(&mut self) -> Typed {
        let inner = self.one();
        let target = self.target(inner.1);
        self.grammar.step(&inner, target, &self.env)
    }

    /// A step from the variable that was assigned last.
    fn around_last(&mut self) -> Typed {
        let (name, ty) = self.env.last().cloned().expect("a program has parameters");
        let target = self.target(ty);
        self.grammar.step(&Typed(Expr::Name(name), ty), target, &self.env)
    }

    /// `name = one step`, into a variable of its type or a new one.
    fn assignment(&mut self) -> Stmt {
        let Typed(expr, ty) = self.one();
        let own: Vec<String> = self
            .env
            .iter()
            .filter(|(name, own_ty)| *own_ty == ty && super::grammar::mentions(&expr, name))
            .map(|(name, _)| name.clone())
            .collect();
        let name = if !own.is_empty() && self.grammar.chance(0.5) {
            self.grammar.rng.choose(&own).clone()
        } else {
            let names = match ty {
                Type::Int => ["m", "c"],
                Type::List => ["r", "ys"],
                Type::Str => ["u", "w"],
            };
            (*self.grammar.rng.choose(&names)).to_owned()
        };
        self.env.retain(|(own, _)| *own != name);
        self.env.push((name.clone(), ty));
        Stmt::Assign(name, expr)
    }

    fn body(&mut self) -> Vec<Stmt> {
        match self.grammar.weighted(&[46, 22, 14, 8, 5, 5]) {
            0 => vec![Stmt::Return(self.one().0)],
            1 => vec![Stmt::Return(self.nested().0)],
            2 => vec![self.assignment(), Stmt::Return(self.around_last().0)],
            3 => self.branch(),
            4 => self.accumulate(),
            _ => {
                let (first, second) = (self.assignment(), self.assignment());
                vec![first, second, Stmt::Return(self.around_last().0)]
            }
        }
    }

    fn branch(&mut self) -> Vec<Stmt> {
        let subject = self.subject();
        let cond = self.grammar.condition(&subject, &self.env);
        let to = self.target(subject.1);
        let then = self.one_to(to).0;
        let same = self.env.iter().find(|(_, ty)| *ty == to).map(|(own, _)| name(own));
        let other = match same {
            Some(same) if self.grammar.chance(0.3) => same,
            _ => self.one_to(to).0,
        };
        if self.grammar.chance(0.3) {
            vec![Stmt::Return(Expr::IfElse(Box::new([cond, then, other])))]
        } else {
            vec![Stmt::If(cond, vec![Stmt::Return(then)], Vec::new()), Stmt::Return(other)]
        }
    }

    /// A loop that gathers a number, a list or a string.
    fn accumulate(&mut self) -> Vec<Stmt> {
        let walkable: Vec<(String, Type)> =
            self.env.iter().filter(|(_, ty)| *ty != Type::Int).cloned().collect();
        let (iter, of) = if walkable.is_empty() {
            let n = name(&self.env[0].0);
            (Expr::Call(super::ast::Function::Range, vec![n]), Type::List)
        } else {
            let (own, ty) = self.grammar.rng.choose(&walkable).clone();
            (name(&own), ty)
        };
        if of == Type::Str {
            return self.gather_letters(iter);
        }
        let x = || name("x");
        if self.grammar.chance(0.35) {
            let item = match self.grammar.weighted(&[3, 3, 2]) {
                0 => x(),
                1 => binary(BinaryOp::Add, x(), self.grammar.literal()),
                _ => binary(BinaryOp::Mul, x(), int(2)),
            };
            let filtered = self.grammar.chance(0.5);
            return self.looped(
                "r",
                Expr::List(Vec::new()),
                "x",
                iter,
                Stmt::Append("r".into(), item),
                filtered,
            );
        }
        let add = |expr| Stmt::Update("t".into(), BinaryOp::Add, expr);
        let (update, filtered) = match self.grammar.weighted(&[4, 3, 2]) {
            0 => (add(x()), true),
            1 => (add(int(1)), true),
            _ => (add(binary(BinaryOp::Mul, x(), int(2))), self.grammar.chance(0.5)),
        };
        self.looped("t", int(0), "x", iter, update, filtered)
    }

    fn gather_letters(&mut self, iter: Expr) -> Vec<Stmt> {
        let c = || name("c");
        let update = match self.grammar.weighted(&[3, 3, 2]) {
            0 => Stmt::Assign("r".into(), binary(BinaryOp::Add, c(), name("r"))),
            1 => Stmt::Update("r".into(), BinaryOp::Add, binary(BinaryOp::Mul, c(), int(2))),
            _ => Stmt::Update("r".into(), BinaryOp::Add, c()),
        };
        let plain = matches!(&update, Stmt::Update(_, _, Expr::Name(_)));
        let filtered = plain || self.grammar.chance(0.3);
        self.looped("r", Expr::Str(String::new()), "c", iter, update, filtered)
    }

    fn looped(
        &mut self,
        into: &str,
        start: Expr,
        var: &str,
        iter: Expr,
        update: Stmt,
        filtered: bool,
    ) -> Vec<Stmt> {
        let update = if filtered {
            let cond = if var == "c" {
                let letter = char::from(b'a' + self.grammar.rng.below(26) as u8);
                self.grammar.letters.push(letter);
                let op = *self.grammar.rng.choose(&[CompareOp::Lt, CompareOp::Gt, CompareOp::Ne]);
                compare(op, name(var), Expr::Str(letter.to_string()))
            } else {
                self.grammar.int_condition(name(var))
            };
            Stmt::If(cond, vec![update], Vec::new())
        } else {
            update
        };
        vec![
            Stmt::Assign(into.to_owned(), start),
            Stmt::For(var.to_owned(), iter, vec![update]),
            Stmt::Return(name(into)),
        ]
    }

    /// One input for each parameter. List elements and letters are distinct, so that copying is
    /// unambiguous; letters that the program names occur often enough to matter.
    fn inputs(&mut self, types: &[Type]) -> Vec<Value> {
        let letters = self.grammar.letters.clone();
        types
            .iter()
            .map(|ty| {
                let rng = &mut self.grammar.rng;
                let n = *rng.choose(&[2, 3, 3, 4]);
                match ty {
                    Type::Int if rng.below(100) < 88 => Value::Int(rng.below(10) as i64),
                    Type::Int => Value::Int(10 + rng.below(11) as i64),
                    Type::List => {
                        let digits = rng.sample_indices(10, n);
                        Value::List(digits.into_iter().map(|d| Value::Int(d as i64)).collect())
                    }
                    Type::Str => {
                        let drawn = rng.sample_indices(26, n);
                        let mut text: Vec<char> =
                            drawn.into_iter().map(|c| char::from(b'a' + c as u8)).collect();
                        if !letters.is_empty() && rng.below(2) == 0 {
                            let letter = *rng.choose(&letters);
                            if !text.contains(&letter) {
                                let at = rng.below(n);
                                text[at] = letter;
                            }
                        }
                        Value::Str(text.into_iter().collect())
                    }
                }
            })
            .collect()
    }
}
