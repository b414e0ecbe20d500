//! The commands of the siunitx package: `\num{12}`, `\SI{9.8}{\metre\per\second\squared}`,
//! `\ang{30;15}`.

use super::Lexer;
use super::kind::{Tok, Unreadable};

/// The commands that take a number, a unit, or both.
pub(super) const COMMANDS: &[&str] = &["num", "SI", "qty", "si", "unit", "ang"];

const PREFIXES: &[(&str, &str)] = &[
    ("kilo", "k"),
    ("mega", "M"),
    ("centi", "c"),
    ("deci", "d"),
    ("milli", "m"),
    ("micro", "µ"),
    ("nano", "n"),
];

const UNITS: &[(&str, &str)] = &[
    ("meter", "m"),
    ("metre", "m"),
    ("second", "s"),
    ("gram", "g"),
    ("minute", "min"),
    ("hour", "h"),
    ("day", "day"),
    ("liter", "L"),
    ("litre", "L"),
    ("newton", "N"),
    ("joule", "J"),
    ("watt", "W"),
    ("volt", "V"),
    ("ampere", "A"),
    ("ohm", "ohm"),
    ("kelvin", "K"),
    ("hertz", "Hz"),
    ("pascal", "Pa"),
    ("mole", "mol"),
    ("radian", "rad"),
    ("kilogram", "kg"),
    ("cm", "cm"),
    ("mm", "mm"),
    ("km", "km"),
    ("kg", "kg"),
    ("mg", "mg"),
    ("ml", "ml"),
    ("m", "m"),
    ("s", "s"),
    ("g", "g"),
    ("h", "h"),
    ("N", "N"),
    ("J", "J"),
    ("W", "W"),
    ("V", "V"),
    ("A", "A"),
    ("K", "K"),
];

impl Lexer {
    /// After one of [`COMMANDS`].
    pub(super) fn siunitx(&mut self, name: &str) -> Result<(), Unreadable> {
        if self.peek() == Some('[') {
            while self.peek().is_some_and(|c| c != ']') {
                self.at += 1;
            }
            self.at += 1;
        }
        let first = self.group();
        match name {
            "ang" => {
                for (part, sign) in first.split(';').zip(["°", "'", "''"]) {
                    self.inner(part, false)?;
                    self.inner(sign, false)?;
                }
                Ok(())
            }
            "num" => self.inner(&first, false),
            "si" | "unit" => self.unit_group(&first),
            _ => {
                self.inner(&first, false)?;
                let unit = self.group();
                self.unit_group(&unit)
            }
        }
    }

    fn unit_group(&mut self, unit: &str) -> Result<(), Unreadable> {
        self.spaced = true;
        self.inner(&unit.replace('.', "*"), true)
    }

    /// A unit as a command: `\meter`, `\per`, `\squared`.
    pub(super) fn unit_command(&mut self, name: &str) -> Result<(), Unreadable> {
        let long = |table: &[(&str, &'static str)], name: &str| {
            table.iter().find(|(long, _)| *long == name).map(|(_, short)| *short)
        };
        let raised = |power: &str| [Tok::Sym('^'), Tok::Num(power.to_owned())];
        match name {
            "per" => self.push(Tok::Sym('/')),
            "squared" => raised("2").into_iter().for_each(|tok| self.push(tok)),
            "cubed" => raised("3").into_iter().for_each(|tok| self.push(tok)),
            "square" => self.push(Tok::Word("square".to_owned())),
            "cubic" => self.push(Tok::Word("cubic".to_owned())),
            "celsius" | "degreeCelsius" => {
                self.push(Tok::Sym('°'));
                self.push(Tok::Var("C".to_owned()));
            }
            _ => {
                if let Some(prefix) = long(PREFIXES, name) {
                    self.push(Tok::Word(prefix.to_owned()));
                    return Ok(());
                }
                let unit = long(UNITS, name).ok_or(Unreadable("an unknown command"))?;
                match self.out.last_mut().map(|token| &mut token.tok) {
                    Some(Tok::Word(prefix)) if PREFIXES.iter().any(|(_, p)| p == prefix) => {
                        prefix.push_str(unit);
                    }
                    _ => self.push(Tok::Word(unit.to_owned())),
                }
            }
        }
        Ok(())
    }
}
