//! Balls against 64-bit floats and against identities at high precision.

use super::*;

fn rat(n: i64, d: i64) -> Rat {
    Rat::new(n.into(), d.into())
}

#[track_caller]
fn near(got: &Ball, expected: f64) {
    let got = got.to_f64();
    assert!((got - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{got} {expected}");
}

#[test]
fn functions_agree_with_floats() {
    for n in [-700, -31, -3, -1, 1, 2, 5, 17, 400] {
        for d in [1, 3, 7, 1000] {
            let x = n as f64 / d as f64;
            let ball = Ball::rat(&rat(n, d), 200);
            near(&ball.exp(200).unwrap().mul(&Ball::int(1), 200).unwrap().ln(200).unwrap(), x);
            near(&ball.sin_cos(200).unwrap().0, x.sin());
            near(&ball.sin_cos(200).unwrap().1, x.cos());
            near(&ball.atan(200).unwrap(), x.atan());
            if x < 30.0 && x > -30.0 {
                let exp = ball.exp(200).unwrap().to_f64();
                assert!((exp / x.exp() - 1.0).abs() < 1e-13);
            }
            if n > 0 {
                near(&ball.ln(200).unwrap(), x.ln());
                near(&ball.root(3, 200).unwrap(), x.cbrt());
                near(&ball.powi(-3, 200).unwrap(), x.powi(-3));
            }
        }
    }
    near(&Ball::pi(64), std::f64::consts::PI);
}

/// The difference holds zero, and is as small as the precision promises.
#[track_caller]
fn zero(a: &Ball, b: &Ball, prec: u64) {
    let gap = a.sub(b, prec);
    assert_eq!(gap.sign().filter(|&s| s != 0), None, "{gap:?}");
    assert!(gap.top() < 24 - prec as i64 + a.top().max(0), "{} at {prec}", gap.top());
}

#[test]
fn identities_hold_to_the_last_bits() {
    for prec in [64, 300, 1000, 5000] {
        for (n, d) in [(1, 3), (22, 7), (-5, 11), (1000, 7), (1, 100_000)] {
            let x = Ball::rat(&rat(n, d), prec);
            let (sin, cos) = x.sin_cos(prec).unwrap();
            let one = sin.mul(&sin, prec).unwrap().add(&cos.mul(&cos, prec).unwrap(), prec);
            zero(&one, &Ball::int(1), prec - 16);
            zero(
                &sin.div(&cos, prec).unwrap().atan(prec).unwrap().sin_cos(prec).unwrap().0.abs(),
                &sin.abs(),
                prec - 24,
            );
            zero(&x.abs().ln(prec).unwrap().exp(prec).unwrap(), &x.abs(), prec - 16);
            zero(&x.abs().root(5, prec).unwrap().powi(5, prec).unwrap(), &x.abs(), prec - 16);
        }
        let quarter = Ball::int(1).atan(prec).unwrap();
        zero(&quarter.mul(&Ball::int(4), prec).unwrap(), &Ball::pi(prec), prec - 8);
    }
}

#[test]
fn what_cannot_be_known_stops_by_name() {
    assert_eq!(Ball::int(1).div(&Ball::zero(), 64).unwrap_err(), Stop::Undefined);
    assert_eq!(Ball::int(-1).root(2, 64).unwrap_err(), Stop::NotReal);
    assert_eq!(Ball::zero().ln(64).unwrap_err(), Stop::Undefined);
    let vague = Ball { m: 1.into(), e: 0, r: 2 };
    assert_eq!(vague.root(2, 64).unwrap_err(), Stop::Precision);
    assert!(matches!(Ball::int(1 << 40).exp(64), Err(Stop::Limit(_))));
    assert_eq!(Ball::rat(&rat(-7, 2), 64).floor().unwrap(), (-4).into());
}
