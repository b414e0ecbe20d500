//! The value of an expression.

use crate::check::{Checked, Expression};
use crate::names::Type;

impl Expression {
    /// Its number, where `values` lie at the indices of their names. `None` if a value that it
    /// needs is missing, or the result is not finite.
    ///
    /// # Panics
    /// If it gives a truth value, or `values` are fewer than the names that it was read over.
    #[must_use]
    pub fn number(&self, values: &[Option<f64>]) -> Option<f64> {
        assert_eq!(self.gives(), Type::Number, "`{}` gives a truth value", self.source());
        self.root.value(values).filter(|value| value.is_finite())
    }

    /// Its truth value; `None` if a value that it needs is missing.
    ///
    /// # Panics
    /// If it gives a number, or `values` are fewer than the names that it was read over.
    #[must_use]
    pub fn truth(&self, values: &[Option<f64>]) -> Option<bool> {
        assert_eq!(self.gives(), Type::Truth, "`{}` gives a number", self.source());
        self.root.value(values).map(|value| value != 0.0)
    }
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

impl Checked {
    fn value(&self, values: &[Option<f64>]) -> Option<f64> {
        match self {
            Self::Constant(number) => Some(*number),
            Self::Value(idx) => values[*idx],
            Self::Known(idx) => Some(truth(values[*idx].is_some())),
            Self::Not(inner) => inner.value(values).map(|value| truth(value == 0.0)),
            Self::Negate(inner) => inner.value(values).map(|value| -value),
            Self::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let taken = if condition.value(values)? == 0.0 { no } else { yes };
                taken.value(values)
            }
            Self::Binary(mark, pair) => {
                let [left, right] = [pair[0].value(values), pair[1].value(values)];
                match *mark {
                    // One side may decide alone, whichever it is.
                    "&&" if left == Some(0.0) || right == Some(0.0) => Some(0.0),
                    "||" if left == Some(1.0) || right == Some(1.0) => Some(1.0),
                    "&&" | "||" => left.and(right),
                    mark => Some(binary(mark, left?, right?)),
                }
            }
            Self::Call(function, arguments) => {
                let arguments: Option<Vec<f64>> =
                    arguments.iter().map(|argument| argument.value(values)).collect();
                Some(call(function, &arguments?))
            }
        }
    }
}

fn binary(mark: &str, left: f64, right: f64) -> f64 {
    match mark {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "%" => left % right,
        #[expect(clippy::float_cmp, reason = "the user asked whether they are equal")]
        "==" => truth(left == right),
        #[expect(clippy::float_cmp, reason = "the user asked whether they differ")]
        "!=" => truth(left != right),
        "<" => truth(left < right),
        "<=" => truth(left <= right),
        ">" => truth(left > right),
        ">=" => truth(left >= right),
        other => unreachable!("the parser knows no operator `{other}`"),
    }
}

fn call(function: &str, arguments: &[f64]) -> f64 {
    match (function, arguments) {
        ("abs", [x]) => x.abs(),
        ("ceil", [x]) => x.ceil(),
        // Not `f64::clamp`, which panics where the bounds are the wrong way round.
        ("clamp", [x, low, high]) => x.max(*low).min(*high),
        ("exp", [x]) => x.exp(),
        ("floor", [x]) => x.floor(),
        ("log", [x]) => x.ln(),
        ("max", all) => all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ("min", all) => all.iter().copied().fold(f64::INFINITY, f64::min),
        ("pow", [x, y]) => x.powf(*y),
        ("sqrt", [x]) => x.sqrt(),
        (other, _) => unreachable!("the checker knows no function `{other}`"),
    }
}
