//! Polynomials and rational functions in several variables over the rationals, in the one form
//! that makes equality plain: a sorted map from exponents to coefficients.

use std::collections::BTreeMap;

use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::exact::{Env, Fuel, plus, rational, times};
use crate::node::Node;
use crate::{Rat, Stop};

const TERMS_MAX: usize = 500;
const DEGREE_MAX: u32 = 500;

/// A polynomial: exponents (one a variable, in a fixed order) to coefficients, none of them zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Poly(BTreeMap<Vec<u16>, Rat>);

/// A fraction of polynomials; the lower one is not zero.
#[derive(Clone, Debug)]
pub(crate) struct Fraction {
    pub(crate) numer: Poly,
    pub(crate) denom: Poly,
}

impl Poly {
    fn constant(x: Rat, n_variables: usize) -> Self {
        let mut terms = BTreeMap::new();
        if !x.is_zero() {
            terms.insert(vec![0; n_variables], x);
        }
        Self(terms)
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn degree(&self) -> u32 {
        let total = |exps: &Vec<u16>| exps.iter().map(|&e| u32::from(e)).sum();
        self.0.keys().map(total).max().unwrap_or(0)
    }

    /// The coefficient of the greatest term; zero for zero.
    pub(crate) fn leading(&self) -> Rat {
        self.0.last_key_value().map_or_else(Rat::zero, |(_, c)| c.clone())
    }

    /// The polynomial divided by its leading coefficient.
    pub(crate) fn monic(mut self) -> Self {
        let leading = self.leading();
        if !leading.is_zero() {
            self.0.values_mut().for_each(|c| *c /= &leading);
        }
        self
    }

    fn add(mut self, other: &Self, fuel: &Fuel) -> Result<Self, Stop> {
        for (exps, c) in &other.0 {
            fuel.spend_on(c)?;
            let sum = self.0.remove(exps).map_or_else(|| c.clone(), |old| plus(&old, c));
            if !sum.is_zero() {
                self.0.insert(exps.clone(), sum);
            }
        }
        match self.0.len() > TERMS_MAX {
            true => Err(Stop::Limit("a polynomial of too many terms")),
            false => Ok(self),
        }
    }

    pub(crate) fn mul(&self, other: &Self, fuel: &Fuel) -> Result<Self, Stop> {
        if self.degree() + other.degree() > DEGREE_MAX {
            return Err(Stop::Limit("a polynomial of too high a degree"));
        }
        let mut product: BTreeMap<Vec<u16>, Rat> = BTreeMap::new();
        for (exps_a, a) in &self.0 {
            for (exps_b, b) in &other.0 {
                fuel.spend(8)?;
                fuel.spend_on(a)?;
                let exps: Vec<u16> = exps_a.iter().zip(exps_b).map(|(x, y)| x + y).collect();
                let c = times(a, b);
                fuel.spend_on(&c)?;
                let sum = product.entry(exps).or_insert_with(Rat::zero);
                *sum = plus(sum, &c);
            }
            if product.len() > 2 * TERMS_MAX {
                return Err(Stop::Limit("a polynomial of too many terms"));
            }
        }
        product.retain(|_, c| !c.is_zero());
        match product.len() > TERMS_MAX {
            true => Err(Stop::Limit("a polynomial of too many terms")),
            false => Ok(Self(product)),
        }
    }

    fn pow(&self, n: u32, fuel: &Fuel) -> Result<Self, Stop> {
        if self.degree().saturating_mul(n) > DEGREE_MAX {
            return Err(Stop::Limit("a polynomial of too high a degree"));
        }
        let n_variables = self.0.keys().next().map_or(0, Vec::len);
        let mut power = Self::constant(Rat::one(), n_variables);
        for bit in (0..u32::BITS - n.leading_zeros()).rev() {
            power = power.mul(&power, fuel)?;
            if n >> bit & 1 == 1 {
                power = power.mul(self, fuel)?;
            }
        }
        Ok(power)
    }
}

impl Fraction {
    /// Reads an expression as a rational function of `variables`; [`Stop::NoNumber`] where it is
    /// none.
    pub(crate) fn read(node: &Node, variables: &[String], fuel: &Fuel) -> Result<Self, Stop> {
        fuel.spend(8)?;
        let n = variables.len();
        let one = || Poly::constant(Rat::one(), n);
        Ok(match node {
            Node::Var(name) => {
                let place = variables.iter().position(|known| known == name);
                let place = place.ok_or(Stop::NoNumber)?;
                let mut exps = vec![0; n];
                exps[place] = 1;
                Self { numer: Poly(BTreeMap::from([(exps, Rat::one())])), denom: one() }
            }
            Node::Neg(x) => Self::read(x, variables, fuel)?.scaled(&-Rat::one()),
            Node::Add(xs) => {
                let mut sum = Self { numer: Poly::constant(Rat::zero(), n), denom: one() };
                for x in xs {
                    sum = sum.plus(&Self::read(x, variables, fuel)?, fuel)?;
                }
                sum
            }
            Node::Mul(xs) => {
                let mut product = Self { numer: one(), denom: one() };
                for x in xs {
                    product = product.times(&Self::read(x, variables, fuel)?, fuel)?;
                }
                product
            }
            Node::Div(a, b) => {
                let (a, b) = (Self::read(a, variables, fuel)?, Self::read(b, variables, fuel)?);
                a.times(&b.inverse()?, fuel)?
            }
            Node::Pow(a, k) => match rational(k, &Env::new(), fuel)? {
                k if k.is_integer() && !matches!(**a, Node::Num(_)) => {
                    let k = k.numer().to_i32();
                    let k = k.ok_or(Stop::Limit("a polynomial of too high a degree"))?;
                    let base = Self::read(a, variables, fuel)?;
                    let base = if k < 0 { base.inverse()? } else { base };
                    Self {
                        numer: base.numer.pow(k.unsigned_abs(), fuel)?,
                        denom: base.denom.pow(k.unsigned_abs(), fuel)?,
                    }
                }
                _ => Self::number(node, n, fuel)?,
            },
            Node::Percent(x) => {
                Self::read(x, variables, fuel)?.scaled(&Rat::new(1.into(), 100.into()))
            }
            other => Self::number(other, n, fuel)?,
        })
    }

    fn number(node: &Node, n: usize, fuel: &Fuel) -> Result<Self, Stop> {
        let x = rational(node, &Env::new(), fuel)?;
        Ok(Self { numer: Poly::constant(x, n), denom: Poly::constant(Rat::one(), n) })
    }

    fn scaled(mut self, by: &Rat) -> Self {
        self.numer.0.values_mut().for_each(|c| *c *= by);
        self
    }

    fn inverse(self) -> Result<Self, Stop> {
        match self.numer.is_zero() {
            true => Err(Stop::Undefined),
            false => Ok(Self { numer: self.denom, denom: self.numer }),
        }
    }

    fn plus(&self, other: &Self, fuel: &Fuel) -> Result<Self, Stop> {
        if self.denom == other.denom {
            let numer = self.numer.clone().add(&other.numer, fuel)?;
            return Ok(Self { numer, denom: self.denom.clone() });
        }
        let numer = self.numer.mul(&other.denom, fuel)?;
        let numer = numer.add(&other.numer.mul(&self.denom, fuel)?, fuel)?;
        Ok(Self { numer, denom: self.denom.mul(&other.denom, fuel)? })
    }

    fn times(&self, other: &Self, fuel: &Fuel) -> Result<Self, Stop> {
        Ok(Self {
            numer: self.numer.mul(&other.numer, fuel)?,
            denom: self.denom.mul(&other.denom, fuel)?,
        })
    }

    /// Whether the two are the same function.
    pub(crate) fn equals(&self, other: &Self, fuel: &Fuel) -> Result<bool, Stop> {
        if self.denom == other.denom {
            return Ok(self.numer == other.numer);
        }
        Ok(self.numer.mul(&other.denom, fuel)? == other.numer.mul(&self.denom, fuel)?)
    }

    /// Slope and shift of a linear function of one variable.
    pub(crate) fn linear(&self) -> Option<(Rat, Rat)> {
        if self.numer.degree() != 1 || self.denom.degree() != 0 {
            return None;
        }
        let of =
            |poly: &Poly, degree: u16| poly.0.get(&vec![degree]).cloned().unwrap_or_else(Rat::zero);
        let unit = of(&self.denom, 0);
        Some((of(&self.numer, 1) / &unit, of(&self.numer, 0) / unit))
    }

    /// Whether the leading coefficient of the fraction is negative.
    pub(crate) fn is_negative(&self) -> bool {
        (self.numer.leading() * self.denom.leading()).is_negative()
    }
}
