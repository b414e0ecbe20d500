//! Forms that spread over rows or carry bounds: matrices, cases, sums and products.

use super::cursor::{Parsed, Parser};
use crate::node::{Node, Rel};
use crate::token::{Tok, Unreadable};

/// Most cells of a matrix.
const CELLS_MAX: usize = 400;

impl Parser {
    /// After `\begin{…}`.
    pub(super) fn environment(&mut self, name: &str) -> Parsed {
        let cases = matches!(name, "cases" | "dcases" | "rcases");
        if !cases
            && !matches!(
                name,
                "matrix" | "pmatrix" | "bmatrix" | "vmatrix" | "array" | "smallmatrix"
            )
        {
            return Err(Unreadable("an unknown environment"));
        }
        let mut rows = vec![Vec::new()];
        let mut n_cells = 0;
        loop {
            match self.peek() {
                None => break,
                Some(Tok::End(_)) => {
                    self.at += 1;
                    break;
                }
                Some(Tok::Cmd("row")) => {
                    self.at += 1;
                    rows.push(Vec::new());
                }
                Some(Tok::Sym('&')) => self.at += 1,
                Some(_) => {
                    n_cells += 1;
                    if n_cells > CELLS_MAX {
                        return Err(Unreadable("more cells than the limit"));
                    }
                    let cell = self.cell(cases)?;
                    if let Some(row) = rows.last_mut() {
                        row.push(cell);
                    }
                }
            }
        }
        rows.retain(|row| !row.is_empty());
        if rows.len() == 1 && rows[0].len() == 1 {
            return Ok(rows.remove(0).remove(0));
        }
        if cases {
            let single = rows.iter().all(|row| row.len() == 1);
            let system: Vec<Node> = rows.iter().flatten().cloned().collect();
            return Ok(match single && system.iter().all(|part| matches!(part, Node::Chain(..))) {
                true => Node::And(system),
                false => Node::Cases(rows),
            });
        }
        if rows.is_empty() || rows.iter().any(|row| row.len() != rows[0].len()) {
            return Err(Unreadable("rows of unequal length"));
        }
        if name == "vmatrix" {
            return Ok(Node::Apply("det".to_owned(), vec![Node::Matrix(rows)]));
        }
        Ok(Node::Matrix(rows))
    }

    fn cell(&mut self, cases: bool) -> Parsed {
        if cases {
            while let Some(Tok::Word(word)) = self.peek() {
                match word.to_ascii_lowercase().as_str() {
                    "if" | "for" | "when" | "where" => self.at += 1,
                    "otherwise" | "else" => {
                        self.at += 1;
                        return Ok(Node::Text("otherwise".to_owned()));
                    }
                    _ => return Err(Unreadable("words in a case")),
                }
            }
        }
        self.within(|parser| {
            parser.in_rows = 1;
            parser.statement()
        })
    }

    /// After `\sum` or `\prod`.
    pub(super) fn series(&mut self, product: bool) -> Parsed {
        if !self.eat_sym('_') {
            return Err(Unreadable("a sum without bounds"));
        }
        let bound = self.argument()?;
        let (variable, from) = match bound {
            Node::Chain(mut parts, relations) if relations == [Rel::Eq] => {
                let from = parts.remove(1);
                match parts.remove(0) {
                    Node::Var(name) => (name, from),
                    Node::I => ("i".to_owned(), from),
                    _ => return Err(Unreadable("a sum without a variable")),
                }
            }
            _ => return Err(Unreadable("a sum without a lower bound")),
        };
        if !self.eat_sym('^') {
            return Err(Unreadable("a sum without an upper bound"));
        }
        let to = self.exponent()?;
        let mut body = self.term()?;
        if variable == "i" {
            body = with_index(&body);
        }
        Ok(Node::Series {
            product,
            variable,
            from: Box::new(from),
            to: Box::new(to),
            body: Box::new(body),
        })
    }
}

/// The body of a sum over `i`, where that is no imaginary unit.
fn with_index(node: &Node) -> Node {
    match node {
        Node::I => Node::Var("i".to_owned()),
        other => other.map(&mut with_index),
    }
}
