//! Names and types: from a tree to an expression that cannot fail.

use crate::error::{Error, Fault};
use crate::lex::tokens;
use crate::names::{Names, Type};
use crate::parse::{Kind, Node, tree};

/// The functions: name, what it computes. `known` aside, all take and give numbers.
pub const FUNCTIONS: &[(&str, &str)] = &[
    ("abs", "|x|"),
    ("ceil", "the least whole number not below x"),
    ("clamp", "clamp(x, low, high): x, or the bound that it passes"),
    ("exp", "e to the x"),
    ("floor", "the greatest whole number not above x"),
    ("known", "whether a name has a value"),
    ("log", "natural logarithm"),
    ("max", "the greatest of one or more"),
    ("min", "the least of one or more"),
    ("pow", "pow(x, y): x to the y"),
    ("sqrt", "square root"),
];

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    source: String,
    of: Type,
    pub(crate) root: Checked,
    /// Indices of the names that it uses, ascending.
    uses: Vec<usize>,
}

/// A node whose operands have the right types. Truth values are 1 and 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Checked {
    Constant(f64),
    Value(usize),
    Known(usize),
    Not(Box<Checked>),
    Negate(Box<Checked>),
    Binary(&'static str, Box<[Checked; 2]>),
    Choice(Box<[Checked; 3]>),
    Call(&'static str, Vec<Checked>),
}

impl Expression {
    /// Reads `source`, which is to give a `wanted`, over `names`.
    ///
    /// # Errors
    /// What is wrong with it first, and where.
    pub fn new(source: &str, wanted: Type, names: &Names) -> Result<Self, Error> {
        let mut uses = Vec::new();
        let root = tokens(source)
            .and_then(|tokens| tree(&tokens))
            .and_then(|node| Checker { names, uses: &mut uses }.typed(&node, wanted))
            .map_err(|(column, fault)| Error { source_text: source.to_owned(), column, fault })?;
        uses.sort_unstable();
        uses.dedup();
        Ok(Self { source: source.to_owned(), of: wanted, root, uses })
    }

    /// The expression as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it gives.
    #[must_use]
    pub fn gives(&self) -> Type {
        self.of
    }

    /// Indices of the names that it uses, ascending.
    #[must_use]
    pub fn uses(&self) -> &[usize] {
        &self.uses
    }
}

struct Checker<'a> {
    names: &'a Names,
    uses: &'a mut Vec<usize>,
}

type Found<T> = Result<T, (usize, Fault)>;

impl Checker<'_> {
    /// The node, which has to be a `wanted`.
    fn typed(&mut self, node: &Node, wanted: Type) -> Found<Checked> {
        let (checked, got) = self.check(node)?;
        if got == wanted {
            return Ok(checked);
        }
        Err((node.column, Fault::Type { expected: wanted, got }))
    }

    fn pair(&mut self, nodes: &[Node; 2], wanted: Type) -> Found<Box<[Checked; 2]>> {
        let [left, right] = nodes;
        Ok(Box::new([self.typed(left, wanted)?, self.typed(right, wanted)?]))
    }

    fn check(&mut self, node: &Node) -> Found<(Checked, Type)> {
        use Type::{Number, Truth};
        Ok(match &node.kind {
            Kind::Number(number) => (Checked::Constant(*number), Number),
            Kind::Truth(truth) => (Checked::Constant(f64::from(u8::from(*truth))), Truth),
            Kind::Name(name) => {
                let (idx, of) = self.name(name, node.column)?;
                (Checked::Value(idx), of)
            }
            Kind::Unary("!", inner) => (Checked::Not(Box::new(self.typed(inner, Truth)?)), Truth),
            Kind::Unary(_, inner) => {
                (Checked::Negate(Box::new(self.typed(inner, Number)?)), Number)
            }
            Kind::Binary(mark @ ("&&" | "||"), pair) => {
                (Checked::Binary(mark, self.pair(pair, Truth)?), Truth)
            }
            Kind::Binary(mark @ ("==" | "!="), pair) => {
                let (left, of) = self.check(&pair[0])?;
                let pair = Box::new([left, self.typed(&pair[1], of)?]);
                (Checked::Binary(mark, pair), Truth)
            }
            Kind::Binary(mark @ ("<" | "<=" | ">" | ">="), pair) => {
                (Checked::Binary(mark, self.pair(pair, Number)?), Truth)
            }
            Kind::Binary(mark, pair) => (Checked::Binary(mark, self.pair(pair, Number)?), Number),
            Kind::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.typed(condition, Truth)?;
                let (yes, of) = self.check(yes)?;
                (Checked::Choice(Box::new([condition, yes, self.typed(no, of)?])), of)
            }
            Kind::Call(name, arguments) => self.call(name, arguments, node.column)?,
        })
    }

    fn name(&mut self, name: &str, column: usize) -> Found<(usize, Type)> {
        let Some(found) = self.names.find(name) else {
            let hint = hint(name, self.names.iter().map(|(name, ..)| name));
            return Err((column, Fault::UnknownName { name: name.to_owned(), hint }));
        };
        self.uses.push(found.0);
        Ok(found)
    }

    fn call(&mut self, name: &str, arguments: &[Node], column: usize) -> Found<(Checked, Type)> {
        let Some(&(function, _)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let hint = hint(name, FUNCTIONS.iter().map(|(name, _)| *name));
            return Err((column, Fault::UnknownFunction { name: name.to_owned(), hint }));
        };
        let (fits, expected) = match (function, arguments.len()) {
            ("known", n) => (n == 1, "one name"),
            ("pow", n) => (n == 2, "two numbers"),
            ("clamp", n) => (n == 3, "three numbers"),
            ("min" | "max", n) => (n > 0, "one number or more"),
            (_, n) => (n == 1, "one number"),
        };
        if !fits {
            let got = arguments.len();
            return Err((column, Fault::Arguments { function, expected, got }));
        }
        if function == "known" {
            let Kind::Name(name) = &arguments[0].kind else {
                let fault = Fault::Unexpected { expected: "a name", got: "a value".to_owned() };
                return Err((arguments[0].column, fault));
            };
            let (idx, _) = self.name(name, arguments[0].column)?;
            return Ok((Checked::Known(idx), Type::Truth));
        }
        let arguments = arguments.iter().map(|node| self.typed(node, Type::Number));
        Ok((Checked::Call(function, arguments.collect::<Result<_, _>>()?), Type::Number))
    }
}

/// The nearest of `known`, else all of them.
fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| {
            *distance <= 1 + known.len() / 3 && 2 * distance <= known.len().max(name.len())
        })
        .min();
    match near {
        Some((_, near)) => format!("do you mean `{near}`?"),
        None if known.is_empty() => "there are none here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}
