"""Writes ../cases/equal.jsonl and ../cases/near.jsonl: pairs of answers that are equal, and pairs
that look alike and are not. Run it without arguments; what it writes is committed.

Classes follow the project's list of ways in which graders fail. Every pair was thought up here;
generated ones vary a pattern with exact arithmetic from the standard library."""

import json
from fractions import Fraction
from math import comb, factorial, gcd
from pathlib import Path

EQUAL, NEAR = [], []


def equal(group, *pairs):
    EQUAL.extend({"class": group, "gold": a, "answer": b} for a, b in pairs)


def near(group, *pairs):
    NEAR.extend({"class": group, "gold": a, "answer": b} for a, b in pairs)


# --- integers -----------------------------------------------------------------------------------
equal("integer", ("42", "42"), ("-7", "-7"), ("0", "-0"), ("007", "7"), ("+5", "5"), ("42", "$42$"),
      ("42", "42."), ("42", r"\(42\)"), ("42", r"\[42\]"), ("42", "42.0"), ("42", "4.2 \\times 10^1"),
      ("-13", "−13"), ("-13", r"\text{-13}"), ("1024", "2^{10}"), ("1024", "2^10"), ("1024", "2**10"),
      ("720", "6!"), ("-3", "(-3)"), ("12", r"\mathbf{12}"), ("12", "{12}"), ("100", "1e2"),
      (str(3**200), "3^{200}"), (str(factorial(30)), "30!"), ("10^{100}", "1" + "0" * 100),
      ("five", "5"), ("twelve", "12"), ("１２", "12") if False else ("12", "12 "), ("3", r"\,3\,"))
near("integer", ("42", "43"), ("42", "-42"), ("42", "24"), ("42", "4.2"), ("0", "1"), ("1", "-1"),
     ("100", "1000"), ("10", "01"), ("12", "1 2"), ("7", "7!"), ("2^{10}", "2^{11}"), ("6!", "7!"),
     (str(3**200), str(3**200 + 1)), (str(10**60), str(10**60 + 1)), ("10^{100}", "10^{101}"),
     ("30!", "31!"), ("2^{99}", "2^{98}"), ("5", "five hundred"), ("12", "12a"), ("3", "3x"),
     ("2^{31}-1", "2^{31}"), ("1/2004!", "1/2006!"), (r"\frac{1}{2004!}", r"\frac{1}{2005!}"),
     ("2^{-99}", "2^{-98}"), (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"), ("10^{-30}", "0"),
     ("10^{-30}", "10^{-31}"), ("1e-12", "0"), ("1e-300", "0"), ("1e-400", "1e-401"),
     ("1+10^{-40}", "1"), ("10^{40}+1", "10^{40}"), ("2004!", "2006!"), ("1000!", "1000!+1"),
     ("3^{1000}", "3^{1000}+1"), ("7^{500}", "7^{501}"))
for n in (17, 23, 31, 40):
    near("integer", (f"{n}!", f"{n}!-1"), (str(factorial(n)), str(factorial(n) + 1)),
         (f"1/{n}!", f"1/{n + 1}!"))
    equal("integer", (f"{n}!", str(factorial(n))), (f"{n}!/{n - 2}!", str(n * (n - 1))))

# --- rationals ----------------------------------------------------------------------------------
for a, b in ((1, 2), (3, 4), (-5, 6), (22, 7), (7, 12), (-11, 13), (100, 3), (8, 9)):
    sign, m = ("-" if a < 0 else ""), abs(a)
    f = f"{sign}\\frac{{{m}}}{{{b}}}"
    equal("rational", (f, f"{a}/{b}"), (f, f"\\dfrac{{{a}}}{{{b}}}"), (f, f"\\frac{{{-a}}}{{{-b}}}"),
          (f, f"\\frac{{{3 * a}}}{{{3 * b}}}"), (f"{a}/{b}", f"({a})/({b})"))
    near("rational", (f, f"{-a}/{b}"), (f, f"{b}/{a}"), (f, f"{a + 1}/{b}"), (f, f"{a}/{b + 1}"),
         (f, f"{a * 1000 + 1}/{b * 1000}"))
equal("rational", (r"\frac{1}{3}", r"\frac13"), (r"\frac{1}{3}", r"\frac 1 3"),
      (r"\frac{1}{3}", r"\frac{1}3"), (r"\frac{1}{3}", r"\frac1{3}"), (r"\frac{1}{3}", r"\tfrac13"),
      (r"\frac{-1}{3}", r"-\frac{1}{3}"), (r"\frac{1}{-3}", r"-\frac{1}{3}"),
      (r"\frac{12}{35}", r"\cfrac{12}{35}"), (r"\frac{1}{3}", "1 / 3"), (r"\frac{1}{3}", "1÷3"),
      (r"\frac{1}{3}", "⅓"), ("3/4", "¾"), (r"\frac{1}{3}", r"{1 \over 3}"), ("3^{-1}", "1/3"),
      (r"\frac{\frac{1}{2}}{3}", "1/6"), (r"1+\frac{1}{2}", "3/2"), ("2/3", r"\frac{2}{3}."),
      (r"\frac{a}{b}", "a/b"), ("1/7", r"\frac{1}{2} - \frac{5}{14}"), ("two thirds", "2/3"))
near("rational", (r"\frac12", r"\frac21"), (r"\frac{1}{12}", r"\frac{11}{2}"), ("2/3", "3/2"),
     ("1/3", "0.3"), ("1/3", "0.33"), ("1/3", "0.333"), ("2/3", "0.67"), ("1/7", "0.142857"),
     ("22/7", r"\pi"), ("355/113", r"\pi"), ("1/6", "0.1667"), ("1/2+1/3", "2/5"), ("1/2/3", "3/2"),
     ("99/100", "1"), ("999999/1000000", "1"), ("1/2", "1/2x"))

# --- mixed numbers ------------------------------------------------------------------------------
equal("mixed", ("3/2", r"1\frac{1}{2}"), ("3/2", r"1\frac12"), ("3/2", "1 1/2"), ("3/2", "1½"),
      ("-7/3", r"-2\frac{1}{3}"), ("-7/3", "-2 1/3"), (r"2\frac{3}{4}", "11/4"), (r"2\frac34", "2.75"),
      (r"10\frac{2}{5}", "10.4"), (r"5\dfrac{1}{8}", "41/8"), (r"7 \frac{3}{4}", "31/4"))
near("mixed", (r"1\frac{1}{2}", "1/2"), ("3/2", "11/2"), (r"2\frac{1}{3}", "2/3"),
     (r"-2\frac{1}{3}", "-5/3"), (r"3\frac{1}{7}", "3/7"), (r"2\frac{3}{4}", "2.34"))

# --- decimals -----------------------------------------------------------------------------------
equal("decimal", ("0.5", "1/2"), ("0.5", ".5"), ("0.50", "0.5"), ("-0.125", "-1/8"), ("2.5", "5/2"),
      ("0.75", r"\frac{3}{4}"), ("3.0", "3"), ("1.20", "1.2"), ("1e-3", "0.001"), ("1.5e3", "1500"),
      ("2.5 \\times 10^{-4}", "0.00025"), ("6.02 \\cdot 10^{23}", "6.02e23"), ("0.1", "10^{-1}"),
      ("0.\\overline{3}", "1/3"), ("0.1\\overline{6}", "1/6"), ("0.\\overline{142857}", "1/7"),
      ("0.\\overline{9}", "1"), ("12.5", r"12\frac12"), ("0.2", r"\frac{1}{5}"), ("3 x 10^5", "300000"),
      ("0.04", r"\frac{1}{25}"), ("1.25", r"\frac{5}{4}"))
near("decimal", ("0.5", "0.05"), ("0.5", "0.51"), ("3.14", r"\pi"), ("3.14159", r"\pi"),
     ("3.141592653589793", r"\pi"), ("1.414", r"\sqrt{2}"), ("1.41421356", r"\sqrt{2}"),
     ("2.71828", "e"), ("0.999999", "1"), ("0.3333333333", "1/3"), ("1.732", r"\sqrt{3}"),
     ("1.618", r"\frac{1+\sqrt5}{2}"), ("1e3", "1e4"), ("1.5e-3", "1.5e3"), ("0.\\overline{3}", "0.3"),
     ("0.1\\overline{6}", "0.\\overline{16}"), ("0.693", r"\ln 2"), ("12.5", "125"), ("1.05", "1.5"),
     ("0.001", "0.0001"), ("1.0000001", "1"), ("100.01", "100.1"))

# --- thousands ----------------------------------------------------------------------------------
equal("thousands", ("1000", "1,000"), ("1000000", "1,000,000"), ("12345", r"12,\!345"),
      ("12345", r"12{,}345"), ("12345", r"12\,345"), ("12345", "12 345"), ("1234567.5", "1,234,567.5"),
      ("-2500", "-2,500"), ("10,000", "10^4"), ("1,000,000", "10^6"), ("1,024", "2^{10}"),
      ("3,628,800", "10!"), ("\\$1,500", "1500"), ("2 million", "2,000,000"), ("1,5", "1, 5"))
near("thousands", ("1,000", "1"), ("1,000", "100"), ("1,000", "10000"), ("1,234", "1.234"),
     ("12,345", "12345.6"), ("1,000,000", "1,000"), ("10,00", "1000"), ("1,2,3", "123"),
     ("2 million", "2 billion"), ("1,5", "15"))

# --- percent ------------------------------------------------------------------------------------
equal("percent", ("50%", "0.5"), ("50\\%", "50%"), ("50\\%", "1/2"), ("12.5\\%", "1/8"), ("50", "50\\%"),
      ("5\\%", "0.05"), ("100\\%", "1"), ("50 percent", "50\\%"), (r"33\frac{1}{3}\%", "1/3"),
      ("7.5\\%", r"\frac{3}{40}"), ("25\\%", r"25 \%"), ("200%", "2"))
near("percent", ("50%", "5%"), ("50%", "0.05"), ("12.5\\%", "12\\%"), ("50\\%", "500"), ("5\\%", "0.5"),
     ("0.5\\%", "5\\%"), ("33\\%", "1/3"), ("1\\%", "0.1"), ("150\\%", "0.15"))

# --- units and degrees --------------------------------------------------------------------------
equal("unit", ("5 cm", "5"), (r"5\text{ cm}", r"5\,\mathrm{cm}"), (r"5\text{ cm}", "5 centimeters"),
      ("5 cm", "0.05 m"), ("1 km", "1000 m"), ("2 hours", "120 minutes"), ("90 min", "1.5 hours"),
      (r"12\text{ cm}^2", "12 cm^2"), (r"12\text{ cm}^2", r"12\text{ square cm}"), ("3 m/s", "3 m/s"),
      (r"60\text{ km/h}", "60 km per hour"), ("12 apples", "12"), ("12 apples", "12 apple"),
      (r"\$5", "5"), (r"\$5", "5 dollars"), (r"\$5.00", "$5"), ("50 cents", r"\$0.50"), ("2 kg", "2000 g"),
      ("1 dozen", "12"), ("5 feet", "60 inches"), (r"8\text{ feet}", "8 ft"), ("3 yards", "9 feet"),
      (r"144\text{ in}^2", r"1\text{ ft}^2"), (r"45^\circ", r"\frac{\pi}{4}"), (r"45^\circ", "45"),
      (r"45^{\circ}", "45°"), ("45 degrees", r"45^\circ"), (r"180^\circ", r"\pi"), ("π/6", "30°"),
      (r"\pi \text{ radians}", r"180^\circ"), (r"\frac{\pi}{2}\text{ rad}", r"\frac{\pi}{2}"),
      (r"20^\circ\text{C}", "20°C"), (r"6\text{ units}", "6"), ("2.5 L", "2500 mL"), ("€20", "20"),
      (r"-\$3", "-3"), (r"15\pi\text{ cm}^3", r"15\pi"), ("1 week", "7 days"), ("7 people", "7"))
near("unit", ("5 cm", "5 m"), ("5 cm", "50 cm"), ("5 cm", "5 cm^2"), ("12 apples", "12 oranges"),
     (r"\$5", "5 cents"), ("2 hours", "2 minutes"), ("60 km/h", "60 m/s"), (r"45^\circ", r"\frac{\pi}{3}"),
     (r"45^\circ", r"46^\circ"), (r"30^\circ", r"\frac{\pi}{3}"), ("2 kg", "2 g"), ("5 feet", "5 inches"),
     (r"90^\circ", r"\pi"), (r"20^\circ\text{C}", r"20^\circ\text{F}"), ("1 km", "100 m"),
     (r"12\text{ cm}^2", r"12\text{ cm}^3"), ("3 days", "3 hours"), (r"\$1.50", r"\$15.0"),
     ("10 mph", "10 m"), ("€20", r"\$20"), ("1 foot", "10 inches"), (r"180^\circ", r"2\pi"),
     (r"60^\circ", "60 minutes"), ("45", r"\frac{\pi}{4}"), ("3 dozen", "3"), ("1 rad", r"1^\circ"))

# --- radicals -----------------------------------------------------------------------------------
equal("radical", (r"\sqrt{8}", r"2\sqrt{2}"), (r"\sqrt{12}", r"2\sqrt3"), ("sqrt(2)", r"\sqrt{2}"),
      ("√2", r"\sqrt 2"), (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"), (r"\sqrt{2}", "2^{1/2}"),
      (r"\sqrt{2}", r"2^{0.5}"), (r"\sqrt[3]{2}", r"2^{\frac{1}{3}}"), (r"\sqrt[3]{16}", r"2\sqrt[3]{2}"),
      (r"\sqrt{3+2\sqrt{2}}", r"1+\sqrt{2}"), (r"\sqrt{5+2\sqrt{6}}", r"\sqrt{2}+\sqrt{3}"),
      (r"\frac{1}{\sqrt{3}-\sqrt{2}}", r"\sqrt{3}+\sqrt{2}"), (r"\frac{2}{\sqrt5-1}", r"\frac{1+\sqrt5}{2}"),
      (r"\sqrt[3]{2+\sqrt5}", r"\frac{1+\sqrt5}{2}"), (r"\sqrt[3]{7+5\sqrt2}", r"1+\sqrt2"),
      (r"\sqrt{4-2\sqrt3}", r"\sqrt3-1"), (r"\sqrt{2}\sqrt{3}", r"\sqrt{6}"), (r"\sqrt{\frac12}", r"\frac{\sqrt2}{2}"),
      (r"\sqrt{0.25}", "0.5"), (r"\sqrt[3]{-8}", "-2"), (r"\sqrt{49}", "7"), (r"3\sqrt{5}", r"\sqrt{45}"),
      (r"\frac{\sqrt{6}+\sqrt{2}}{4}", r"\frac{1+\sqrt3}{2\sqrt2}"), (r"\sqrt{2+\sqrt{3}}", r"\frac{\sqrt6+\sqrt2}{2}"),
      (r"5\sqrt{2}", r"\frac{10}{\sqrt{2}}"), (r"\sqrt[4]{4}", r"\sqrt{2}"), (r"\sqrt[6]{27}", r"\sqrt{3}"),
      (r"\sqrt{10^{20}+1}", "(100000000000000000001)^{1/2}"), (r"\sqrt2", r"\sqrt{2}"), (r"\sqrt{2", r"\sqrt{2}"),
      (r"(\sqrt2+\sqrt3)^2", r"5+2\sqrt6"), (r"\sqrt{17+12\sqrt2}", r"3+2\sqrt2"), ("2√3", r"2\sqrt{3}"),
      (r"\sqrt{\sqrt{16}}", "2"), (r"\sqrt{1+\sqrt{2}}\cdot\sqrt{\sqrt2-1}", "1"), ("∛27", "3"),
      (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}"), (r"1-\sqrt2", r"-(\sqrt2-1)"), ("sqrt{3}", r"\sqrt{3}"))
near("radical", (r"\sqrt{2}", r"\sqrt{3}"), (r"2\sqrt{3}", r"3\sqrt{2}"), (r"\sqrt{8}", r"\sqrt{2}"),
     (r"\sqrt{2}+\sqrt{3}", r"\sqrt{5}"), (r"\sqrt{2}", "1.4142135623730951"), (r"\sqrt[3]{2}", r"\sqrt{2}"),
     (r"\frac{1}{\sqrt2}", r"\sqrt2"), (r"1+\sqrt2", r"1-\sqrt2"), (r"\sqrt{10^{20}+1}", "10^{10}"),
     (r"\sqrt{2}+\sqrt{6}", r"\sqrt{3}+\sqrt{5}"), (r"\sqrt{10}+\sqrt{11}", r"\sqrt{5}+\sqrt{18}"),
     (r"\sqrt{5+2\sqrt{6}}", r"\sqrt{5+2\sqrt{5}}"), (r"\sqrt[3]{2+\sqrt5}", r"\frac{1+\sqrt7}{2}"),
     (r"\sqrt{1000001}", "1000"), (r"\sqrt{10^{40}+1}-10^{20}", "0"), (r"\sqrt{-4}", "2"),
     (r"\sqrt{4-2\sqrt3}", r"1-\sqrt3"), (r"\sqrt{x^2+1}", "x+1"), (r"3+2\sqrt2", r"2+3\sqrt2"),
     (r"\frac{1+\sqrt5}{2}", r"\frac{1-\sqrt5}{2}"), (r"\sqrt{2}\sqrt{3}", r"\sqrt{5}"), (r"5\sqrt2", "52"),
     (r"\sqrt{7}-\sqrt{6}", r"\sqrt{6}-\sqrt{5}"), (r"\sqrt{29}", "5.385164807"), (r"\sqrt{6+4\sqrt2}", r"2-\sqrt2"),
     (r"\sqrt{1001}+\sqrt{999}", r"2\sqrt{1000}"), (r"\sqrt{23}", r"\frac{1151}{240}"))

# --- powers, constants, functions ---------------------------------------------------------------
equal("function", (r"\ln 4", r"2\ln 2"), (r"\log_2 8", "3"), (r"\log_{10} 100", "2"), (r"\ln(e^3)", "3"),
      (r"\sin 30^\circ", "1/2"), (r"\sin\frac{\pi}{6}", "0.5"), (r"\cos\frac{\pi}{4}", r"\frac{\sqrt2}{2}"),
      (r"\tan\frac{\pi}{3}", r"\sqrt{3}"), (r"\cos 36^\circ", r"\frac{1+\sqrt5}{4}"), ("e^{0}", "1"),
      (r"e^{\ln 5}", "5"), (r"2\pi", r"\pi \cdot 2"), (r"\frac{\pi}{2}", "π/2"), (r"\arctan 1", r"\frac{\pi}{4}"),
      (r"\arcsin\frac12", r"30^\circ"), (r"\ln\frac{1}{2}", r"-\ln 2"), (r"\log_4 2", "1/2"),
      (r"\ln 6", r"\ln 2+\ln 3"), (r"\frac{\ln 8}{\ln 2}", "3"), (r"e^{i\pi}", "-1"), ("i^2", "-1"),
      ("(1+i)^2", "2i"), (r"\frac{1}{i}", "-i"), (r"|3+4i|", "5"), (r"\sqrt{-4}", "2i"), ("3+4i", "4i+3"),
      (r"\binom{5}{2}", "10"), (r"{5 \choose 2}", "10"), (r"\sum_{k=1}^{10} k", "55"), (r"\prod_{k=1}^{5}k", "120"),
      (r"\lfloor 3.7 \rfloor", "3"), (r"\lceil \pi \rceil", "4"), (r"|-5|", "5"), (r"\gcd(12, 18)", "6"),
      (r"2^{3^2}", "512"), (r"8^{2/3}", "4"), (r"\cosh 0", "1"), (r"\sin^2 x+\cos^2 x", "1"), (r"\sin 2x", r"2\sin x\cos x"),
      (r"\sin^{-1}(1)", r"\frac{\pi}{2}"), ("e^{x+y}", "e^xe^y"), (r"2^{n+1}", r"2\cdot 2^n"), (r"(n+1)!", "(n+1) n!"),
      (r"\binom{n}{2}", r"\frac{n(n-1)}{2}"), (r"(-1)^{n}", r"\cos(\pi n)"), (r"\log_2 x", r"\frac{\ln x}{\ln 2}"),
      (r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}"), (r"\cos 2\theta", r"1-2\sin^2\theta"), (r"\ln\sqrt{e}", "1/2"),
      (r"4^n", r"2^{2n}"), (r"\frac{e^x-e^{-x}}{2}", r"\sinh x"), (r"\tan x", r"\frac{\sin x}{\cos x}"),
      (r"\operatorname{lcm}(4,6)", "12"), (r"\pi^2", r"\pi\pi"), (r"\exp(2)", "e^2"), (r"x^{-1}", r"\frac1x"))
near("function", (r"\ln 4", r"\ln 2"), (r"\ln 2", r"\log_{10} 2"), (r"\log_2 9", "3"), (r"\sin 30^\circ", r"\sin 30"),
     (r"\sin\frac{\pi}{6}", r"\cos\frac{\pi}{6}"), (r"\pi", "3"), (r"2\pi", r"\pi^2"), (r"\pi", "e"), ("e^2", "2^e"),
     (r"e^{\pi\sqrt{163}}", "262537412640768744"), (r"e^\pi-\pi", "20"), (r"\binom{5}{2}", r"\binom{5}{1}"),
     (r"\lfloor 3.7 \rfloor", "4"), ("1+i", "1-i"), ("i", "-i"), ("2i", "2"), ("3+4i", "4+3i"), (r"\ln(x+y)", r"\ln x+\ln y"),
     (r"\sin 2x", r"2\sin x"), (r"\sin^2 x", r"\sin x^2"), ("2^{n+1}", "2^n+1"), (r"e^{x+y}", "e^x+e^y"), ("2^n", "n^2"),
     (r"\sum_{k=1}^{n} k", r"\frac{n(n-1)}{2}"), (r"\sum_{k=1}^{10}k", "54"), (r"n!", "(n-1)!"), (r"\cos x", r"\sin x"),
     (r"1+e^{-1000}", "1"), (r"\sin(10^{-50})", "10^{-50}"), (r"\tanh 100", "1"), (r"\sqrt{e^{-400}+1}", "1"),
     (r"\arctan 1", r"\frac{\pi}{2}"), (r"|x|", "x"), (r"\sqrt{x^2}", "x"), (r"\log_3 5", r"\log_5 3"), (r"8^{2/3}", "8"),
     (r"(-1)^n", "1"), (r"(-1)^n", "-1"), (r"\pi + 10^{-60}", r"\pi"), (r"\frac{\ln 3}{\ln 2}", r"\ln\frac32"),
     (r"\cos\frac{2\pi}{7}", r"\frac{5}{8}"), (r"2^{3^2}", "64"), (r"\gcd(12,18)", r"\operatorname{lcm}(12,18)"))

# --- polynomials, rational functions ------------------------------------------------------------
equal("polynomial", ("x^2+2x+1", "(x+1)^2"), ("x^2-1", "(x-1)(x+1)"), ("2x+3", "3+2x"), ("2x+3", "3 + 2 x"),
      ("x(y+z)", "xy+xz"), ("ab", "ba"), ("a^2-b^2", "(a-b)(a+b)"), ("-(x-1)", "1-x"), ("x^3+3x^2+3x+1", "(1+x)^3"),
      (r"\frac{x^2-1}{x-1}", "x+1"), (r"\frac{1}{x}+\frac{1}{y}", r"\frac{x+y}{xy}"), (r"\frac{2x}{4}", "x/2"),
      (r"\frac{1}{1-x}", r"-\frac{1}{x-1}"), ("2(x+3)", "2x+6"), (r"x^2 y", "yx^2"), (r"\frac{x+1}{2}", "0.5x+0.5"),
      (r"(x+y)^{10}", "(y+x)^{10}"), (r"x^4+4", "(x^2+2x+2)(x^2-2x+2)"), (r"3x^2-6x", "3x(x-2)"), ("x·x", "x²"),
      (r"\frac{n(n+1)}{2}", r"\frac{n^2+n}{2}"), (r"(2a)^3", "8a^3"), (r"\frac{x}{y}", r"x y^{-1}"), ("5a+3b-2a", "3a+3b"),
      (r"x^2+\frac{1}{4}", "x^2+0.25"), (r"\sqrt{2}x", r"x\sqrt2"), (r"x_1+x_2", "x_2+x_1"), (r"\alpha\beta", "βα"),
      (r"\frac{a+b}{c}", r"\frac{a}{c}+\frac{b}{c}"), (r"4x^3-3x", "x(4x^2-3)"), (r"x\cdot 2^3", "8x"), ("{x}^{2}", "x^2"),
      (r"\left(x-\frac12\right)^2", r"x^2-x+\frac14"), ("(a+b+c)^2", "a^2+b^2+c^2+2ab+2bc+2ca"), ("x^{2}", "x**2"),
      (r"\frac{1}{x^2+x}", r"\frac1x-\frac1{x+1}"), (r"(x+1)^{20}(x-1)^{20}", "(x^2-1)^{20}"))
near("polynomial", ("x^2+2x+1", "x^2+2x-1"), ("(x+1)^2", "x^2+1"), ("2x+3", "3x+2"), ("x^2", "2x"), ("x^2", "x^3"),
     ("x", "y"), ("x", "X"), ("a-b", "b-a"), ("x^2-1", "(x-1)^2"), (r"\frac{1}{x+y}", r"\frac1x+\frac1y"), ("x+1", "x-1"),
     (r"\frac{x}{y}", r"\frac{y}{x}"), ("x_1", "x_2"), ("x_1", "x1"), ("2x", "x2"), ("(x+1)^{20}", "(x+1)^{21}"),
     ("x^{10}+x^9", "x^{19}"), ("xy", "x+y"), ("3x^2-6x", "3x(x+2)"), (r"\frac{n(n+1)}{2}", r"\frac{n(n+1)}{3}"),
     ("x^4+4", "(x^2+2)^2"), ("x+10^{-20}", "x"), ("10^{30}x+1", "10^{30}x"), (r"(x-1)(x-2)", "(x-1)(x-3)"),
     ("-x^2", "(-x)^2"), ("2x^2", "(2x)^2"), ("x^2+y^2", "(x+y)^2"), ("5a+3b", "3a+5b"), (r"\frac{x+1}{2}", r"x+\frac12"),
     ("x^2 y", "x y^2"), ("a^b", "b^a"), (r"\alpha", r"\beta"), ("x^2+x+41", "x^2+x+43"), ("x^2-4x+4", "(x+2)^2"),
     ("(x+1)^{5000}", "(x+1)^{5001}"), (r"x", r"x\cdot\frac{10^{50}+1}{10^{50}}"))

# --- equations, prefixes, chains ----------------------------------------------------------------
equal("equation", ("x=5", "5"), ("5", "x = 5"), ("x=5", "5=x"), ("y=2x+1", "2x-y+1=0"), ("y=2x+1", "y-1=2x"),
      ("x+y=2", "2x+2y=4"), ("x+y=2", "-x-y=-2"), ("3x-4y+5=0", "4y=3x+5"), (r"\frac{x}{2}+\frac{y}{3}=1", "3x+2y=6"),
      ("x^2+y^2=1", "1=x^2+y^2"), ("x^2+y^2-4x=0", "(x-2)^2+y^2=4"), ("y=2x+1", "2x+1"), ("f(x)=x^2", "x^2"),
      ("f(x)=x^2+1", "f(x)=1+x^2"), ("x=2+3=5", "5"), (r"x=\frac{10}{2}=5", "x=5"), (r"\sqrt2\approx 1.414", r"\sqrt{2}"),
      ("y^2=4x", "4x=y^2"), (r"y=\frac{1}{2}x+3", "x-2y+6=0"), ("a=7", "7"), (r"\theta = 30^\circ", r"30^\circ"),
      ("x^2=4y", "y=x^2/4"), (r"xy=1", r"y=\frac1x"), ("x = -3", "-3"), ("n=12", "n = 12."), ("S_n = n^2", "n^2"),
      (r"y = x\sqrt2", r"\sqrt2 x - y = 0"), (r"\frac{x^2}{4}+\frac{y^2}{9}=1", "9x^2+4y^2=36"), ("A = 6", "6"),
      (r"x \equiv 3 \pmod{7}", r"x\equiv 3\pmod 7"), ("y=e^x", "e^x=y"), ("a_n = 2^n", "a_n=2^n"))
near("equation", ("x=5", "x=6"), ("x=5", "y=5"), ("y=2x+1", "y=2x-1"), ("y=2x+1", "x=2y+1"), ("x+y=2", "x+y=3"),
     ("x+y=2", "x-y=2"), ("3x-y+13=0", "3x+4y+14=0"), ("3*x-1*y+13=0", "3x + 4y + 14=0"), ("2x+3y=6", "2x+3y=7"),
     ("x^2+y^2=1", "x^2+y^2=2"), ("x^2+y^2=1", "x^2-y^2=1"), ("y=x^2", "y=x^3"), ("f(x)=x^2", "f(x)=x^3"), ("1=2=3", "3"),
     ("x=2+3=6", "6"), ("x=1=2=3", "x=3"), ("y=2x", "y=2x+0.001"), (r"\sqrt2\approx 1.414", "1.5"), ("xy=1", "xy=2"),
     (r"x\equiv 3\pmod 7", r"x\equiv 3\pmod 8"), (r"x\equiv 3\pmod 7", r"x\equiv 4\pmod 7"), ("x+y=2", "2"), ("y=e^x", "y=e^{-x}"),
     (r"\frac{x^2}{4}+\frac{y^2}{9}=1", r"\frac{x^2}{9}+\frac{y^2}{4}=1"), ("x^2+y^2-4x=0", "(x+2)^2+y^2=4"), ("y=x", "y=-x"),
     ("10^{20}x+y=0", "10^{20}x+2y=0"), ("x=5", "x>5"), ("x=5", r"x\ne 5"), ("y^2=4x", "x^2=4y"))

# --- tuples, lists, sets ------------------------------------------------------------------------
equal("tuple", ("(1,2)", "(1, 2)"), ("(1,2)", r"\left(1,2\right)"), ("(1,2)", r"\big(1, 2\big)"), ("(1/2,3)", "(0.5, 3)"),
      ("(1,2,3)", "(1,2,3)"), (r"(\sqrt4, 3)", "(2,3)"), ("(1,2)", "1,2"), ("(x,y)=(1,2)", "(1,2)"), ("(a,b)", r"\langle a,b\rangle"),
      ("(1,-2)", "(1,−2)"), ("x=1,y=2", "(1,2)"), ("x=1, y=2", "y=2, x=1"), (r"x=1\text{ and }y=2", "x=1,y=2"),
      (r"\left(\frac{1}{2},-\frac{3}{4}\right)", "(1/2,-3/4)"), ("(2,5,7)", "2,5,7"), (r"(3, \frac{\pi}{2})", r"(3, 90^\circ)"),
      ("(1,2),(3,4)", "(3,4),(1,2)"), (r"(0,0)\text{ and }(1,1)", "(1,1), (0,0)"), ("(1,2", "(1,2)"), ("(1;2)", "(1,2)"))
near("tuple", ("(1,2)", "(2,1)"), ("(1,2)", "(1,3)"), ("(1,2)", "(1,2,3)"), ("(1,2)", "(-1,2)"), ("(1,2)", "[1,2]"), ("(1,2)", "3"),
     ("(1,2),(3,4)", "(1,4),(3,2)"), ("x=1,y=2", "x=2,y=1"), ("(1,2,3)", "(3,2,1)"), ("(1,2)", "12"), ("(1,2)", "1.2"),
     ("(0,0)", "0"), ("(1,2),(3,4)", "(1,2)"), ("(5,5)", "5"), (r"\left(\frac12,3\right)", r"\left(2,3\right)"), ("(1,2,3)", "(1,2,4)"))
equal("set", (r"\{1,2,3\}", r"\{3,2,1\}"), (r"\{1,2\}", "{1, 2}"), (r"\{1,2\}", "1,2"), ("1,2", "2,1"), (r"\{1,1,2\}", r"\{1,2\}"),
      ("1 and 2", "1, 2"), ("1 or 2", "2, 1"), ("x=1 or x=2", "1,2"), (r"x=1\text{ or }x=2", r"x \in \{1,2\}"), ("x=1,2", "x=2, x=1"),
      (r"\{5\}", "5"), (r"\emptyset", r"\varnothing"), (r"\emptyset", r"\{\}"), ("no solution", r"\emptyset"), (r"\{\frac12, 2\}", "0.5, 2"),
      (r"\left\{-1,1\right\}", r"\pm 1"), (r"\pm 2", "2,-2"), (r"1\pm\sqrt2", r"1+\sqrt2, 1-\sqrt2"), (r"x=\pm 3", r"x=3\text{ or }x=-3"),
      (r"\frac{-1\pm\sqrt5}{2}", r"\frac{\sqrt5-1}{2},-\frac{1+\sqrt5}{2}"), (r"\pm 1 \pm \sqrt2", r"1+\sqrt2,1-\sqrt2,-1+\sqrt2,-1-\sqrt2"),
      ("2, 3, and 5", "2,3,5"), (r"2,3,\text{ and }5", "5,3,2"), (r"\pm\sqrt{3}", "±√3"), ("1,2,3,...,n", r"1,2,3,\ldots,n"),
      (r"\{x: x>2\}", "x>2"), (r"\{x \mid 0<x<1\}", "(0,1)"), (r"\{a, b, c\}", r"\{c, a, b\}"), (r"S=\{1,2\}", r"\{1,2\}"), ("-1,0,1", "1,0,-1"))
near("set", (r"\{1,2\}", r"\{1,3\}"), (r"\{1,2\}", r"\{1,2,3\}"), (r"\{1,2\}", "(1,2)"), ("1,2", "1,3"), ("1,2", "1"), ("1", "1,2"), ("2", "1,2,3"),
     ("5", "4,5,6"), ("5", "x=4 or x=5"), (r"\pm 1", "1"), (r"\pm 1", r"\pm 2"), (r"1\pm\sqrt2", r"1+\sqrt2"), (r"\emptyset", "0"), (r"\{0\}", r"\emptyset"),
     ("1,2,...,n", "1,3,...,2n-1"), (r"1,2,\ldots,n", r"1,3,5,\ldots,2n-1"), ("1,2,...,n", "1,2,...,n+1"), ("1,2,3,...", "1,2,4,..."), ("B", "A, B, C, D"),
     ("3", "1,2,3,4,5,6,7,8,9"), (r"\{1,2\}", "1"), ("1,1,2", "1,2,2"), (r"\{-1,1\}", r"\{-1,0,1\}"), ("2,3", "2.3"), ("2,3", "23"), ("no solution", "0"),
     (r"\pm 2", r"\mp 3"), ("1 or 2", "12"), ("7", "7 or 8"), ("7", "6 and 7"), ("0", "0, 1"), (r"x=\pm 3", "x=3"), (r"\{2,4\}", "[2,4]"))

# --- intervals, inequalities, unions ------------------------------------------------------------
equal("interval", (r"(-\infty,2)\cup(3,\infty)", "x<2 or x>3"), ("(1,2)", "1<x<2"), ("[1,2]", r"1\le x\le 2"), ("(1,2]", r"1<x\leq 2"), ("[0,\\infty)", r"x\ge 0"),
      ("(1,2]", r"\left(1,2\right]"), ("x>2", "2<x"), ("x>2", r"(2,\infty)"), ("x>2", r"x\in(2,\infty)"), ("2x>4", "x>2"), ("-x<-2", "x>2"), (r"(-\infty,\infty)", r"\mathbb{R}"),
      ("all real numbers", r"(-\infty,\infty)"), (r"(1,3)\cup(2,5)", "(1,5)"), (r"[1,2]\cup[2,3]", "[1,3]"), (r"(3,4)\cup(1,2)", r"(1,2)\cup(3,4)"), ("(-inf,2) U (3,inf)", "x<2 or x>3"),
      (r"\mathbb{R}\setminus\{2\}", r"x\neq 2"), (r"(-\infty,2)\cup(2,\infty)", r"x\ne 2"), (r"(1,2)\cup\{3\}", r"\{3\}\cup(1,2)"), ("(0,1/2)", "(0,0.5)"), (r"(\sqrt4,3)", "2<x<3"),
      (r"|x|<3", "-3<x<3"), (r"|x|>2", r"(-\infty,-2)\cup(2,\infty)"), ("x>1 and x<3", "(1,3)"), ("]1,2[", "(1,2)"), (r"1<x \text{ and } x<2", "(1,2)"), (r"x\geq\frac12", r"[0.5,\infty)"),
      (r"(-\infty, -1] \cup [1, \infty)", r"x\le -1\text{ or }x\ge 1"), ("a<b", "b>a"), ("2x+y<3", "y<3-2x"), (r"x^2+y^2\le 4", r"4\ge x^2+y^2"), (r"[1,4)\cap(2,6]", "(2,4)"), (r"x\in[1,2]", "[1,2]"),
      (r"(0,\pi)", r"0<\theta<\pi"), (r"k<-4", r"(-\infty,-4)"), (r"(1, \infty)", r"(1, +\infty)"), (r"0 \leq x \leq 1", r"1\geq x\geq 0"), (r"x<1, x>3", r"(-\infty,1)\cup(3,\infty)"))
near("interval", ("(1,2)", "[1,2)"), ("(1,2]", "[1,2)"), ("x>2", r"x\ge 2"), ("x>2", "x<2"), ("x>2", "x>3"), ("1<x<2", "1<x<3"), (r"(-\infty,2)", r"(-\infty,2]"), (r"(1,\infty)", r"(-\infty,1)"),
     (r"(-\infty,2)\cup(3,\infty)", r"(-\infty,2)\cup(4,\infty)"), (r"(-\infty,2)\cup(3,\infty)", "x<2"), (r"(-\infty,2)\cup(3,\infty)", "2<x<3"), ("x>2", "2"), ("[1,2]", "(1,2)"), (r"\mathbb{R}", r"\mathbb{R}\setminus\{0\}"),
     (r"(1,2)\cup(2,3)", "(1,3)"), (r"x\neq 2", "x=2"), (r"|x|<3", "x<3"), (r"|x|>2", "x>2"), ("2x>4", "x<2"), ("-x<2", "x<-2"), ("x>2", "y>2"), ("2x+y<3", "2x+y>3"), ("2x+y<3", r"2x+y\le 3"), (r"x^2+y^2\le 4", r"x^2+y^2\ge 4"),
     (r"[0,1]", r"\{0,1\}"), (r"(0,1)", r"(0,1.0001)"), (r"(0,\pi)", "(0,3.14)"), (r"[0,\infty)", r"(0,\infty)"), (r"\mathbb{R}", r"\mathbb{Z}"), ("x<1, x>3", "1<x<3"), (r"(1,2)\cup\{3\}", "(1,3)"), ("a<b", "a>b"), (r"[1,4)\cap(2,6]", "(2,6]"),
     (r"(2,\infty)", "(2,100)"), (r"[-1,1]", r"[1,-1]"), (r"(\sqrt2,2)", "(1.414,2)"))

equal("interval", ("|x-1|<2", "(-1,3)"), ("2x<6", r"(-\infty,3)"), ("3-x\\le 5", r"[-2,\infty)"), (r"|2x+1|\ge 3", r"(-\infty,-2]\cup[1,\infty)"), (r"\text{all real numbers except }2", r"x\ne 2"))
near("interval", ("|x-1|<2", "(-3,1)"), ("2x<6", r"(-\infty,6)"), ("3-x\\le 5", r"(-\infty,-2]"), ("|x-1|<2", "[-1,3]"))
equal("equation", (r"f^{-1}(x)=\frac{x-1}{2}", r"\frac{x-1}{2}"), (r"x\equiv 2 \pmod 5", r"x\equiv 7\pmod 5"), ("f(x)=2x+1", "y=2x+1"), (r"x=\frac{\pi}{3}+2\pi k, k\in\mathbb{Z}", r"x=2\pi k+\frac\pi3, k\in\mathbb Z"))
near("equation", (r"f^{-1}(x)=\frac{x-1}{2}", r"f(x)=\frac{x-1}{2}"), (r"x\equiv 2 \pmod 5", r"x\equiv 8\pmod 5"), ("f(x)=2x+1", "g(x)=2x+1"))
equal("unit", (r"16\text{ m/s}^2", "16 m/s^2"), ("25 mph", "25 miles per hour"), ("50¢", r"\$0.50"), ("C(5,2)", "10"), ("0.3333...", "1/3"), (r"0.1666\ldots", r"\frac16"))
near("unit", ("16 m/s", "16 m/s^2"), ("50¢", r"\$50"), ("0.3333...", "0.3333"), ("0.123...", "0.123123"), ("5m", "5"), ("3 t^2", "3"))

# --- matrices, cases, ratios --------------------------------------------------------------------
equal("matrix", (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"), (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]"),
      (r"\begin{pmatrix}1\\2\\3\end{pmatrix}", "(1,2,3)"), (r"\begin{pmatrix} 1/2 & 0 \\ 0 & 1 \end{pmatrix}", r"\begin{pmatrix} 0.5 & 0 \\ 0 & 1 \end{pmatrix}"),
      (r"\left(\begin{array}{cc}1&2\\3&4\end{array}\right)", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"), (r"\begin{pmatrix}x+1\\y\end{pmatrix}", r"\begin{pmatrix}1+x\\y\end{pmatrix}"),
      (r"\begin{pmatrix}1&2\\3&4\\\end{pmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"), (r"\begin{bmatrix}\sqrt8\end{bmatrix}", r"\begin{bmatrix}2\sqrt2\end{bmatrix}"), (r"A=\begin{pmatrix}1&0\\0&1\end{pmatrix}", "[[1,0],[0,1]]"))
near("matrix", (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}"), (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}"), (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
     (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "(1,2,3,4)"), ("[[1,2],[3,4]]", "[[1,2],[4,3]]"), (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"), (r"\begin{pmatrix}1\\2\\3\end{pmatrix}", "(3,2,1)"), (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}", "1"))
equal("cases", (r"\begin{cases}x & x>0\\-x & x\le 0\end{cases}", r"\begin{cases}-x & x\le 0\\x & x>0\end{cases}"), (r"f(x)=\begin{cases}1&\text{if }x>0\\0&\text{otherwise}\end{cases}", r"\begin{cases}1&x>0\\0&\text{otherwise}\end{cases}"))
near("cases", (r"\begin{cases}x & x>0\\-x & x\le 0\end{cases}", r"\begin{cases}-x & x>0\\x & x\le 0\end{cases}"), (r"\begin{cases}x & x>0\\-x & x\le 0\end{cases}", r"\begin{cases}x & x\ge0\\-x & x<0\end{cases}"))
equal("ratio", ("3:4", "6:8"), ("3:4", "3 : 4"), ("1:2:3", "2:4:6"), ("3:4", r"\frac34"), ("1:2", "0.5:1"), (r"\sqrt2:2", r"1:\sqrt2"), ("3:4", r"3\colon 4"))
near("ratio", ("3:4", "4:3"), ("1:2:3", "1:2:4"), ("3:4", "3:5"), ("3:4", "34"), ("1:2:3", "3:2:1"), ("3:30", "4:30"), ("3:30 pm", "3:30 am"), ("12:30", "12:03"), ("3:30", "6:60"))

# --- words --------------------------------------------------------------------------------------
equal("text", ("B", "(B)"), ("B", r"\text{B}"), (r"\text{(B)}", "B"), ("B", "B."), ("B", "(B) 12"), ("C", r"\textbf{(C)}"), ("(A)", "A) because it fits"), ("yes", "Yes"), ("True", "true"), ("even", "Even."), (r"\text{east}", "East"),
      ("3:30 pm", "3:30 PM"), ("3:30 p.m.", "3:30 pm"), ("odd", r"\text{odd}"), ("Tuesday", r"\text{Tuesday}"), ("no", "No."), ("option B", "B"), ("D", r"\textbf{D}"), ("a circle", r"\text{a circle}"), ("Monday", "monday"), (r"\text{Yes}", "yes"))
near("text", ("B", "A"), ("B", "(C)"), ("B", "A or B"), ("B", "(A) (B)"), ("yes", "no"), ("True", "False"), ("even", "odd"), ("east", "west"), ("B", "A, B"), ("Monday", "Tuesday"), ("A", "B) A"), ("a circle", "an ellipse"), ("no", "yes and no"),
     ("(A)", "(A), (B), (C), (D)"), ("B", "B or C"), ("true", "not true"), ("yes", "1"), ("B", "(A) 12"), ("none of these", "all of these"), ("A", "AB"))

# --- names of figures and measures, families over the integers ----------------------------------
equal("name", ("AB = 5", "5"), (r"\angle ABC = 30^\circ", r"30^\circ"), (r"m\angle A = 30", "30"),
      (r"\angle A=60^\circ", r"\angle A=\frac{\pi}{3}"), ("[ABC] = 6", "6"), ("|AB|=5", "5"),
      (r"BC=\sqrt{2}", r"\sqrt2"), ("P(A)=1/2", r"\frac12"), ("f(2)=3", "3"), (r"x\approx 3.14", "3.14"),
      (r"\approx 3.14", "3.14"), ("f(x)=x^2", "x^2"),
      (r"k\pi, k\in\mathbb{Z}", r"n\pi, n\in\mathbb{Z}"),
      (r"x=\frac{\pi}{2}+n\pi, n\in\mathbb{Z}", r"\frac{\pi}{2}+k\pi, k\in\mathbb{Z}"),
      (r"\{n\pi : n \in \mathbb{Z}\}", r"n\pi, n\in\mathbb{Z}"), ("DNE", "does not exist"))
near("name", ("AB = 5", "CD = 5"), ("AB = 5", "6"), (r"\angle A=30^\circ", r"\angle B=30^\circ"),
     ("P(A)=1/2", "P(B)=1/2"), ("f(2)=3", "f(5)=3"), ("f(2)=3", "2"), (r"x\approx 3.14", "3.15"),
     (r"x\approx 1.41", r"\sqrt2"), (r"k\pi, k\in\mathbb{Z}", r"2n\pi, n\in\mathbb{Z}"),
     (r"k\pi, k\in\mathbb{Z}", r"n\pi, n\in\mathbb{N}"), (r"\{n\pi : n \in \mathbb{Z}\}", r"\{\pi\}"),
     (r"n + k, n\in\mathbb{Z}", r"k + m, m\in\mathbb{N}"), ("DNE", "0"), ("DNE", r"\infty"),
     ("AB", "BA"), ("[ABC] = 6", "[ABC] = 7"), ("|AB|=5", "|CD|=5"))
equal("unit", (r"1\text{ hour and }30\text{ minutes}", r"90\text{ minutes}"),
      (r"1\text{ hour and }30\text{ minutes}", r"1.5\text{ hours}"), ("2 feet 6 inches", "30 inches"),
      ("1 hour 30 minutes 15 seconds", "5415 seconds"),
      (r"2\text{ min }5\text{ s}", r"125\text{ s}"), ("1 year and 6 months", "18 months"),
      ("2 dollars and 50 cents", r"\$2.50"), (" and ".join(f"{n} apples" for n in range(1, 90)), " and ".join(f"{n} apples" for n in range(89, 0, -1))),
      (r"21^{\text{st}}", "21"), ("20^{th}", "20th"))
near("unit", (r"1\text{ hour and }30\text{ minutes}", r"130\text{ minutes}"),
     (r"1\text{ hour and }30\text{ minutes}", "31"), ("2 feet 6 inches", "26 inches"),
     ("2 feet 6 inches", "2 feet"), ("2 feet, 6 inches", "30 inches"), ("21^{st}", "22"),
     ("3 apples and 2 pears", "5"), ("2 dollars and 50 cents", "52"),
     ("1 hour 30 minutes 15 seconds", "105 minutes"), (" and ".join(f"{n} apples" for n in range(1, 90)), "89 apples"))
equal("matrix", (r"\begin{pmatrix}1/2&0\\0&1\end{pmatrix}", r"\frac12\begin{pmatrix}1&0\\0&2\end{pmatrix}"),
      (r"-\begin{pmatrix}1\\-2\end{pmatrix}", r"\begin{pmatrix}-1\\2\end{pmatrix}"),
      (r"\begin{bmatrix}1\\2\end{bmatrix}", r"\begin{bmatrix}1 & 2\end{bmatrix}^T"), ("(1,2)^T", "(1,2)"),
      (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}^{\top}", r"\begin{bmatrix}1&3\\2&4\end{bmatrix}"))
near("matrix", (r"2\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
     (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}^T", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
     (r"\frac12\begin{pmatrix}2&4\end{pmatrix}", r"\begin{pmatrix}1&4\end{pmatrix}"), ("(1,2)^T", "(2,1)"),
     (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&0\\0&2\end{pmatrix}"))
equal("set", (r"\mathbb{R}-\{0\}", r"(-\infty,0)\cup(0,\infty)"), (r"\mathbb{R}-\{0\}", r"x\ne0"),
      (r"\mathbb{R}-\{-1,1\}", r"\mathbb{R}\setminus\{1,-1\}"))
near("set", (r"\mathbb{R}-\{0\}", r"\mathbb{R}"), (r"\mathbb{R}-\{0\}", r"\mathbb{R}-\{1\}"))
equal("function", (r"\operatorname{Re}(3+4i)", "3"), (r"\operatorname{Im}(3+4i)", "4"))
near("function", (r"\operatorname{Re}(3+4i)", "4"), (r"\operatorname{Re}(z)", r"\operatorname{Im}(z)"))

# --- careless LaTeX -----------------------------------------------------------------------------
equal("latex", (r"\frac{1}{2}", r"\frac{1}{2"), (r"\frac{\sqrt{3}}{2}", r"\frac{\sqrt3}2"), (r"\sqrt{3}", r"\sqrt 3"), (r"\frac{\pi}{4}", r"\dfrac{\pi}4"), (r"2\sqrt{3}", r"2 \cdot \sqrt{3}"), (r"\left(1,2\right)", r"\left(1,2)"),
      (r"\frac{3}{4}", r"$\frac{3}{4}$"), (r"\frac{3}{4}", r"$$\frac{3}{4}$$"), (r"\frac{3}{4}", r"\displaystyle\frac{3}{4}"), (r"\frac{3}{4}", r"\ \frac{3}{4}\ "), ("x^{2}", "x^2"), (r"\pi r^2", r"\pi{r}^{2}"),
      (r"\frac{1}{2}", r"\boxed{\frac{1}{2}}"), (r"a\times b", "a*b"), (r"a\cdot b", "ab"), ("2^{10}", "2^10"), (r"\frac{x}{2}", r"\frac x2"), (r"\frac{x}{2}", r"\frac{x}2"), ("10^{-3}", "10^-3"), (r"\sqrt[3]{5}", r"\sqrt[3]5"),
      (r"\{1,2\}", r"\left\{1,2\right\}"), (r"\left|x\right|", "|x|"), (r"|x-1|", r"\lvert x-1\rvert"), (r"3\%", "3%"), (r"x\leq 3", r"x\leqslant 3"), (r"\text{5}", "5"), (r"\mathrm{e}^2", "e^2"), (r"\ln x", r"\ln(x)"), (r"\sin x", r"\sin(x)"),
      (r"5 \, \text{cm}", "5cm"), (r"\mathbb{R}", r"\mathbf{R}") if False else (r"\mathbb{R}", "ℝ"), (r"\frac{5}{6}\ ", r"\frac{5}{6}"), (r"\ 7", "7"), ("$x=3$", "3"), (r"x\in\mathbb{R}", r"\mathbb{R}"), ("−5", "-5"), ("2×3", "6"), ("x²+1", "x^2+1"),
      (r"\frac{1}{2}\pi", "π/2"), (r"~8~", "8"), (r"\quad 9", "9"), (r"3\!\sqrt{2}", r"3\sqrt2"), ("(2)(3)", "6"), (r"\binom52", "10"), (r"\tfrac{7}{8}", "0.875"), (r"\phantom{0}4", "4"))
near("latex", (r"\frac12", "12"), (r"\frac{1}{23}", r"\frac{12}{3}"), (r"\sqrt{23}", r"\sqrt{2}3"), ("x^{12}", "x^1 2"), (r"\frac{1}{2", r"\frac{2}{1"), (r"2\frac{x}{3}", r"\frac{2}{3x}"), ("x^{2y}", "x^2y"), (r"\frac{a}{bc}", r"\frac{a}{b}c"),
     (r"\sqrt{x+1}", r"\sqrt{x}+1"), ("e^{2x}", "e^2x"), ("10^{23}", "10^2 3"), (r"|x-1|", "x-1"), (r"\frac{x}{2}", r"\frac{2}{x}"), (r"\left(1,2\right)", r"\left(1,2\right]"), (r"-\frac{1}{2}", r"\frac{1}{2}"), (r"2^{-3}", "2^3"), (r"\log_{2}{8}", r"\log_{8}{2}"))

# --- generated: polynomials multiplied out, sums of radicals, shifted roots ----------------------
for r, s in ((1, 2), (-3, 5), (4, 4), (-2, -7), (9, -1), (6, 11)):
    b, c = -(r + s), r * s
    expanded = f"x^2{b:+d}x{c:+d}"
    factored = f"(x{-r:+d})(x{-s:+d})"
    equal("polynomial", (expanded, factored))
    near("polynomial", (expanded, f"(x{-r:+d})(x{-s - 1:+d})"))
for a, b in ((2, 3), (3, 5), (5, 7), (6, 10), (7, 11)):
    nested = f"\\sqrt{{{a + b}+2\\sqrt{{{a * b}}}}}"
    equal("radical", (nested, f"\\sqrt{{{a}}}+\\sqrt{{{b}}}"))
    near("radical", (nested, f"\\sqrt{{{b}}}-\\sqrt{{{a}}}"), (nested, f"\\sqrt{{{a}}}+\\sqrt{{{b + 1}}}"))
for n, k in ((10, 3), (20, 7), (52, 5), (8, 4)):
    equal("function", (f"\\binom{{{n}}}{{{k}}}", str(comb(n, k))), (f"\\binom{{{n}}}{{{k}}}", f"\\frac{{{n}!}}{{{k}!{n - k}!}}"))
    near("function", (f"\\binom{{{n}}}{{{k}}}", str(comb(n, k) + 1)), (f"\\binom{{{n}}}{{{k}}}", f"\\binom{{{n}}}{{{k - 1}}}"))
for a, b in ((6, 4), (15, 25), (7, 21), (36, 48)):
    g = gcd(a, b)
    equal("rational", (f"{a}/{b}", f"\\frac{{{a // g}}}{{{b // g}}}"))
    x = Fraction(a, b) + Fraction(1, 10**9)
    near("rational", (f"{a}/{b}", f"{x.numerator}/{x.denominator}"))
for n in (50, 99, 200, 500):
    near("integer", (f"2^{{{n}}}+1", f"2^{{{n}}}"), (f"2^{{-{n}}}", f"2^{{-{n + 1}}}"), (f"10^{{-{n}}}", "0"))
    equal("integer", (f"2^{{{n}}}", f"4^{{{n // 2}}}" if n % 2 == 0 else f"2\\cdot 4^{{{n // 2}}}"), (f"2^{{-{n}}}", f"\\frac{{1}}{{2^{{{n}}}}}"))

folder = Path(__file__).resolve().parent.parent / "cases"
for name, pairs in (("equal", EQUAL), ("near", NEAR)):
    unique = list({(p["gold"], p["answer"]): p for p in pairs}.values())
    lines = [json.dumps(pair, ensure_ascii=False) for pair in unique]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    print(name, len(unique))
