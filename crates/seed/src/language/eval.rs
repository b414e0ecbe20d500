//! What programs mean: CPython's semantics of the subset. An exception, a number past 64 bits, a
//! run past the fuel, or anything that we do not compute exactly evaluates to nothing.

use super::ast::{BinaryOp, CompareOp, Comprehension, Expr, Function, Method, Program, Stmt};
use super::value::Value;

/// Expressions evaluated before a run is given up.
const FUEL: usize = 20_000;
/// Longest string or list.
const LEN_MAX: usize = 1_000;

impl Program {
    /// `f(*inputs)`.
    #[must_use]
    pub fn run(&self, inputs: &[Value]) -> Option<Value> {
        if inputs.len() != self.params.len() {
            return None;
        }
        let names = self.params.iter().cloned().zip(inputs.iter().cloned()).collect();
        let mut frame = Frame { names, iterated: Vec::new(), fuel: FUEL };
        frame.block(&self.body)?
    }
}

/// The names of one call.
struct Frame {
    names: Vec<(String, Value)>,
    /// Names of lists that a `for` is walking; appending to one is outside the subset.
    iterated: Vec<String>,
    fuel: usize,
}

impl Frame {
    fn get(&self, name: &str) -> Option<&Value> {
        self.names.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn set(&mut self, name: &str, value: Value) {
        match self.names.iter_mut().rev().find(|(own, _)| own == name) {
            Some((_, slot)) => *slot = value,
            None => self.names.push((name.to_owned(), value)),
        }
    }

    /// Runs a block: what it returned, if it did.
    fn block(&mut self, body: &[Stmt]) -> Option<Option<Value>> {
        for stmt in body {
            if let Some(value) = self.statement(stmt)? {
                return Some(Some(value));
            }
        }
        Some(None)
    }

    fn statement(&mut self, stmt: &Stmt) -> Option<Option<Value>> {
        match stmt {
            Stmt::Return(expr) => return self.eval(expr).map(Some),
            Stmt::Assign(name, expr) => {
                let value = self.eval(expr)?;
                // Two names of one list would need references; we have values.
                let alias = matches!(value, Value::List(_)) && !makes_new(expr);
                (!alias).then_some(())?;
                self.set(name, value);
            }
            Stmt::Update(name, op, expr) => {
                let old = self.get(name)?.clone();
                let in_place = matches!(old, Value::List(_)) && self.iterated.contains(name);
                (!in_place).then_some(())?;
                let right = self.eval(expr)?;
                let value = match (&old, op, right) {
                    // `+=` on a list takes any iterable.
                    (Value::List(a), BinaryOp::Add, right) => {
                        bounded(Value::List([a.clone(), right.items()?].concat()))?
                    }
                    (_, _, right) => binary(*op, &old, &right)?,
                };
                self.set(name, value);
            }
            Stmt::Append(name, expr) => {
                (!self.iterated.contains(name)).then_some(())?;
                let value = self.eval(expr)?;
                (!matches!(value, Value::List(_)) || makes_new(expr)).then_some(())?;
                let Some(Value::List(items)) = self.get(name) else { return None };
                let mut items = items.clone();
                items.push(value);
                self.set(name, bounded(Value::List(items))?);
            }
            Stmt::If(cond, then, other) => {
                let block = if self.eval(cond)?.truth() { then } else { other };
                return self.block(block);
            }
            Stmt::For(var, iter, body) => return self.loop_over(var, iter, body),
        }
        Some(None)
    }

    fn loop_over(&mut self, var: &str, iter: &Expr, body: &[Stmt]) -> Option<Option<Value>> {
        let items = self.iterable(iter)?.items()?;
        if let Expr::Name(name) = iter {
            self.iterated.push(name.clone());
        }
        for item in items {
            self.set(var, item);
            if let Some(value) = self.block(body)? {
                return Some(Some(value));
            }
        }
        if matches!(iter, Expr::Name(_)) {
            self.iterated.pop();
        }
        Some(None)
    }

    fn eval(&mut self, expr: &Expr) -> Option<Value> {
        self.fuel = self.fuel.checked_sub(1)?;
        match expr {
            Expr::Int(n) => Some(Value::Int(*n)),
            Expr::Str(text) => Some(Value::Str(text.clone())),
            Expr::Bool(b) => Some(Value::Bool(*b)),
            Expr::Name(name) => self.get(name).cloned(),
            Expr::List(items) => {
                let items = items.iter().map(|item| self.eval(item)).collect::<Option<_>>()?;
                Some(Value::List(items))
            }
            Expr::Neg(inner) => self.eval(inner)?.as_int()?.checked_neg().map(Value::Int),
            Expr::Binary(op, a, b) => {
                let a = self.eval(a)?;
                let b = self.eval(b)?;
                binary(*op, &a, &b)
            }
            Expr::Compare(op, a, b) => {
                let a = self.eval(a)?;
                let b = self.eval(b)?;
                compare(*op, &a, &b).map(Value::Bool)
            }
            Expr::Index(of, at) => {
                let of = self.eval(of)?;
                let at = self.eval(at)?.as_int()?;
                let items = of.items()?;
                let at = if at < 0 { at.checked_add(items.len() as i64)? } else { at };
                items.get(usize::try_from(at).ok()?).cloned()
            }
            Expr::Slice(of, parts) => {
                let of = self.eval(of)?;
                let mut bounds = [None; 3];
                for (bound, part) in bounds.iter_mut().zip(parts) {
                    *bound = match part {
                        Some(part) => Some(self.eval(part)?.as_int()?),
                        None => None,
                    };
                }
                slice(&of, bounds)
            }
            // A bare range or generator is a value that we do not have: `iterable` reads those.
            Expr::Call(Function::Range, _) => None,
            Expr::Call(function, args) => {
                let lazy = !matches!(function, Function::Len | Function::Str | Function::Abs);
                let args = self.arguments(args, lazy && args.len() == 1)?;
                call(*function, &args)
            }
            Expr::Method(of, method, args) => {
                let of = self.eval(of)?;
                let args = self.arguments(args, *method == Method::Join)?;
                call_method(&of, *method, &args)
            }
            Expr::Comprehension(it) if !it.list => None,
            Expr::Comprehension(it) => self.comprehension(it),
            Expr::IfElse(parts) => {
                let [cond, then, other] = &**parts;
                let branch = if self.eval(cond)?.truth() { then } else { other };
                self.eval(branch)
            }
        }
    }

    fn arguments(&mut self, args: &[Expr], lazy: bool) -> Option<Vec<Value>> {
        args.iter().map(|arg| if lazy { self.iterable(arg) } else { self.eval(arg) }).collect()
    }

    /// What `expr` yields where it is iterated over at once: ranges and generators too, as lists.
    fn iterable(&mut self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::Call(Function::Range, args) => {
                let args = self.arguments(args, false)?;
                range(&args)
            }
            Expr::Comprehension(it) => self.comprehension(it),
            _ => self.eval(expr),
        }
    }

    fn comprehension(&mut self, it: &Comprehension) -> Option<Value> {
        let items = self.iterable(&it.iter)?.items()?;
        let outer = self.names.len();
        self.names.push((it.var.clone(), Value::Int(0)));
        let mut out = Vec::new();
        for item in items {
            self.names[outer].1 = item;
            let keep = match &it.cond {
                Some(cond) => self.eval(cond)?.truth(),
                None => true,
            };
            if keep {
                out.push(self.eval(&it.body)?);
            }
        }
        self.names.truncate(outer);
        Some(Value::List(out))
    }
}

/// Whether a list that `expr` evaluates to is no one else's.
fn makes_new(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) | Expr::Index(..) => false,
        Expr::Call(function, _) => !matches!(function, Function::Max | Function::Min),
        Expr::IfElse(parts) => makes_new(&parts[1]) && makes_new(&parts[2]),
        _ => true,
    }
}

fn bounded(value: Value) -> Option<Value> {
    let len = match &value {
        Value::Str(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Int(_) | Value::Bool(_) => 0,
    };
    (len <= LEN_MAX).then_some(value)
}

fn binary(op: BinaryOp, a: &Value, b: &Value) -> Option<Value> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int()) {
        return match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Sub => a.checked_sub(b),
            BinaryOp::Mul => a.checked_mul(b),
            BinaryOp::FloorDiv => floor_div(a, b),
            BinaryOp::Mod => a.checked_sub(floor_div(a, b)?.checked_mul(b)?),
        }
        .map(Value::Int);
    }
    match (op, a, b) {
        (BinaryOp::Add, Value::Str(a), Value::Str(b)) => bounded(Value::Str(format!("{a}{b}"))),
        (BinaryOp::Add, Value::List(a), Value::List(b)) => {
            bounded(Value::List([a.as_slice(), b].concat()))
        }
        (BinaryOp::Mul, Value::Str(_) | Value::List(_), n)
        | (BinaryOp::Mul, n, Value::Str(_) | Value::List(_)) => {
            let n = usize::try_from(n.as_int()?.max(0)).ok().filter(|n| *n <= LEN_MAX)?;
            let text_or_list = if a.as_int().is_none() { a } else { b };
            bounded(match text_or_list {
                Value::Str(text) => Value::Str(text.repeat(n)),
                Value::List(items) => Value::List(vec![items.as_slice(); n].concat()),
                Value::Int(_) | Value::Bool(_) => return None,
            })
        }
        _ => None,
    }
}

/// Python's `//`: rounds towards minus infinity.
fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let inexact = a.checked_rem(b)? != 0;
    Some(if inexact && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

fn compare(op: CompareOp, a: &Value, b: &Value) -> Option<bool> {
    Some(match op {
        CompareOp::Eq => a.equals(b),
        CompareOp::Ne => !a.equals(b),
        CompareOp::Lt => a.order(b)?.is_lt(),
        CompareOp::Le => a.order(b)?.is_le(),
        CompareOp::Gt => a.order(b)?.is_gt(),
        CompareOp::Ge => a.order(b)?.is_ge(),
        CompareOp::In | CompareOp::NotIn => {
            let inside = match (a, b) {
                (Value::Str(a), Value::Str(b)) => b.contains(a.as_str()),
                (a, Value::List(items)) => items.iter().any(|item| item.equals(a)),
                _ => return None,
            };
            inside == (op == CompareOp::In)
        }
    })
}

/// `of[start:stop:step]`, with Python's clamping.
fn slice(of: &Value, [start, stop, step]: [Option<i64>; 3]) -> Option<Value> {
    let items = of.items()?;
    let (n, step) = (items.len() as i64, step.unwrap_or(1));
    (step != 0).then_some(())?;
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let clamp = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(at) if at < 0 => at.saturating_add(n).max(low),
        Some(at) => at.min(high),
    };
    let (mut at, stop) = if step > 0 {
        (clamp(start, 0), clamp(stop, n))
    } else {
        (clamp(start, n - 1), clamp(stop, -1))
    };
    let mut out = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        out.push(items[usize::try_from(at).ok()?].clone());
        at = at.saturating_add(step);
    }
    match of {
        Value::Str(_) => join("", &out).map(Value::Str),
        _ => Some(Value::List(out)),
    }
}

fn join(between: &str, items: &[Value]) -> Option<String> {
    let texts: Vec<&str> = items
        .iter()
        .map(|item| match item {
            Value::Str(text) => Some(text.as_str()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    Some(texts.join(between))
}

fn call(function: Function, args: &[Value]) -> Option<Value> {
    match (function, args) {
        (Function::Len, [of]) => Some(Value::Int(of.items()?.len() as i64)),
        (Function::Sum, [Value::List(items)]) => items
            .iter()
            .try_fold(0_i64, |sum, item| sum.checked_add(item.as_int()?))
            .map(Value::Int),
        (Function::Max | Function::Min, [of]) => extreme(function, of.items()?),
        (Function::Max | Function::Min, [_, _, ..]) => extreme(function, args.to_vec()),
        (Function::Sorted, [of]) => {
            let mut items = of.items()?;
            let ordered = items
                .iter()
                .enumerate()
                .all(|(i, a)| items[..i].iter().all(|b| a.order(b).is_some()));
            ordered.then_some(())?;
            items.sort_by(|a, b| a.order(b).unwrap_or(std::cmp::Ordering::Equal));
            Some(Value::List(items))
        }
        (Function::Abs, [of]) => of.as_int()?.checked_abs().map(Value::Int),
        (Function::Str, [Value::Str(text)]) => Some(Value::Str(text.clone())),
        (Function::Str, [of]) => Some(Value::Str(of.to_string())),
        (Function::List, [of]) => of.items().map(Value::List),
        _ => None,
    }
}

/// `range(stop)` or `range(start, stop)`.
fn range(bounds: &[Value]) -> Option<Value> {
    let bounds: Vec<i64> = bounds.iter().map(Value::as_int).collect::<Option<_>>()?;
    let (start, stop) = match bounds[..] {
        [stop] => (0, stop),
        [start, stop] => (start, stop),
        _ => return None,
    };
    (stop.saturating_sub(start) <= LEN_MAX as i64).then_some(())?;
    Some(Value::List((start..stop).map(Value::Int).collect()))
}

fn extreme(function: Function, items: Vec<Value>) -> Option<Value> {
    let mut items = items.into_iter();
    let first = items.next()?;
    items.try_fold(first, |best, item| {
        let order = item.order(&best)?;
        let better = if function == Function::Max { order.is_gt() } else { order.is_lt() };
        Some(if better { item } else { best })
    })
}

fn call_method(of: &Value, method: Method, args: &[Value]) -> Option<Value> {
    match (of, method, args) {
        (Value::Str(text), Method::Upper, []) => Some(Value::Str(text.to_ascii_uppercase())),
        (Value::Str(text), Method::Lower, []) => Some(Value::Str(text.to_ascii_lowercase())),
        (Value::Str(text), Method::Replace, [Value::Str(from), Value::Str(to)]) => {
            bounded(Value::Str(text.replace(from.as_str(), to)))
        }
        (Value::Str(text), Method::Count, [Value::Str(part)]) => {
            let n =
                if part.is_empty() { text.len() + 1 } else { text.matches(part.as_str()).count() };
            Some(Value::Int(n as i64))
        }
        (Value::List(items), Method::Count, [item]) => {
            Some(Value::Int(items.iter().filter(|own| own.equals(item)).count() as i64))
        }
        (Value::Str(between), Method::Join, [of]) => {
            bounded(Value::Str(join(between, &of.items()?)?))
        }
        _ => None,
    }
}
