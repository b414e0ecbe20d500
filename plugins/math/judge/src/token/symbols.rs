//! Characters outside ASCII, and what they stand for.

use super::kind::Tok;
use crate::node::{Named, Rel};

/// Characters that stand for white space or nothing.
pub(crate) const IGNORED: &[char] =
    &['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{2061}', '\u{2062}', '`'];

/// What a character outside ASCII stands for.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn token(c: char) -> Option<Vec<Tok>> {
    Some(match c {
        '−' | '–' | '—' | '‐' | '‑' | '－' | '﹣' => vec![Tok::Sym('-')],
        '＋' => vec![Tok::Sym('+')],
        '×' | '·' | '⋅' | '∙' | '•' | '∗' => vec![Tok::Sym('*')],
        '÷' | '⁄' | '∕' => vec![Tok::Sym('/')],
        '±' => vec![Tok::Cmd("pm")],
        '∓' => vec![Tok::Cmd("mp")],
        '≤' | '⩽' | '≦' => vec![Tok::Rel(Rel::Le)],
        '≥' | '⩾' | '≧' => vec![Tok::Rel(Rel::Ge)],
        '≠' => vec![Tok::Rel(Rel::Ne)],
        '＝' => vec![Tok::Rel(Rel::Eq)],
        '≈' | '≃' => vec![Tok::Rel(Rel::About)],
        '≡' => vec![Tok::Rel(Rel::Congruent)],
        '∞' => vec![Tok::Cmd("infty")],
        'π' => vec![Tok::Cmd("pi")],
        '√' => vec![Tok::Cmd("sqrt")],
        '∛' => vec![Tok::Cmd("cbrt")],
        '∪' => vec![Tok::Cmd("cup")],
        '∩' => vec![Tok::Cmd("cap")],
        '∖' => vec![Tok::Cmd("setminus")],
        '∈' => vec![Tok::Cmd("in")],
        '∉' => vec![Tok::Cmd("notin")],
        '∅' | '⌀' | 'Ø' => vec![Tok::Named(Named::Empty)],
        'ℝ' => vec![Tok::Named(Named::Reals)],
        'ℤ' => vec![Tok::Named(Named::Integers)],
        'ℕ' => vec![Tok::Named(Named::Naturals)],
        'ℚ' => vec![Tok::Named(Named::Rationals)],
        'ℂ' => vec![Tok::Named(Named::Complexes)],
        '°' | 'º' | '˚' => vec![Tok::Sym('°')],
        '′' | '’' | '‘' => vec![Tok::Sym('\'')],
        '…' | '⋯' => vec![Tok::Cmd("dots")],
        '⌊' => vec![Tok::Cmd("floor(")],
        '⌋' => vec![Tok::Cmd("floor)")],
        '⌈' => vec![Tok::Cmd("ceil(")],
        '⌉' => vec![Tok::Cmd("ceil)")],
        '∑' | 'Σ' => vec![Tok::Cmd("sum")],
        '∏' => vec![Tok::Cmd("prod")],
        '→' | '⇒' => vec![Tok::Cmd("to")],
        '∧' => vec![Tok::Cmd("and")],
        '∨' => vec![Tok::Cmd("or")],
        '％' => vec![Tok::Sym('%')],
        '（' => vec![Tok::Sym('(')],
        '）' => vec![Tok::Sym(')')],
        '，' | '、' => vec![Tok::Sym(',')],
        '；' => vec![Tok::Sym(';')],
        '：' | '∶' => vec![Tok::Sym(':')],
        '⟨' | '〈' => vec![Tok::Sym('(')],
        '⟩' | '〉' => vec![Tok::Sym(')')],
        '∣' | '｜' => vec![Tok::Sym('|')],
        '€' => vec![Tok::Currency("euro")],
        '£' => vec![Tok::Currency("pound")],
        '¥' => vec![Tok::Currency("yen")],
        '¢' => vec![Tok::Word("cent".to_owned())],
        '₹' => vec![Tok::Currency("rupee")],
        _ => return greek_letter(c).map(|name| vec![Tok::Var(name.to_owned())]),
    })
}

fn greek_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'ζ' => "zeta",
        'η' => "eta",
        'θ' => "theta",
        'κ' => "kappa",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'ρ' => "rho",
        'σ' => "sigma",
        'τ' => "tau",
        'φ' | 'ϕ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        'Δ' => "Delta",
        'Ω' => "Omega",
        'Γ' => "Gamma",
        'Θ' => "Theta",
        'Φ' => "Phi",
        'Ψ' => "Psi",
        'Λ' => "Lambda",
        'ℓ' => "ell",
        _ => return None,
    })
}
