//! What a comparison says, and by which rules an equality was granted.
//!
//! Knows nothing of how anything is decided.

use crate::Stop;
use crate::exact::Fuel;
use crate::node::Node;

/// The rules that an equality rests on, beyond exact arithmetic. None is an exact equality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By(u16);

impl By {
    /// Nothing but exact arithmetic and notation.
    pub const EXACT: Self = Self(0);
    /// Values without an exact form agree to hundreds of bits.
    pub const NUMERIC: Self = Self(1);
    /// A decimal stands for what rounds to it (an option).
    pub const ROUNDED: Self = Self(2);
    /// Only one side names a unit, a base or a percent sign.
    pub const UNIT: Self = Self(4);
    /// Only one side states a condition.
    pub const CONDITION: Self = Self(8);
    /// A parameter has another letter.
    pub const RENAMED: Self = Self(16);
    /// An arbitrary constant has another letter or takes up a number.
    pub const CONSTANT: Self = Self(32);
    /// The same words.
    pub const WORDS: Self = Self(64);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::NUMERIC, "agrees to hundreds of bits"),
        (Self::ROUNDED, "rounded to the decimals shown"),
        (Self::UNIT, "a unit on one side only"),
        (Self::CONDITION, "a condition on one side only"),
        (Self::RENAMED, "a parameter renamed"),
        (Self::CONSTANT, "arbitrary constants matched"),
        (Self::WORDS, "the same words"),
    ];

    /// Whether all of `other` is in this.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rules in words, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let held = move |(rule, _): &(Self, &'static str)| self.contains(*rule);
        Self::NAMES.into_iter().filter(held).map(|(_, name)| name)
    }
}

/// Whether two answers are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Shown to be, by these rules.
    Equal(By),
    /// Shown not to be, or of kinds that never are.
    Different,
    /// Not known: the named limit was met. Never taken for equal.
    Undecided(&'static str),
}

impl Truth {
    /// Equal by exact arithmetic.
    pub(crate) const EXACT: Self = Self::Equal(By::EXACT);

    pub(crate) fn of(equal: bool) -> Self {
        if equal { Self::EXACT } else { Self::Different }
    }

    /// Whether this is an equality, by whatever rule.
    #[must_use]
    pub fn is_equal(self) -> bool {
        matches!(self, Self::Equal(_))
    }

    /// Both: the first that is not equal decides.
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        let Self::Equal(By(rules)) = self else { return self };
        match other() {
            Self::Equal(By(more)) => Self::Equal(By(rules | more)),
            open => open,
        }
    }

    /// Either: equal if one is, undecided if one may be.
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Equal(_) => self,
            Self::Different => other(),
            Self::Undecided(_) => match other() {
                equal @ Self::Equal(_) => equal,
                _ => self,
            },
        }
    }

    /// The same, with one more rule if it is an equality.
    pub(crate) fn by(self, rule: By) -> Self {
        match self {
            Self::Equal(By(rules)) => Self::Equal(By(rules | rule.0)),
            other => other,
        }
    }
}

impl From<Stop> for Truth {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Undefined | Stop::NotReal => Self::Different,
            Stop::Precision => Self::Undecided("a precision beyond the limit"),
            Stop::Limit(limit) => Self::Undecided(limit),
            Stop::NoNumber => Self::Undecided(NO_NUMBER),
        }
    }
}

/// The reason of expressions that cannot be computed; they are compared by their form.
pub(crate) const NO_NUMBER: &str = "an expression without a value";

/// What rules for relations, regions, units and collections ask about their parts.
pub(crate) trait Equality {
    /// Whether two trees are the same answer.
    fn same(&self, a: &Node, b: &Node) -> Truth;
    /// Whether two trees are the same number or function.
    fn scalars(&self, a: &Node, b: &Node) -> Truth;
    /// Whether two trees have the same form with the same parts.
    fn by_form(&self, a: &Node, b: &Node) -> Truth;
    /// What the comparison may still spend.
    fn fuel(&self) -> &Fuel;
}
