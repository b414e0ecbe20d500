//! What programs are: the tree of a function `f`.

/// A function `def f(params): body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Names of the parameters.
    pub params: Vec<String>,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stmt {
    /// `name = expr`
    Assign(String, Expr),
    /// `name op= expr`
    Update(String, BinaryOp, Expr),
    /// `name.append(expr)`
    Append(String, Expr),
    /// `if cond: … else: …`; the second block may be empty.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `for name in iter: …`
    For(String, Expr, Vec<Stmt>),
    /// `return expr`
    Return(Expr),
}

/// One expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// `3`
    Int(i64),
    /// `'ab'`
    Str(String),
    /// `True`
    Bool(bool),
    /// `xs`
    Name(String),
    /// `[a, 1]`
    List(Vec<Expr>),
    /// `-a`
    Neg(Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a < b`
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `xs[0]`
    Index(Box<Expr>, Box<Expr>),
    /// `xs[start:stop:step]`
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    /// `len(xs)`
    Call(Function, Vec<Expr>),
    /// `s.upper()`
    Method(Box<Expr>, Method, Vec<Expr>),
    /// `[body for var in iter if cond]`, or the same without brackets as a call's only argument.
    Comprehension(Box<Comprehension>),
    /// `then if cond else other`: cond, then, other.
    IfElse(Box<[Expr; 3]>),
}

/// A comprehension with one loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comprehension {
    /// What is collected.
    pub body: Expr,
    /// The loop variable.
    pub var: String,
    /// What is iterated over.
    pub iter: Expr,
    /// The filter.
    pub cond: Option<Expr>,
    /// Whether it stands in brackets.
    pub list: bool,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
}

impl BinaryOp {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Add, Self::Sub, Self::Mul, Self::FloorDiv, Self::Mod];

    /// As written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::FloorDiv => "//",
            Self::Mod => "%",
        }
    }
}

/// Comparison and membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl CompareOp {
    /// As written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

/// Built-in functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `len`
    Len,
    /// `sum`
    Sum,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `sorted`
    Sorted,
    /// `abs`
    Abs,
    /// `str`
    Str,
    /// `list`
    List,
    /// `range`
    Range,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Len,
        Self::Sum,
        Self::Max,
        Self::Min,
        Self::Sorted,
        Self::Abs,
        Self::Str,
        Self::List,
        Self::Range,
    ];

    /// As written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Len => "len",
            Self::Sum => "sum",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sorted => "sorted",
            Self::Abs => "abs",
            Self::Str => "str",
            Self::List => "list",
            Self::Range => "range",
        }
    }
}

/// Methods of strings and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `upper`
    Upper,
    /// `lower`
    Lower,
    /// `replace`
    Replace,
    /// `count`
    Count,
    /// `join`
    Join,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Upper, Self::Lower, Self::Replace, Self::Count, Self::Join];

    /// As written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
            Self::Replace => "replace",
            Self::Count => "count",
            Self::Join => "join",
        }
    }
}
