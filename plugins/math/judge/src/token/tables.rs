//! Words, commands and characters, and what they stand for.

use super::kind::Tok;
use crate::node::{Fun, Named, Rel};

/// Commands that only set type.
pub(crate) const DROPPED: &[&str] = &[
    "quad",
    "qquad",
    "displaystyle",
    "textstyle",
    "scriptstyle",
    "limits",
    "nolimits",
    "hfill",
    "thinspace",
    "enspace",
    "space",
    "boxed",
    "mathstrut",
    "noindent",
    "newline",
    "unicode",
    "normalsize",
    "tiny",
    "scriptsize",
    "footnotesize",
    "small",
    "large",
    "Large",
    "LARGE",
    "huge",
    "Huge",
    "scriptscriptstyle",
    "bf",
    "bfseries",
    "mdseries",
    "rm",
    "rmfamily",
    "sf",
    "sffamily",
    "tt",
    "ttfamily",
    "it",
    "itshape",
    "slshape",
    "upshape",
    "scshape",
    "sl",
    "sc",
    "em",
    "cal",
    "mathord",
    "mathop",
    "mathbin",
    "mathrel",
    "mathpunct",
    "mathinner",
    "displaylimits",
    "nonumber",
    "notag",
    "centering",
    "par",
    "protect",
    "medspace",
    "thickspace",
    "negthinspace",
    "Box",
    "blacksquare",
    "qed",
    "QED",
    "hline",
    "break",
    "nobreakspace",
    "allowbreak",
    "strut",
    "mathopen",
    "mathclose",
    "relax",
    "fbox",
    "ensuremath",
];

/// Commands before a bracket that say how tall it is.
pub(crate) const SIZED: &[&str] = &[
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl",
    "biggr", "Biggl", "Biggr", "middle", "bigm",
];

/// Environments that are only layout.
pub(crate) const ALIGNED: &[&str] = &[
    "align",
    "aligned",
    "alignat",
    "alignedat",
    "flalign",
    "equation",
    "gather",
    "gathered",
    "split",
    "multline",
    "eqnarray",
    "center",
    "displaymath",
    "math",
];

/// Commands that choose a font for a group.
pub(crate) const FONTS: &[&str] = &[
    "text",
    "textrm",
    "textbf",
    "textit",
    "texttt",
    "textsf",
    "textnormal",
    "mbox",
    "hbox",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "mathbb",
    "Bbb",
    "mathcal",
    "mathfrak",
    "boldsymbol",
    "bm",
    "operatorname",
    "emph",
    "underline",
    "mathnormal",
    "mathscr",
    "mathbfit",
    "symbf",
    "symbfit",
    "symrm",
    "pmb",
    "bold",
    "textsc",
    "textup",
    "textsl",
    "textmd",
    "textlf",
    "mathup",
    "uline",
    "framebox",
    "mathbox",
    "hl",
];

/// Commands that vanish with their group.
pub(crate) const DROPPED_WITH_GROUP: &[&str] = &[
    "hspace",
    "vspace",
    "phantom",
    "hphantom",
    "vphantom",
    "label",
    "tag",
    "color",
    "textcolor",
    "colorbox",
    "fcolorbox",
    "fontsize",
    "rule",
    "href",
];

/// Letters by name.
pub(crate) const GREEK: &[&str] = &[
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "varepsilon",
    "zeta",
    "eta",
    "theta",
    "vartheta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "varphi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
    "ell",
    "hbar",
    "partial",
    "nabla",
    "aleph",
];

/// Letters that name a unit right after a number.
pub(crate) const UNIT_LETTERS: &[&str] =
    &["m", "s", "g", "h", "L", "l", "A", "V", "W", "N", "J", "C", "F", "K", "t"];

/// Units that are short enough to be taken for products.
pub(crate) const UNITS: &[&str] = &[
    "cm", "mm", "km", "kg", "mg", "ml", "ft", "in", "yd", "mi", "hr", "hrs", "min", "sec", "ms",
    "lb", "lbs", "oz", "gal", "mph", "kph", "kmh", "hz", "khz", "pa", "kj", "kw", "mol", "rad",
    "deg", "usd", "eur", "gbp", "cc", "kb", "mb", "gb", "nm", "kpa", "rpm", "pts", "pt", "day",
    "cents", "cent", "feet", "foot", "inch", "days", "men", "ha", "dm", "cl", "dl", "bps", "am",
    "pm", "ohm", "cal", "sq", "cu", "per", "au", "ly", "psi", "qt", "amu", "ev",
];

/// Short words that are no products of letters.
pub(crate) const SHORT_WORDS: &[&str] = &[
    "the", "yes", "no", "not", "is", "are", "all", "any", "for", "if", "of", "to", "at", "by",
    "on", "an", "as", "be", "but", "can", "do", "has", "he", "her", "his", "it", "its", "may",
    "our", "she", "so", "us", "was", "we", "you", "odd", "dne", "nan", "red", "one", "two", "six",
    "ten", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "jun",
    "jul", "aug", "sep", "oct", "nov", "dec", "tom", "bob", "ann", "amy", "sam", "joe", "tim",
    "too", "via", "let", "get", "how", "why", "who", "set", "few", "new", "old", "out", "up",
    "off", "low", "box", "boy", "cat", "dog", "cow", "pig", "hen", "car", "bus", "pen", "cup",
    "bag", "win", "see", "iff", "st", "nd", "rd", "th", "am", "pm",
];

/// Sequences of characters that are one token.
pub(crate) const DIGRAPHS: &[(&str, Tok)] = &[
    ("**", Tok::Sym('^')),
    ("<=", Tok::Rel(Rel::Le)),
    (">=", Tok::Rel(Rel::Ge)),
    ("=<", Tok::Rel(Rel::Le)),
    ("!=", Tok::Rel(Rel::Ne)),
    ("<>", Tok::Rel(Rel::Ne)),
    ("==", Tok::Rel(Rel::Eq)),
    ("~=", Tok::Rel(Rel::About)),
    ("...", Tok::Cmd("dots")),
    ("..", Tok::Cmd("dots")),
    ("+-", Tok::Cmd("pm")),
    ("+/-", Tok::Cmd("pm")),
    ("->", Tok::Cmd("to")),
];

/// A run of letters with a meaning of its own.
pub(crate) fn word(run: &str) -> Option<Tok> {
    let lower = run.to_ascii_lowercase();
    let key = if run.len() == 1 { run } else { lower.as_str() };
    if let Some(fun) = function(key) {
        return Some(Tok::Fun(fun));
    }
    Some(match key {
        "e" => Tok::Cmd("e"),
        "i" => Tok::Cmd("i"),
        "pi" => Tok::Cmd("pi"),
        "inf" | "infty" | "infinity" | "oo" => Tok::Cmd("infty"),
        "cis" => Tok::Cmd("cis"),
        "sqrt" => Tok::Cmd("sqrt"),
        "cbrt" => Tok::Cmd("cbrt"),
        "log" => Tok::Cmd("log"),
        "lg" => Tok::Cmd("lg"),
        "binom" | "choose" => Tok::Cmd(if key == "binom" { "binom" } else { "choose" }),
        "frac" => Tok::Cmd("frac"),
        "or" => Tok::Cmd("or"),
        "and" => Tok::Cmd("and"),
        "union" => Tok::Cmd("cup"),
        "cap" | "intersect" => Tok::Cmd("cap"),
        "mod" => Tok::Cmd("mod"),
        "emptyset" => Tok::Named(Named::Empty),
        "percent" => Tok::Sym('%'),
        "degree" | "degrees" => Tok::Sym('°'),
        "dollars" | "dollar" => Tok::Word("dollar".to_owned()),
        "hundred" => Tok::Cmd("hundred"),
        "thousand" => Tok::Cmd("thousand"),
        "million" => Tok::Cmd("million"),
        "billion" => Tok::Cmd("billion"),
        "zero" => Tok::Num("0".to_owned()),
        "one" => Tok::Num("1".to_owned()),
        "two" => Tok::Num("2".to_owned()),
        "three" => Tok::Num("3".to_owned()),
        "four" => Tok::Num("4".to_owned()),
        "five" => Tok::Num("5".to_owned()),
        "six" => Tok::Num("6".to_owned()),
        "seven" => Tok::Num("7".to_owned()),
        "eight" => Tok::Num("8".to_owned()),
        "nine" => Tok::Num("9".to_owned()),
        "ten" => Tok::Num("10".to_owned()),
        "eleven" => Tok::Num("11".to_owned()),
        "twelve" => Tok::Num("12".to_owned()),
        "alpha" | "beta" | "gamma" | "delta" | "theta" | "lambda" | "sigma" | "omega" | "phi"
        | "psi" | "rho" | "tau" | "mu" | "nu" | "xi" | "eta" => Tok::Var(lower),
        _ => return None,
    })
}

fn function(name: &str) -> Option<Fun> {
    Some(match name {
        "sin" => Fun::Sin,
        "cos" => Fun::Cos,
        "tan" | "tg" => Fun::Tan,
        "cot" | "ctg" => Fun::Cot,
        "sec" => Fun::Sec,
        "csc" | "cosec" => Fun::Csc,
        "arcsin" | "asin" => Fun::Asin,
        "arccos" | "acos" => Fun::Acos,
        "arctan" | "atan" | "arctg" => Fun::Atan,
        "sinh" => Fun::Sinh,
        "cosh" => Fun::Cosh,
        "tanh" => Fun::Tanh,
        "ln" => Fun::Ln,
        "exp" => Fun::Exp,
        "abs" => Fun::Abs,
        "floor" => Fun::Floor,
        "ceil" | "ceiling" => Fun::Ceil,
        "factorial" => Fun::Factorial,
        "gcd" => Fun::Gcd,
        "lcm" => Fun::Lcm,
        "min" => Fun::Min,
        "max" => Fun::Max,
        "arg" => Fun::Arg,
        "conj" => Fun::Conjugate,
        _ => return None,
    })
}

/// A LaTeX command, without its backslash.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn command(name: &str) -> Option<Tok> {
    if let Some(fun) = function(name) {
        return Some(Tok::Fun(fun));
    }
    Some(match name {
        "frac" | "dfrac" | "tfrac" | "cfrac" | "sfrac" | "nicefrac" | "flatfrac" => {
            Tok::Cmd("frac")
        }
        "over" => Tok::Cmd("over"),
        "sqrt" => Tok::Cmd("sqrt"),
        "binom" | "dbinom" | "tbinom" => Tok::Cmd("binom"),
        "choose" => Tok::Cmd("choose"),
        "log" => Tok::Cmd("log"),
        "lg" => Tok::Cmd("lg"),
        "pi" | "Pi" => Tok::Cmd("pi"),
        "infty" | "infin" => Tok::Cmd("infty"),
        "imath" => Tok::Cmd("i"),
        "jmath" => Tok::Var("j".to_owned()),
        "cis" => Tok::Cmd("cis"),
        // Of a matrix that is transposed.
        "top" | "intercal" => Tok::Var("T".to_owned()),
        "cdot" | "times" | "ast" | "bullet" => Tok::Sym('*'),
        "div" | "slash" => Tok::Sym('/'),
        "pm" => Tok::Cmd("pm"),
        "mp" => Tok::Cmd("mp"),
        "le" | "leq" | "leqslant" | "leqq" => Tok::Rel(Rel::Le),
        "ge" | "geq" | "geqslant" | "geqq" => Tok::Rel(Rel::Ge),
        "lt" => Tok::Rel(Rel::Lt),
        "gt" => Tok::Rel(Rel::Gt),
        "ne" | "neq" => Tok::Rel(Rel::Ne),
        "approx" | "simeq" | "thickapprox" | "doteq" => Tok::Rel(Rel::About),
        "equiv" => Tok::Rel(Rel::Congruent),
        "cup" | "bigcup" => Tok::Cmd("cup"),
        "cap" | "bigcap" => Tok::Cmd("cap"),
        "setminus" | "backslash" | "smallsetminus" => Tok::Cmd("setminus"),
        "in" => Tok::Cmd("in"),
        "notin" => Tok::Cmd("notin"),
        "emptyset" | "varnothing" => Tok::Named(Named::Empty),
        "R" | "reals" => Tok::Named(Named::Reals),
        "Z" => Tok::Named(Named::Integers),
        "N" => Tok::Named(Named::Naturals),
        "Q" => Tok::Named(Named::Rationals),
        "lbrace" => Tok::Cmd("{"),
        "rbrace" => Tok::Cmd("}"),
        "lbrack" => Tok::Sym('['),
        "rbrack" => Tok::Sym(']'),
        "langle" => Tok::Sym('('),
        "rangle" => Tok::Sym(')'),
        "lvert" => Tok::Cmd("abs("),
        "rvert" => Tok::Cmd("abs)"),
        "vert" | "mid" => Tok::Sym('|'),
        "lVert" | "rVert" | "Vert" => Tok::Cmd("norm"),
        "lfloor" => Tok::Cmd("floor("),
        "rfloor" => Tok::Cmd("floor)"),
        "lceil" => Tok::Cmd("ceil("),
        "rceil" => Tok::Cmd("ceil)"),
        "ldots" | "dots" | "cdots" | "dotsc" | "dotsb" | "vdots" | "ddots" => Tok::Cmd("dots"),
        "circ" | "degree" | "deg" => Tok::Sym('°'),
        "prime" => Tok::Sym('\''),
        "sum" => Tok::Cmd("sum"),
        "prod" => Tok::Cmd("prod"),
        "bmod" | "mod" => Tok::Cmd("mod"),
        "pmod" => Tok::Cmd("pmod"),
        "overline" | "bar" | "vec" | "hat" | "tilde" | "dot" | "overrightarrow" | "widehat" => {
            Tok::Cmd("mark")
        }
        "to" | "rightarrow" | "mapsto" | "longrightarrow" | "Rightarrow" | "implies"
        | "Longrightarrow" | "iff" | "Leftrightarrow" | "leadsto" | "longmapsto" => Tok::Cmd("to"),
        "land" | "wedge" => Tok::Cmd("and"),
        "lor" | "vee" => Tok::Cmd("or"),
        "colon" => Tok::Sym(':'),
        "percent" => Tok::Sym('%'),
        "pounds" => Tok::Currency("pound"),
        "euro" => Tok::Currency("euro"),
        "Re" => Tok::Fun(Fun::Re),
        "Im" => Tok::Fun(Fun::Im),
        "angle" | "triangle" | "parallel" | "perp" | "cong" | "sim" | "int" | "lim"
        | "therefore" | "because" | "checkmark" | "propto" | "subset" | "subseteq" | "forall"
        | "exists" | "neg" | "iint" | "oint" => Tok::Word(name.to_owned()),
        _ => return None,
    })
}

/// The set that a blackboard letter names.
pub(crate) fn blackboard(letter: &str) -> Option<Named> {
    Some(match letter {
        "N" => Named::Naturals,
        "Z" => Named::Integers,
        "Q" => Named::Rationals,
        "R" => Named::Reals,
        "C" => Named::Complexes,
        _ => return None,
    })
}

/// A connective of another language. Single letters count as such only in text.
pub(crate) fn foreign(run: &str, in_text: bool) -> Option<Tok> {
    Some(match run {
        "或" | "或者" | "или" | "або" | "oder" | "또는" | "または" | "hoặc" => {
            Tok::Cmd("or")
        }
        "和" | "与" | "及" | "且" | "以及" | "と" | "и" | "та" | "und" | "그리고" | "và" => {
            Tok::Cmd("and")
        }
        "ou" | "o" if in_text => Tok::Cmd("or"),
        "et" | "y" | "e" if in_text => Tok::Cmd("and"),
        _ => return None,
    })
}
