//! From text to a program: enough of Python's grammar to read what a model writes in the subset.
//! Text outside of it is nothing, never an error.

use super::lex::{Word, words};
use crate::language::ast::{
    BinaryOp, CompareOp, Comprehension, Expr, Function, Method, Program, Stmt,
};
use crate::language::value::Value;

/// Deeper nesting than this is not read.
const DEPTH_MAX: usize = 24;

/// The program that `text` is, if it is one of the subset.
#[must_use]
pub(super) fn parse_program(text: &str) -> Option<Program> {
    let lines: Vec<(usize, Vec<Word>)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| Some((line.len() - line.trim_start_matches(' ').len(), words(line)?)))
        .collect::<Option<_>>()?;
    let (first, rest) = lines.split_first()?;
    let mut head = Cursor { words: &first.1, at: 0, depth: 0 };
    (first.0 == 0 && head.keyword("def") && head.keyword("f") && head.sign("(")).then_some(())?;
    let mut params = Vec::new();
    while !head.sign(")") {
        if !params.is_empty() {
            head.sign(",").then_some(())?;
        }
        let name = head.name()?;
        (!params.contains(&name)).then_some(())?;
        params.push(name);
    }
    (head.sign(":") && head.done()).then_some(())?;
    let mut reader = Blocks { lines: rest, at: 0 };
    let body = reader.block(0, 0)?;
    (reader.at == rest.len()).then_some(Program { params, body })
}

/// The values that comma-separated literals denote.
#[must_use]
pub(super) fn parse_inputs(text: &str) -> Option<Vec<Value>> {
    let words = words(text.trim())?;
    let mut cursor = Cursor { words: &words, at: 0, depth: 0 };
    let mut values = Vec::new();
    if words.is_empty() {
        return Some(values);
    }
    loop {
        values.push(literal(&cursor.expr()?)?);
        if cursor.done() {
            return Some(values);
        }
        cursor.sign(",").then_some(())?;
    }
}

fn literal(expr: &Expr) -> Option<Value> {
    Some(match expr {
        Expr::Int(n) => Value::Int(*n),
        Expr::Bool(b) => Value::Bool(*b),
        Expr::Str(text) => Value::Str(text.clone()),
        Expr::Neg(inner) => Value::Int(match **inner {
            Expr::Int(n) => -n,
            _ => return None,
        }),
        Expr::List(items) => Value::List(items.iter().map(literal).collect::<Option<_>>()?),
        _ => return None,
    })
}

/// Lines with their indentation.
struct Blocks<'a> {
    lines: &'a [(usize, Vec<Word>)],
    at: usize,
}

impl Blocks<'_> {
    /// The block indented more than `outer`.
    fn block(&mut self, outer: usize, depth: usize) -> Option<Vec<Stmt>> {
        let indent = self.lines.get(self.at).map(|line| line.0)?;
        (indent > outer && depth < DEPTH_MAX).then_some(())?;
        let mut body = Vec::new();
        while let Some((own, words)) = self.lines.get(self.at) {
            if *own < indent {
                break;
            }
            (*own == indent).then_some(())?;
            let is_else = words.first() == Some(&Word::Name("else".into()));
            if is_else {
                self.at += 1;
                let only_colon = words.len() == 2 && words[1] == Word::Sign(":");
                only_colon.then_some(())?;
                let block = self.block(indent, depth + 1)?;
                match body.last_mut() {
                    Some(Stmt::If(_, _, other)) if other.is_empty() => *other = block,
                    _ => return None,
                }
                continue;
            }
            self.at += 1;
            let stmt = self.statement(words, indent, depth)?;
            body.push(stmt);
        }
        Some(body)
    }

    fn statement(&mut self, words: &[Word], indent: usize, depth: usize) -> Option<Stmt> {
        let mut line = Cursor { words, at: 0, depth: 0 };
        if line.keyword("return") {
            let expr = line.expr()?;
            return line.done().then_some(Stmt::Return(expr));
        }
        if line.keyword("if") {
            let cond = line.expr()?;
            (line.sign(":") && line.done()).then_some(())?;
            return Some(Stmt::If(cond, self.block(indent, depth + 1)?, Vec::new()));
        }
        if line.keyword("for") {
            let var = line.name()?;
            line.keyword("in").then_some(())?;
            let iter = line.expr()?;
            (line.sign(":") && line.done()).then_some(())?;
            return Some(Stmt::For(var, iter, self.block(indent, depth + 1)?));
        }
        let name = line.name()?;
        let stmt = if line.sign("=") {
            Stmt::Assign(name, line.expr()?)
        } else if line.sign(".") {
            (line.keyword("append") && line.sign("(")).then_some(())?;
            let expr = line.expr()?;
            line.sign(")").then_some(())?;
            Stmt::Append(name, expr)
        } else {
            let updates = ["+=", "-=", "*=", "//=", "%="];
            let signs = updates.into_iter().zip([0, 1, 2, 3, 4]);
            let op = signs.into_iter().find(|(sign, _)| line.sign(sign))?.1;
            Stmt::Update(name, BinaryOp::ALL[op], line.expr()?)
        };
        line.done().then_some(stmt)
    }
}

/// The words of a line, read from the left.
struct Cursor<'a> {
    words: &'a [Word],
    at: usize,
    depth: usize,
}

const KEYWORDS: [&str; 21] = [
    "def", "return", "if", "else", "for", "in", "not", "and", "or", "is", "None", "while",
    "import", "lambda", "class", "with", "try", "True", "False", "elif", "pass",
];

impl Cursor<'_> {
    fn done(&self) -> bool {
        self.at == self.words.len()
    }

    fn sign(&mut self, sign: &str) -> bool {
        let hit = matches!(self.words.get(self.at), Some(Word::Sign(s)) if *s == sign);
        self.at += usize::from(hit);
        hit
    }

    fn keyword(&mut self, word: &str) -> bool {
        let hit = matches!(self.words.get(self.at), Some(Word::Name(s)) if s == word);
        self.at += usize::from(hit);
        hit
    }

    fn name(&mut self) -> Option<String> {
        match self.words.get(self.at) {
            Some(Word::Name(name)) if !KEYWORDS.contains(&name.as_str()) => {
                self.at += 1;
                Some(name.clone())
            }
            _ => None,
        }
    }

    fn expr(&mut self) -> Option<Expr> {
        self.depth += 1;
        (self.depth < DEPTH_MAX).then_some(())?;
        let then = self.comparison()?;
        let expr = if self.keyword("if") {
            let cond = self.comparison()?;
            self.keyword("else").then_some(())?;
            Expr::IfElse(Box::new([cond, then, self.expr()?]))
        } else {
            then
        };
        self.depth -= 1;
        Some(expr)
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.sum()?;
        let Some(op) = self.compare_op() else { return Some(left) };
        let right = self.sum()?;
        // Chains (a < b < c) are outside the subset.
        self.compare_op().is_none().then_some(())?;
        Some(Expr::Compare(op, Box::new(left), Box::new(right)))
    }

    fn compare_op(&mut self) -> Option<CompareOp> {
        let signs = [
            ("==", CompareOp::Eq),
            ("!=", CompareOp::Ne),
            ("<=", CompareOp::Le),
            (">=", CompareOp::Ge),
            ("<", CompareOp::Lt),
            (">", CompareOp::Gt),
        ];
        if let Some((_, op)) = signs.into_iter().find(|(sign, _)| self.sign(sign)) {
            return Some(op);
        }
        let at = self.at;
        match (self.keyword("not"), self.keyword("in")) {
            (true, true) => Some(CompareOp::NotIn),
            (false, true) => Some(CompareOp::In),
            _ => {
                self.at = at;
                None
            }
        }
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.product()?;
        loop {
            let op = match (self.sign("+"), self.sign("-")) {
                (true, false) => BinaryOp::Add,
                (false, true) => BinaryOp::Sub,
                (false, false) => return Some(left),
                // "+ -x": the minus belongs to the operand.
                (true, true) => {
                    self.at -= 1;
                    BinaryOp::Add
                }
            };
            left = Expr::Binary(op, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            let op = if self.sign("*") {
                BinaryOp::Mul
            } else if self.sign("//") {
                BinaryOp::FloorDiv
            } else if self.sign("%") {
                BinaryOp::Mod
            } else {
                return Some(left);
            };
            left = Expr::Binary(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.sign("-") {
            self.depth += 1;
            (self.depth < DEPTH_MAX).then_some(())?;
            let inner = self.unary()?;
            self.depth -= 1;
            return Some(Expr::Neg(Box::new(inner)));
        }
        let mut expr = self.atom()?;
        loop {
            if self.sign("[") {
                expr = self.subscript(expr)?;
            } else if self.sign(".") {
                let name = self.name()?;
                let method = Method::ALL.into_iter().find(|method| method.text() == name)?;
                self.sign("(").then_some(())?;
                expr = Expr::Method(Box::new(expr), method, self.arguments(")")?);
            } else {
                return Some(expr);
            }
        }
    }

    /// What follows the opening bracket of `expr[…]`.
    fn subscript(&mut self, expr: Expr) -> Option<Expr> {
        let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut part = 0;
        loop {
            if self.sign("]") {
                break;
            } else if self.sign(":") {
                part += 1;
                (part < 3).then_some(())?;
            } else {
                parts[part].is_none().then_some(())?;
                parts[part] = Some(Box::new(self.expr()?));
            }
        }
        match (part, parts) {
            (0, [Some(index), None, None]) => Some(Expr::Index(Box::new(expr), index)),
            (0, _) => None,
            (_, parts) => Some(Expr::Slice(Box::new(expr), parts)),
        }
    }

    /// Arguments or list items up to `close`.
    fn arguments(&mut self, close: &str) -> Option<Vec<Expr>> {
        let mut args = Vec::new();
        while !self.sign(close) {
            if !args.is_empty() {
                self.sign(",").then_some(())?;
            }
            let body = self.expr()?;
            if self.keyword("for") {
                args.is_empty().then_some(())?;
                let generator = self.comprehension(body, false)?;
                return self.sign(close).then(|| vec![generator]);
            }
            args.push(body);
        }
        Some(args)
    }

    /// What follows `body for`.
    fn comprehension(&mut self, body: Expr, list: bool) -> Option<Expr> {
        let var = self.name()?;
        self.keyword("in").then_some(())?;
        let iter = self.comparison()?;
        let cond = if self.keyword("if") { Some(self.comparison()?) } else { None };
        Some(Expr::Comprehension(Box::new(Comprehension { body, var, iter, cond, list })))
    }

    fn atom(&mut self) -> Option<Expr> {
        match self.words.get(self.at)?.clone() {
            Word::Int(n) => {
                self.at += 1;
                Some(Expr::Int(n))
            }
            Word::Str(text) => {
                self.at += 1;
                Some(Expr::Str(text))
            }
            Word::Sign("(") => {
                self.at += 1;
                let inner = self.expr()?;
                self.sign(")").then_some(inner)
            }
            Word::Sign("[") => {
                self.at += 1;
                let mut items = self.arguments("]")?;
                match items.as_mut_slice() {
                    [Expr::Comprehension(it)] if !it.list => {
                        it.list = true;
                        items.pop()
                    }
                    _ => Some(Expr::List(items)),
                }
            }
            Word::Name(word) if word == "True" || word == "False" => {
                self.at += 1;
                Some(Expr::Bool(word == "True"))
            }
            Word::Name(_) => {
                let name = self.name()?;
                if !self.sign("(") {
                    return Some(Expr::Name(name));
                }
                let function = Function::ALL.into_iter().find(|f| f.text() == name)?;
                Some(Expr::Call(function, self.arguments(")")?))
            }
            Word::Sign(_) => None,
        }
    }
}
