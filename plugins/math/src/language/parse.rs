//! Text to a program.

use num_bigint::BigInt;

use super::{Expr, Function, Op, Program, Rat, Test};

const DEPTH_MAX: usize = 40;
const TOKENS_MAX: usize = 1_000;
/// Most operators in a row.
const ROW_MAX: usize = 60;
const DIGITS_MAX: usize = 400;
/// Names that parameters have where a program does not say.
const DEFAULT_PARAMETERS: [&str; 3] = ["x", "y", "z"];
/// Most parameters.
const PARAMETERS_MAX: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tok {
    Number(BigInt),
    Name(String),
    Sym(&'static str),
}

const SYMBOLS: [&str; 21] = [
    "**", "//", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "^", "(", ")", ",", "<", ">", "=",
    "!", "·", "−",
];

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// Says what is wrong and near what.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let (declared, tokens) = header(&tokens)?;
        let names: Vec<String> = match &declared {
            Some(names) => names.clone(),
            None => DEFAULT_PARAMETERS.map(str::to_owned).to_vec(),
        };
        let mut parser = Parser { tokens, at: 0, depth: 0, parameters: &names, bound: Vec::new() };
        let body = parser.sum()?;
        if let Some(left) = parser.tokens.get(parser.at) {
            return Err(format!("{left:?} is left over"));
        }
        let parameters = match declared {
            Some(names) => names,
            None => {
                let n = (0..3).rev().find(|&idx| body.mentions(idx)).map_or(0, |idx| idx + 1);
                DEFAULT_PARAMETERS[..n].iter().map(|&name| name.to_owned()).collect()
            }
        };
        Ok(Self { parameters, body })
    }
}

fn tokens(text: &str) -> Result<Vec<Tok>, String> {
    let mut rest = text.trim();
    let mut out = Vec::new();
    while let Some(c) = rest.chars().next() {
        if out.len() == TOKENS_MAX {
            return Err(format!("more than {TOKENS_MAX} tokens"));
        }
        let run = |test: fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
        let end = if c.is_whitespace() {
            c.len_utf8()
        } else if c.is_ascii_digit() {
            let end = run(|c| c.is_ascii_digit());
            if end > DIGITS_MAX {
                return Err(format!("a number of more than {DIGITS_MAX} digits"));
            }
            out.push(Tok::Number(rest[..end].parse().unwrap_or_default()));
            end
        } else if c.is_ascii_alphabetic() || c == '_' {
            let end = run(|c| c.is_ascii_alphanumeric() || c == '_');
            out.push(Tok::Name(rest[..end].to_owned()));
            end
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
            let symbol = symbol.ok_or_else(|| format!("the character {c:?}"))?;
            out.push(Tok::Sym(match symbol {
                "**" => "^",
                "·" => "*",
                "−" => "-",
                other => other,
            }));
            symbol.len()
        };
        rest = &rest[end..];
    }
    Ok(out)
}

/// `f(x, y) =` and what follows it.
fn header(tokens: &[Tok]) -> Result<(Option<Vec<String>>, &[Tok]), String> {
    let Some(equals) = tokens.iter().position(|tok| *tok == Tok::Sym("=")) else {
        return Ok((None, tokens));
    };
    let [Tok::Name(_), Tok::Sym("("), inside @ .., Tok::Sym(")")] = &tokens[..equals] else {
        return Err("what stands before `=` is not like `f(x)`".to_owned());
    };
    let mut names = Vec::new();
    for (idx, tok) in inside.iter().enumerate() {
        match (idx % 2, tok) {
            (0, Tok::Name(name)) if name != "t" && !names.contains(name) => {
                names.push(name.clone());
            }
            (1, Tok::Sym(",")) => {}
            _ => return Err("the parameters are not distinct names with commas between".to_owned()),
        }
    }
    match names.len() > PARAMETERS_MAX {
        true => Err(format!("more than {PARAMETERS_MAX} parameters")),
        false => Ok((Some(names), &tokens[equals + 1..])),
    }
}

struct Parser<'a> {
    tokens: &'a [Tok],
    at: usize,
    depth: usize,
    parameters: &'a [String],
    bound: Vec<String>,
}

type Parsed = Result<Expr, String>;

impl Parser<'_> {
    fn eat(&mut self, symbol: &'static str) -> bool {
        let there = self.tokens.get(self.at) == Some(&Tok::Sym(symbol));
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), String> {
        match self.eat(symbol) {
            true => Ok(()),
            false => Err(format!("`{symbol}` was due")),
        }
    }

    fn sum(&mut self) -> Parsed {
        if self.depth == DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX}"));
        }
        self.depth += 1;
        let mut left = self.term()?;
        for _ in 0..ROW_MAX {
            let op = match self.tokens.get(self.at) {
                Some(Tok::Sym("+")) => Op::Add,
                Some(Tok::Sym("-")) => Op::Sub,
                _ => {
                    self.depth -= 1;
                    return Ok(left);
                }
            };
            self.at += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.term()?));
        }
        Err(format!("more than {ROW_MAX} operators in a row"))
    }

    fn term(&mut self) -> Parsed {
        let mut left = self.unary()?;
        for _ in 0..ROW_MAX {
            let op = match self.tokens.get(self.at) {
                Some(Tok::Sym("*")) => Op::Mul,
                Some(Tok::Sym("/")) => Op::Div,
                Some(Tok::Sym("//")) => Op::Floor,
                Some(Tok::Sym("%")) => Op::Mod,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.unary()?));
        }
        Err(format!("more than {ROW_MAX} operators in a row"))
    }

    fn unary(&mut self) -> Parsed {
        if !self.eat("-") {
            return self.power();
        }
        if self.depth == DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX}"));
        }
        self.depth += 1;
        let inside = self.unary()?;
        self.depth -= 1;
        Ok(Expr::Neg(Box::new(inside)))
    }

    fn power(&mut self) -> Parsed {
        let mut base = self.atom()?;
        for _ in 0..4 {
            if self.eat("!") {
                base = Expr::Call(Function::Factorial, vec![base]);
            }
        }
        match self.eat("^") {
            true => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(format!("nested deeper than {DEPTH_MAX}"));
                }
                let power = Expr::Binary(Op::Pow, Box::new(base), Box::new(self.unary()?));
                self.depth -= 1;
                Ok(power)
            }
            false => Ok(base),
        }
    }

    fn atom(&mut self) -> Parsed {
        let Some(tok) = self.tokens.get(self.at).cloned() else {
            return Err("it ends too soon".to_owned());
        };
        self.at += 1;
        match tok {
            Tok::Number(n) => Ok(Expr::Number(Rat::from_integer(n))),
            Tok::Sym("(") => {
                let inside = self.sum()?;
                self.expect(")")?;
                Ok(inside)
            }
            Tok::Name(name) => self.name(&name),
            Tok::Sym(symbol) => Err(format!("`{symbol}` where a value was due")),
        }
    }

    fn name(&mut self, name: &str) -> Parsed {
        if let Some(back) = self.bound.iter().rev().position(|known| known == name) {
            return Ok(Expr::Bound(back));
        }
        if let Some(idx) = self.parameters.iter().position(|known| known == name) {
            return Ok(Expr::Parameter(idx));
        }
        if name == "t" {
            return Ok(Expr::T);
        }
        self.expect("(").map_err(|_| format!("the name `{name}` is unknown"))?;
        match name {
            "sum" | "prod" => self.fold(name == "prod"),
            "if" => self.branch(),
            _ => {
                let found = Function::ALL.into_iter().find(|(_, known, _)| *known == name);
                let (function, _, wanted) =
                    found.ok_or_else(|| format!("the function `{name}` is unknown"))?;
                let mut arguments = vec![self.sum()?];
                while self.eat(",") {
                    arguments.push(self.sum()?);
                }
                self.expect(")")?;
                if arguments.len() != wanted {
                    let n = arguments.len();
                    return Err(format!("`{name}` takes {wanted} arguments, got {n}"));
                }
                Ok(Expr::Call(function, arguments))
            }
        }
    }

    fn fold(&mut self, product: bool) -> Parsed {
        let Some(Tok::Name(variable)) = self.tokens.get(self.at).cloned() else {
            return Err("a sum starts with the name of its variable".to_owned());
        };
        self.at += 1;
        self.expect(",")?;
        let from = Box::new(self.sum()?);
        self.expect(",")?;
        let to = Box::new(self.sum()?);
        self.expect(",")?;
        self.bound.push(variable);
        let body = self.sum();
        self.bound.pop();
        let body = Box::new(body?);
        self.expect(")")?;
        Ok(Expr::Fold { product, from, to, body })
    }

    fn branch(&mut self) -> Parsed {
        let left = self.sum()?;
        let (test, turned) = match self.tokens.get(self.at) {
            Some(Tok::Sym("<")) => (Test::Less, false),
            Some(Tok::Sym("<=")) => (Test::LessEqual, false),
            Some(Tok::Sym(">")) => (Test::Less, true),
            Some(Tok::Sym(">=")) => (Test::LessEqual, true),
            Some(Tok::Sym("==" | "=")) => (Test::Equal, false),
            Some(Tok::Sym("!=")) => (Test::NotEqual, false),
            _ => return Err("`if` starts with a comparison".to_owned()),
        };
        self.at += 1;
        let right = self.sum()?;
        self.expect(",")?;
        let then = Box::new(self.sum()?);
        self.expect(",")?;
        let otherwise = Box::new(self.sum()?);
        self.expect(")")?;
        let sides = Box::new(if turned { (right, left) } else { (left, right) });
        Ok(Expr::If { test, sides, then, otherwise })
    }
}
