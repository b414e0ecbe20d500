//! Words around a value: what it is called before it, conditions and remarks after it.
//!
//! `Maximum = 2`, `the answer is 5`, `2n+1 for n ≥ 1`, `180 (km)`, `5 only`. Words that could
//! change what is said (`at least`, `not`) make the text unreadable.

use super::class::{conditions_of, is_class};
use super::cursor::{Parsed, Parser};
use crate::node::{Fun, Node, Rel};
use crate::token::{Tok, Unreadable};

/// Words that lead to a condition.
const INTRODUCERS: &[&str] = &[
    "for", "where", "when", "if", "with", "whenever", "provided", "given", "such", "forall",
    "while", "assuming", "其中", "для", "где", "pour", "où", "für", "wobei", "para", "donde",
];

/// Words between an introducer and its condition.
const FILLERS: &[&str] = &["that", "and", "both"];

/// Words that name nothing of their own.
const GENERIC: &[&str] = &[
    "the",
    "a",
    "an",
    "value",
    "values",
    "is",
    "are",
    "of",
    "answer",
    "answers",
    "ans",
    "final",
    "result",
    "solution",
    "solutions",
    "set",
    "so",
    "thus",
    "therefore",
    "hence",
    "then",
    "only",
    "exactly",
    "total",
    "number",
    "we",
    "have",
    "get",
    "equals",
    "correct",
    "choice",
    "option",
    "approximately",
    "about",
    "roughly",
    "namely",
    "simply",
    "just",
    "must",
    "be",
    "would",
    "our",
    "required",
    "desired",
    "because",
    "答案",
    "最终答案",
    "答",
    "解",
    "结果",
    "所以",
    "因此",
    "故",
    "ответ",
    "antwort",
    "réponse",
    "respuesta",
    "risposta",
    "resposta",
    "答え",
    "정답",
    "답",
];

/// Words that turn what is said around.
const CONTRARY: &[&str] = &[
    "not",
    "least",
    "most",
    "less",
    "more",
    "than",
    "no",
    "except",
    "never",
    "unless",
    "without",
    "false",
    "incorrect",
    "wrong",
    "cannot",
    "isn",
    "neither",
    "nor",
    "either",
    "every",
    "each",
    "any",
    "all",
];

/// Beginnings of remarks that add nothing.
const REMARKS: &[&str] = &[
    "only",
    "exactly",
    "respectively",
    "approximately",
    "altogether",
    "is the only",
    "are the only",
    "is the unique",
    "is the answer",
    "is the final answer",
    "as required",
    "as desired",
    "as claimed",
    "as needed",
    "as shown",
    "as before",
    "as above",
    "in total",
    "in all",
    "see",
    "by",
    "rounded",
    "approx",
    "correct",
    "works",
    "satisfies",
    "is the solution",
    "are the solutions",
    "is a solution",
    "total",
    "checked",
    "verified",
    "exact",
    "exactly",
];

impl Parser {
    /// A clause with its label and its remarks.
    pub(super) fn clause(&mut self) -> Parsed {
        let label = self.label();
        let node = self.relations()?;
        let node = match label {
            Some(name) => match node {
                Node::Chain(mut parts, mut relations) => {
                    parts.insert(0, name);
                    relations.insert(0, Rel::Eq);
                    Node::Chain(parts, relations)
                }
                value => Node::Chain(vec![name, value], vec![Rel::Eq]),
            },
            None => node,
        };
        self.remarks(node)
    }

    /// What the words before a value call it; `None` where they name nothing or are no label.
    fn label(&mut self) -> Option<Node> {
        let saved = self.at;
        let mut words: Vec<String> = Vec::new();
        loop {
            match self.peek() {
                Some(Tok::Word(word)) => words.push(word.to_lowercase()),
                Some(Tok::Fun(Fun::Max)) => words.push("maximum".to_owned()),
                Some(Tok::Fun(Fun::Min)) => words.push("minimum".to_owned()),
                Some(Tok::Var(name)) if words.last().is_some_and(|word| word == "of") => {
                    words.push(name.clone());
                }
                _ => break,
            }
            self.at += 1;
        }
        let figure = |word: &str| word == "angle" || word == "triangle";
        let contrary = words.iter().any(|word| CONTRARY.contains(&word.as_str()));
        let introduces = words.first().is_some_and(|word| INTRODUCERS.contains(&word.as_str()));
        let lone_figure = words.len() == 1 && self.is_figure(saved);
        if words.is_empty()
            || words.len() > 9
            || contrary
            || introduces
            || lone_figure
            || figure(&words[0])
        {
            self.at = saved;
            return None;
        }
        let told = matches!(words.last().map(String::as_str), Some("is" | "are" | "equals" | "be"));
        let generic = |word: &String| GENERIC.contains(&word.as_str());
        if matches!(self.peek(), Some(Tok::Rel(Rel::Eq) | Tok::Sym(':'))) {
            self.at += 1;
        } else if !(self.starts_value() && (told || words.iter().all(generic))) {
            self.at = saved;
            return None;
        }
        words.retain(|word| !generic(word));
        let name = words.join(" ").replace("max ", "maximum ").replace("min ", "minimum ");
        (!name.is_empty()).then(|| Node::Var(format!("word {name}")))
    }

    /// `AB`, a figure of its own.
    fn is_figure(&self, at: usize) -> bool {
        let letters = |word: &str| word.bytes().all(|b| b.is_ascii_uppercase());
        match &self.tokens[at].tok {
            Tok::Word(word) => (2..=4).contains(&word.len()) && letters(word),
            _ => false,
        }
    }

    fn starts_value(&self) -> bool {
        self.starts_atom()
            || matches!(
                self.peek(),
                Some(
                    Tok::Num(_)
                        | Tok::Named(_)
                        | Tok::Currency(_)
                        | Tok::Sym('-' | '[' | ']' | '|')
                ) | Some(Tok::Cmd("{" | "pm" | "norm"))
            )
    }

    /// What is said after a value.
    fn remarks(&mut self, mut node: Node) -> Parsed {
        let mut conditions = Vec::new();
        loop {
            match self.peek() {
                Some(Tok::Sym('(')) if self.is_remark() => {
                    node = self.bracketed(node, &mut conditions)?;
                }
                Some(Tok::Word(word)) => {
                    let word = word.to_lowercase();
                    if INTRODUCERS.contains(&word.as_str()) {
                        self.conditions(&mut conditions)?;
                    } else if !self.remark() {
                        break;
                    }
                }
                _ => break,
            }
        }
        Ok(match conditions.is_empty() {
            true => node,
            false => Node::Given(Box::new(node), conditions),
        })
    }

    /// Passes over words that add nothing.
    pub(super) fn remark(&mut self) -> bool {
        let mut words = Vec::new();
        while let Some(Tok::Word(word)) = self.peek_at(words.len()) {
            words.push(word.to_lowercase());
        }
        let said = words.join(" ");
        let adds_nothing = REMARKS.iter().any(|remark| {
            said.strip_prefix(remark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        let contrary = words.iter().any(|word| CONTRARY.contains(&word.as_str()));
        if !adds_nothing || contrary {
            return false;
        }
        self.at += words.len();
        true
    }

    /// Whether the bracket here holds words or a condition rather than a factor.
    pub(super) fn is_remark(&self) -> bool {
        const TOKENS_MAX: usize = 60;
        let spaced = self.tokens[self.at].spaced;
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at].tok);
        if !spaced && matches!(before, None | Some(Tok::Var(_) | Tok::Word(_) | Tok::Fun(_))) {
            return false;
        }
        let mut depth = 0;
        for token in self.tokens.iter().skip(self.at).take(TOKENS_MAX) {
            match &token.tok {
                Tok::Sym('(' | '[' | '{') | Tok::Cmd("{" | "abs(") => depth += 1,
                Tok::Sym(')' | ']' | '}') | Tok::Cmd("}" | "abs)") => {
                    depth -= 1;
                    if depth == 0 {
                        return false;
                    }
                }
                Tok::Rel(_) | Tok::Cmd("in" | "mod") | Tok::Word(_) if depth == 1 => return true,
                _ => {}
            }
        }
        false
    }

    /// A bracket after a value: a unit, a modulus, a rounded value, conditions or a remark.
    fn bracketed(&mut self, node: Node, conditions: &mut Vec<Node>) -> Parsed {
        self.at += 1;
        let node = if self.eat_cmd("mod") {
            let modulus = self.argument()?;
            Node::Apply("pmod".to_owned(), vec![node, modulus])
        } else if self.eat(&Tok::Rel(Rel::About)) || self.eat_approximately() {
            self.sum()?;
            node
        } else {
            let word = match self.peek() {
                Some(Tok::Word(word)) => Some(word.to_lowercase()),
                _ => None,
            };
            match word {
                Some(word) if !INTRODUCERS.contains(&word.as_str()) && !is_class(&word) => {
                    if self.remark() { node } else { self.unit(node)? }
                }
                _ => {
                    self.conditions(conditions)?;
                    node
                }
            }
        };
        self.close(&Tok::Sym(')'))?;
        Ok(node)
    }

    fn eat_approximately(&mut self) -> bool {
        let word = match self.peek() {
            Some(Tok::Word(word)) => word.to_lowercase(),
            _ => return false,
        };
        let there =
            matches!(word.as_str(), "approximately" | "approx" | "about" | "roughly" | "or")
                && matches!(self.peek_at(1), Some(Tok::Num(_) | Tok::Sym('-')));
        self.at += usize::from(there);
        there
    }

    /// Conditions with commas or `and` between them, after their introducer.
    fn conditions(&mut self, into: &mut Vec<Node>) -> Result<(), Unreadable> {
        loop {
            while let Some(Tok::Word(word)) = self.peek() {
                let word = word.to_lowercase();
                if !INTRODUCERS.contains(&word.as_str()) && !FILLERS.contains(&word.as_str()) {
                    break;
                }
                self.at += 1;
            }
            self.condition(into)?;
            let comma = matches!(self.peek(), Some(Tok::Sym(',')) | Some(Tok::Cmd("and")));
            let skip = 1 + usize::from(matches!(self.peek_at(1), Some(Tok::Cmd("and"))));
            let goes_on = matches!(self.peek_at(skip), Some(Tok::Var(_)))
                && matches!(self.peek_at(skip + 1), Some(Tok::Rel(r)) if *r != Rel::Eq)
                || matches!(self.peek_at(skip + 1), Some(Tok::Cmd("in" | "notin")));
            if !(comma && goes_on) {
                return Ok(());
            }
            self.at += skip;
        }
    }

    /// `n ≥ 1`, `k ∈ ℤ`, `all positive integers n`, `n is odd`, `c is a constant`.
    fn condition(&mut self, into: &mut Vec<Node>) -> Result<(), Unreadable> {
        let mut classes = self.words();
        let from = self.at;
        let names = self.listed_names();
        if names.is_empty() {
            // `for 0 < x < 1`: no class, a statement.
            if !classes.is_empty() {
                return Err(Unreadable("words that are no condition"));
            }
            return self.statement_of(into, Vec::new());
        }
        let relates = matches!(
            self.peek(),
            Some(Tok::Rel(_) | Tok::Cmd("in" | "notin") | Tok::Sym('+' | '-' | '*' | '/' | '^'))
        ) || self.starts_atom();
        if relates {
            // The last name is the first of a statement; those before it share a set.
            self.at = from;
            let mut shared = Vec::new();
            while matches!(self.peek(), Some(Tok::Var(_)))
                && matches!(self.peek_at(1), Some(Tok::Sym(',') | Tok::Cmd("and")))
            {
                if let Some(Tok::Var(name)) = self.peek() {
                    shared.push(name.clone());
                }
                self.at += 2;
            }
            self.statement_of(into, shared)?;
        } else {
            classes.extend(self.words());
        }
        for name in &names {
            if !relates || !classes.is_empty() {
                let said = conditions_of(&classes, name);
                into.extend(said.ok_or(Unreadable("words that are no condition"))?);
            }
        }
        Ok(())
    }

    /// A statement as a condition; the letters of `shared` are in its set too.
    fn statement_of(
        &mut self,
        into: &mut Vec<Node>,
        shared: Vec<String>,
    ) -> Result<(), Unreadable> {
        let statement = self.relations()?;
        if !matches!(statement, Node::Chain(..) | Node::Member(..) | Node::Apply(..)) {
            return Err(Unreadable("words that are no condition"));
        }
        if let Some(counted) = self.counted(&statement)? {
            into.extend(counted);
            return Ok(());
        }
        if let Node::Member(_, set) = &statement {
            let member = |name| Node::Member(Box::new(Node::Var(name)), set.clone());
            into.extend(shared.into_iter().map(member));
        }
        into.push(statement);
        Ok(())
    }

    /// `n = 1, 2, 3, …` after its first number.
    fn counted(&mut self, statement: &Node) -> Result<Option<Vec<Node>>, Unreadable> {
        let name = match statement {
            Node::Chain(parts, relations) if *relations == [Rel::Eq] => match parts.as_slice() {
                [name @ Node::Var(_), Node::Num(_)] => name.clone(),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let mut items = vec![name, statement.clone()];
        while self.peek() == Some(&Tok::Sym(','))
            && matches!(self.peek_at(1), Some(Tok::Num(_) | Tok::Cmd("dots")))
        {
            self.at += 1;
            items.push(self.sum()?);
        }
        Ok(super::settle::counted(&items).and_then(|given| match given {
            Node::Given(_, conditions) => Some(conditions),
            _ => None,
        }))
    }

    /// The class words that come next.
    fn words(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(Tok::Word(word)) = self.peek() {
            if !is_class(word) {
                break;
            }
            words.push(word.to_lowercase());
            self.at += 1;
        }
        words
    }

    /// `m, n and k`, as far as it goes.
    fn listed_names(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(Tok::Var(name)) = self.peek() {
            names.push(name.clone());
            self.at += 1;
            let more = matches!(self.peek(), Some(Tok::Sym(',') | Tok::Cmd("and")))
                && matches!(self.peek_at(1), Some(Tok::Var(_)));
            if !more {
                break;
            }
            self.at += 1;
        }
        names
    }
}
