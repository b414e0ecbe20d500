"""Writes ../cases/forms_equal.jsonl and forms_near.jsonl: pairs of answers in the forms that people
and models write, class by class, that are equal or must never be accepted; and ../cases/ends.jsonl,
whole completions with what a grader must say. Run it without arguments; what it writes is committed.

All of it was thought up here. A pair is tried both ways round."""

import json
import re
from fractions import Fraction
from math import comb, perm
from pathlib import Path

EQUAL, NEAR, ENDS = [], [], []


def equal(group, *pairs):
    EQUAL.extend({"class": group, "gold": a, "answer": b} for a, b in pairs)


def near(group, *pairs):
    NEAR.extend({"class": group, "gold": a, "answer": b} for a, b in pairs)


def ends(group, ok, *pairs):
    ENDS.extend({"class": group, "gold": a, "completion": b, "ok": ok} for a, b in pairs)


# --- conditions beside a value ------------------------------------------------------------------
for value, letter in ((r"3n-2", "n"), (r"\frac{n(n+1)}{2}", "n"), (r"k^2", "k"), (r"2^m+1", "m")):
    for words in (r"\text{{ for }}{v}\ge 1", r"\text{{ for all }} {v}\ge 1", r"\quad ({v}\ge 1)",
                  r",\ {v}\ge 1", r"\text{{ where }} {v}\geq 1", r" \text{{ with }} {v} \ge 1",
                  r"\text{{ for every positive integer }} {v}", r", {v}\in\mathbb{{N}}",
                  r"\quad \forall {v}\in\mathbb{{N}}", r" for all positive integers {v}",
                  r"\text{{ for }} {v} = 1, 2, 3, \ldots", r"\; ({v} \in \mathbb{{Z}}^+)",
                  r"\text{{ if }} {v} \ge 1", r"\text{{ where }} {v} \text{{ is a positive integer}}"):
        said = value + words.format(v=letter)
        equal("condition", (value, said))
        near("condition", (value.replace("2", "3") if "2" in value else value + "+1", said))
for a, b in ((r"\text{ for } n\ge 1", r"\text{ for all positive integers } n"),
             (r"\text{ for } n > 0", r"\text{ for } n \ge 1"),
             (r"\text{ for } n \ge 2", r", n > 1"),
             (r",\ n\in\mathbb{Z}", r"\text{ where } n \text{ is an integer}"),
             (r"\text{ for } n \ge 0", r"\text{ for non-negative integers } n"),
             (r",\ n\in\mathbb{N}", r"\text{ for } n\ge 1"),
             (r"\ (n\ge 3)", r"\text{ for } n = 3, 4, 5, \ldots"),
             (r"\text{ if } n \text{ is odd}", r"\text{ for odd } n"),
             (r"\text{ for even } n", r"\text{ where } n \text{ is even}")):
    equal("condition", ("5n+2" + a, "5n+2" + b), ("5n+2" + a, "5k+2" + re.sub(r"\bn\b", "k", b)
                                                   .replace("k-k", "n-n").replace("kon", "non")))
for a, b in ((r"\text{ for } n\ge 1", r"\text{ for } n\ge 2"),
             (r"\text{ for } n\ge 1", r"\text{ for } n\le 1"),
             (r"\text{ for } n\ge 1", r"\text{ for } n\ge 0"),
             (r",\ n\in\mathbb{Z}", r",\ n\in\mathbb{N}"),
             (r",\ n\in\mathbb{Z}", r",\ n\ge 1"),
             (r",\ n\in\mathbb{R}", r",\ n\in\mathbb{Z}"),
             (r"\text{ if } n \text{ is odd}", r"\text{ if } n \text{ is even}"),
             (r"\text{ if } n \text{ is odd}", r"\text{ if } n \text{ is prime}"),
             (r"\text{ for } n > 3", r"\text{ for } n > 4"),
             (r"\text{ for } 1 \le n \le 5", r"\text{ for } 1 \le n \le 6"),
             (r"\text{ where } n \ne 0", r"\text{ where } n \ne 1"),
             (r"\ (n \ge 1)", r"\ (n < 1)"),
             (r"\text{ for } n = 1, 2, 3, \ldots", r"\text{ for } n = 0, 1, 2, \ldots"),
             (r"\text{ for all positive integers } n", r"\text{ for all negative integers } n"),
             (r"\text{ for } n \ge 10", r"\text{ for } n \ge 100")):
    for value in ("5n+2", r"\frac{1}{n}", "n^3"):
        near("condition", (value + a, value + b))
equal("condition", (r"\frac{1}{x}, x \ne 0", r"\frac1x \text{ where } x\neq 0"),
      (r"f(x) = cx, c\in\mathbb{R}", "f(x) = cx"), ("ax+b", r"ax + b, \ a,b\in\mathbb{R}"),
      (r"f(x)=x+c \text{ for some constant } c", "f(x)=x+c"),
      (r"f(x)=kx, k\in\mathbb{R}", r"f(x)=cx \text{ where } c \text{ is any real constant}"),
      (r"f(x)=ax+b, a,b\in\mathbb{R}", r"f(t)=mt+c, m,c\in\mathbb{R}"),
      (r"(t, 2t) \text{ for } t \in \mathbb{R}", r"(s, 2s),\ s\in\mathbb{R}"),
      (r"(n, n+1) \text{ for } n \ge 1", r"(k,k+1) \text{ with } k\ge 1"),
      (r"(m^2, n^2), m, n \in \mathbb{Z}", r"(a^2,b^2), a, b\in\mathbb{Z}"),
      (r"f(x)=0 \text{ and } f(x)=x^2", r"f(x)=x^2 \text{ for all } x \text{ or } f(x) = 0 \text{ for all } x"),
      (r"\{2n : n\in\mathbb{Z}\}", r"2n, n\in\mathbb{Z}"), (r"x^2 \text{ for } x>0", r"x^2, x > 0"),
      (r"\{n^2 \mid n \in \mathbb{Z}, n > 0\}", r"k^2 \text{ for positive integers } k"),
      (r"2k \text{（}k\in\mathbb{Z}\text{）}", r"2k, k \in \mathbb{Z}"),
      (r"7", r"7 \text{ for all } x"), ("x+1", r"x+1 \quad (x > 0)"), ("x+1", "x+1, x>0"))
near("condition", (r"\frac{1}{x}, x > 0", r"\frac1x, x < 0"), (r"5 \text{ if } n \text{ is odd}", "5"),
     (r"5 \text{ when } x > 2", "5"), (r"5 \text{ if } x > 2", r"5 \text{ if } x > 3"),
     (r"1 \text{ if } x > 0, 0 \text{ if } x \le 0", r"0 \text{ if } x > 0, 1 \text{ if } x \le 0"),
     (r"1 \text{ if } x > 0, 0 \text{ if } x \le 0", "1, 0"),
     (r"f(x)=kx, k\in\mathbb{R}", r"f(x)=kx, k\in\mathbb{Z}"),
     (r"(t, 2t) \text{ for } t \in \mathbb{R}", r"(2s, s),\ s\in\mathbb{R}"),
     (r"(n, n+1) \text{ for } n \ge 1", r"(k,k+2) \text{ with } k\ge 1"),
     (r"(n, n+1) \text{ for } n \ge 1", r"(k,k+1) \text{ with } k\ge 2"),
     (r"(m, n), m,n \in \mathbb{Z}", r"(a,a), a\in\mathbb{Z}"), ("2n+1", r"2m+3, m\in\mathbb{Z}"),
     ("k+1", r"m+1"), (r"x>3", r"x>3, x\ne 5"), ("3", r"3k, k\in\mathbb{Z}"),
     (r"f(x)=0 \text{ and } f(x)=x^2", r"f(x)=x^2 \text{ for all } x"),
     (r"\{n^2 \mid n \in \mathbb{Z}, n > 0\}", r"k^2 \text{ for integers } k > 1"),
     ("at least 5", "5"), ("5 or more", "5"), ("not 5", "5"), ("more than 5", "5"),
     (r"5 \text{ at most}", "5"), (r"\text{the answer is not } 5", "5"), (r"\text{all except } 5", "5"),
     (r"x \text{ is not } 5", "x = 5"), (r"\text{either } 5 \text{ or } 6", "5"))

# --- words around a value -----------------------------------------------------------------------
for value in ("5", r"\frac{3}{4}", "-12", r"2\sqrt{3}", r"\pi", "x+1"):
    for form in (r"\text{{Answer: }}{v}", r"\text{{The answer is }} {v}", r"\text{{Area}} = {v}",
                 r"{v} \text{{ only}}", r"\text{{only }} {v}", r"= {v}", r"\therefore {v}",
                 r"\Rightarrow {v}", r"\text{{Total: }} {v}", r"\text{{so }} {v}",
                 r"\text{{Final answer: }} {v}", r"\text{{Volume}} = {v}\text{{ units}}",
                 r"{v}\text{{ is the only solution}}", r"\textbf{{Answer:}}\ {v}",
                 r"\text{{the value is }} {v}", r"{v}\ \text{{(exactly)}}", r"\text{{Probability}} = {v}",
                 r"\text{{number of ways}} = {v}", r"\text{{答案：}}{v}", r"{v} \text{{ in total}}",
                 r"{v}\text{{ as required}}", r"\text{{shaded area }} = {v}"):
        equal("words", (value, form.format(v=value)))
for a, b in (("5", "6"), ("-12", "12"), (r"\frac{3}{4}", r"\frac{4}{3}")):
    near("words", (a, rf"\text{{Answer: }}{b}"), (a, rf"\text{{Area}} = {b}"), (a, rf"{b} \text{{ only}}"),
         (a, rf"\text{{The answer is }} {b}"), (rf"\text{{Area}} = {a}", rf"\text{{Area}} = {b}"),
         (rf"\text{{Area}} = {a}", rf"\text{{Perimeter}} = {a}"), (a, rf"\text{{about }} {b}"))
equal("parts", (r"\text{Maximum} = 2, \text{Minimum} = 1", r"\text{Minimum} = 1, \text{Maximum} = 2"),
      ("Maximum = 2, Minimum = 1", "max = 2, min = 1"), ("Maximum = 2, Minimum = 1", "2, 1"),
      (r"\text{max}=7,\ \text{min}=-3", "7, -3"), ("Maximum: 2, Minimum: 1", "Maximum = 2, Minimum = 1"),
      (r"\text{Maximum value} = 2, \text{minimum value} = 1", r"\text{Max} = 2, \text{Min} = 1"),
      (r"\text{mean} = 4, \text{median} = 3", r"\text{median} = 3, \text{mean} = 4"),
      (r"\text{length} = 8, \text{width} = 5", r"\text{Length: } 8, \text{Width: } 5"),
      (r"\text{最大值}=2, \text{最小值}=1", r"\text{最小值}=1, \text{最大值}=2"),
      (r"\text{Area} = 24, \text{Perimeter} = 20", r"\text{Perimeter} = 20, \text{Area} = 24"))
near("parts", (r"\text{Maximum} = 2, \text{Minimum} = 1", r"\text{Minimum} = 2, \text{Maximum} = 1"),
     ("max = 2, min = 1", "max = 1, min = 2"), ("max = 2, min = 1", "max = 2"),
     ("max = 2, min = 1", "max = 2, min = 0"), (r"\text{Area} = 24, \text{Perimeter} = 20",
     r"\text{Area} = 20, \text{Perimeter} = 24"), (r"\text{mean} = 4, \text{median} = 3",
     r"\text{mean} = 4, \text{mode} = 3"), (r"\text{max}=7", r"\text{min}=7"),
     (r"\text{length} = 8, \text{width} = 5", r"\text{length} = 5, \text{width} = 8"))

# --- parameters and functions renamed -----------------------------------------------------------
for body in ("2{v}", "{v}^2+1", r"\frac{{1}}{{{v}+2}}", r"\sin {v}", "3{v}-7"):
    x, t, y = (body.format(v=v) for v in "xty")
    equal("renamed", (f"f(x)={x}", f"f(t)={t}"), (f"f(x)={x}", f"f(y)={y}"), (x, f"f(t)={t}"),
          (f"p(x)={x}", x), (f"P(x) = {x}", f"P(t) = {t}"), (f"y={x}", f"f(t)={t}"),
          (f"f(x)={x}", rf"f(x)={x} \text{{ for all }} x"), (f"g(x)={x}", f"g(z) = {body.format(v='z')}"))
    near("renamed", (f"f(x)={x}", f"f(t)={x}"), (x, t), (f"f(x)={x}", f"g(x)={x}"),
         (f"f(x)={x}", f"f(t)={t}+1"), (f"f(x,y)={x}", f"f(x,y)={y}"))
for letter in "nml":
    for body in (r"{v}\pi", r"\frac{{\pi}}{{4}} + {v}\pi", r"\frac{{{v}\pi}}{{2}}", r"2{v}\pi - \frac{{\pi}}{{3}}"):
        k, n = body.format(v="k"), body.format(v=letter)
        equal("renamed", (k, n), (rf"{k}, k\in\mathbb{{Z}}", rf"{n}, {letter}\in\mathbb{{Z}}"),
              (rf"x = {k}", rf"x={n}, {letter}\in\mathbb{{Z}}"),
              (rf"{k} (k\in\mathbb{{Z}})", rf"{n}\text{{ for integers }} {letter}"))
        near("renamed", (k, n + r"+\frac{\pi}{7}"), (rf"{k}, k\in\mathbb{{Z}}", rf"{n}, {letter}\in\mathbb{{N}}"),
             (k, f"2({n})"))
equal("renamed", (r"a_n=2n+1", "a_k=2k+1"), ("a_n = 3^n", "a_m=3^m"), ("f(x,y)=x+2y", "f(a,b)=a+2b"),
      (r"-\frac{\pi}{6}+2k\pi, k\in\mathbb{Z}", r"\frac{11\pi}{6}+2n\pi, n\in\mathbb{Z}"),
      (r"(2k+1)\pi, k\in\mathbb{Z}", r"(2n-1)\pi, n\in\mathbb{Z}"),
      (r"x = \frac{\pi}{4} + \frac{k\pi}{2}, k \in \mathbb{Z}", r"x=\frac{(2n+1)\pi}{4}, n\in\mathbb{Z}"),
      (r"30^\circ + 360^\circ k, k\in\mathbb{Z}", r"390^\circ + 360^\circ n, n\in\mathbb{Z}"))
near("renamed", (r"a_n=2n+1", "a_k=2k-1"), ("a_n=2n+1", "b_n=2n+1"), ("f(x,y)=x+2y", "f(a,b)=2a+b"),
     (r"-\frac{\pi}{6}+2k\pi, k\in\mathbb{Z}", r"\frac{5\pi}{6}+2n\pi, n\in\mathbb{Z}"),
     (r"k\pi, k\in\mathbb{Z}", r"2n\pi, n\in\mathbb{Z}"), ("a_n=2n+1", "a_k=2n+1"),
     (r"(2k+1)\pi, k\in\mathbb{Z}", r"2n\pi, n\in\mathbb{Z}"), ("n+m", "n+k"), ("f(x)=x", "f(x)=y"))

# --- arbitrary constants ------------------------------------------------------------------------
for body in ("x^2", r"\ln|x|", r"\frac{x^3}{3}-x", r"\sin x", "e^{2x}", r"-\cos t"):
    equal("constant", *((body + "+C", body + c) for c in
          ("+c", " + K", "+ C_1", r" + \text{constant}", r" + C, C\in\mathbb{R}", r" + \text{const}", "+k")))
    near("constant", (body + "+C", body), (body + "+C", body + "+1"), (body + "+C", f"2({body})+C"),
         (body + "+C", body + "+x"), (body + "+C", body + "+Cx"))
equal("constant", ("C_1 e^{2x}+C_2 e^{-x}", "A e^{2x} + B e^{-x}"), ("c_1\\cos x + c_2\\sin x",
      r"A\cos x+B\sin x"), ("C_1 e^{2x}+C_2 e^{-x}", "C_2 e^{2x} + C_1 e^{-x}"), ("y=Ce^{3x}", "y = Ae^{3x}"),
      ("y = Ce^{3x}", "Ce^{3x}"), (r"\frac{(x+1)^2}{2}+C", r"\frac{x^2}{2}+x+c"),
      (r"\ln(2x)+C", r"\ln x + C"), (r"\sin^2 x + C", r"-\cos^2 x + C"))
near("constant", ("C_1 e^{2x}+C_2 e^{-x}", "A e^{2x} + A e^{-x}"), ("C_1 e^{2x}+C_2 e^{-x}", "A e^{2x}"),
     ("C_1 e^{2x}+C_2 e^{-x}", "A e^{2x} + B e^{x}"), ("y=Ce^{3x}", "y=Ce^{2x}"), ("2C", "2K"),
     ("y=Ce^{3x}", "y=e^{3x}"), ("x^2+C", "y^2+C"), (r"\pi C^2", r"\pi K^2"), ("AB", "CD"),
     (r"\frac{(x+1)^2}{2}+C", r"\frac{x^2}{2}-x+c"), ("y=x^2+C", "z=x^2+C"))

# --- units --------------------------------------------------------------------------------------
SPEED = (r"60 \frac{\text{km}}{\text{h}}", r"60\,\frac{km}{h}", r"60\ \mathrm{km}\cdot\mathrm{h}^{-1}",
         r"60 \text{ km/hr}", r"60 \text{ kilometers per hour}", r"60\,\text{km}\,\text{h}^{-1}", "60 km/h",
         r"60 \,(\text{km/h})", r"60 \left(\frac{\text{km}}{\text{h}}\right)", "60 km⋅h⁻¹", r"\SI{60}{\kilo\metre\per\hour}",
         r"60\text{ км/ч}", r"60\text{ kph}", r"\qty{60}{km/h}")
equal("unit", *((r"60 \text{ km/h}", form) for form in SPEED), *(("60", form) for form in SPEED))
near("unit", *((r"60 \text{ m/s}", form) for form in SPEED), *((r"61 \text{ km/h}", form) for form in SPEED))
for n, unit, forms in ((25, r"\text{ cm}^2", (r"\text{ sq. cm}", r"\text{ sq cm}", r"\left(\mathrm{cm}^{2}\right)",
                        r"\text{ square centimeters}", " cm²", " ㎠", r"\,\text{平方厘米}", r"\ (\text{cm}^2)", r"\text{ кв. см}")),
                       (7, r"\text{ m}^3", (r"\text{ cu. m}", r"\text{ cubic meters}", " m³", r"\text{ 立方米}", "㎥")),
                       (12, r"\text{ days}", ("天", r"\text{ 天}", r"\text{ jours}", r"\text{ Tage}", r"\text{ días}",
                        r"\text{ дней}", r"\text{ days.}", r"\ (\text{days})")),
                       (40, r"\text{ kg}", (r"\text{ 千克}", "公斤", r"\text{ кг}", r"\text{ kilograms}", r"\SI{40}{\kilogram}"[8:] * 0 or r"\,\mathrm{kg}")),
                       (3, r"\text{ hours}", (r"\text{ 小时}", r"\text{ heures}", r"\text{ Stunden}", r"\text{ horas}", r"\text{ часа}", " hrs")),
                       (180, r"\text{ yuan}", ("元", r"\text{ 元}", r"\text{ RMB}")),
                       (8, r"\text{ m}", ("米", r"\text{ mètres}", r"\text{ метров}", r"\text{ metros}", r"\,(\text{m})"))):
    equal("unit", *((f"{n}{unit}", f"{n}{form}") for form in forms), *((str(n), f"{n}{form}") for form in forms))
    near("unit", *((f"{n}{unit}", f"{n + 1}{form}") for form in forms), *((f"{n}" + r"\text{ liters}", f"{n}{form}") for form in forms))
equal("unit", ("5", r"5\ \Omega"), ("5", r"5\,\mu\text{m}"), ("5", r"5\,\text{k}\Omega"), ("90", r"90\text{ foot-pounds}"),
      ("12", r"12\text{ half-hours}"), ("9.8", r"9.8\,\text{m}\cdot\text{s}^{-2}"), (r"9.8\text{ m/s}^2", r"9.8\frac{m}{s^2}"),
      ("42", "42个"), ("42", "42 人"), ("42", r"42\text{ штук}"), (r"20^\circ\text{C}", "20 ℃"), ("6", r"6 \text{ sq. units}"),
      ("6", r"6\text{ cu. in.}"), ("1500", r"1500\ (\text{dollars})"), (r"\$1500", r"1500 \text{ dollars}"),
      (r"2\sqrt{3}\text{ cm}", r"2\sqrt3\ (\text{cm})"), (r"4\pi", r"4\pi \text{ sq. ft}"), ("12", r"12\,\text{円}"))
near("unit", (r"5\text{ days}", "5小时"), (r"5\text{ cm}", r"5\ (\text{m})"), (r"5 \text{ cm}^2", r"5\ (\text{cm}^3)"),
     (r"5\text{ m/s}", r"5 \frac{\text{s}}{\text{m}}"), ("5", r"6\ \Omega"), (r"5\text{ kg}", "5克"), (r"20^\circ\text{C}", "20 ℉"),
     (r"5\text{ yuan}", r"5\text{ dollars}"), (r"5 \text{ km/h}", r"5\frac{\text{km}}{\text{min}}"), ("5", "5m^2+1"), ("5", r"5x"),
     (r"5\text{ hours}", "5分钟"), ("5", "5t"), ("5", "5t^2"), ("5", r"5\frac{m}{n}"), ("5", "5h"), ("12", "12ab"), (r"3\text{ m}", r"3\text{ mètres carrés}"))

# --- Unicode ------------------------------------------------------------------------------------
equal("unicode", ("2^{10}", "2¹⁰"), ("1024", "2¹⁰"), ("x^{n+1}", "xⁿ⁺¹"), ("x^{-2}", "x⁻²"), (r"\frac{7}{8}", "⅞"),
      (r"\frac{1}{9}", "⅑"), (r"\frac{1}{7}", "⅐"), ("2.5", "2½"), (r"\frac{3}{16}", "³⁄₁₆"), (r"\frac{3}{16}", "³/₁₆"),
      ("x_1+x_2", "x₁+x₂"), (r"\log_2 9", "log₂ 9"), ("123", "１２３"), ("-4.5", "−４．５"), ("x+1", "ｘ＋１"), ("(1,2)", "（１，２）"),
      ("x=5", "𝑥＝5"), (r"3\pi", "3𝝅"), ("a+b", "𝒂+𝒃"), ("2n", "2𝑛"), (r"\mathbb{R}", "ℝ"), (r"\sqrt[3]{5}", "∛5"), (r"\sqrt[4]{7}", "∜7"),
      (r"x\le 3", "x≤3"), (r"x\ge3", "x ≧ 3"), (r"x \ne 3", "x≠3"), (r"\{1,2\}", "｛1，2｝"), (r"[1,2)", "［1，2）"), ("50%", "50％"),
      (r"3\times 10^{-5}", "3×10⁻⁵"), (r"3\times10^{-5}", "3·10⁻⁵"), (r"\frac{1}{2}", "1⁄2"), (r"90^\circ", "90˚"), ("x^2y^3", "x²y³"),
      (r"\angle A = 40^\circ", "∠A = 40°"), ("e^{2x}", "e²ˣ"), (r"\{x \mid x > 2\}", "{x | x ＞ 2}"), ("7", "7 ✅"), ("7", "∴ 7"), ("12", "12∎"))
near("unicode", ("2^{10}", "2¹¹"), ("2^{10}", "2^1 0"), ("210", "2¹⁰"), ("2^1", "2¹⁰"), (r"\frac{7}{8}", "⅝"), ("21/2", "2½"),
     ("123", "１２４"), ("x^2", "x₂"), ("x^2", "x2"), ("32", "3²"), (r"\frac{3}{16}", "³⁄₁₇"), (r"3\times10^{-5}", "3×10⁵"),
     ("x_{12}", "x₁₃"), ("7", "7 ❌"), ("x<3", "x＞3"), (r"\sqrt[4]{7}", "∛7"), ("-4", "４"), ("xn+1", "xⁿ⁺¹"))

# --- decimals that repeat -----------------------------------------------------------------------
for whole, part in (("", "3"), ("", "6"), ("1", "6"), ("", "45"), ("", "142857"), ("2", "7"), ("08", "3"), ("", "037"), ("5", "09")):
    value = Fraction(int(whole or 0), 10 ** len(whole)) + Fraction(int(part), (10 ** len(part) - 1) * 10 ** len(whole))
    gold = rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    dotted = rf"\dot{{{part}}}" if len(part) == 1 else rf"\dot{{{part[0]}}}{part[1:-1]}\dot{{{part[-1]}}}"
    bars = "".join(d + "\u0305" for d in part)
    forms = [rf"0.{whole}\overline{{{part}}}", rf"0.{whole}\bar{{{part}}}", f"0.{whole}({part})", f"0.{whole}{dotted}",
             f"0.{whole}{part * 3}...", rf"0.{whole}{part * 2}\ldots", f"0.{whole}{part * 3}…", f"0.{whole}{bars}",
             rf".{whole}\overline{{{part}}}", rf"0.{whole}{part}\overline{{{part}}}", rf"$0.{whole}\overline{{{part}}}$"]
    other = part[:-1] + str((int(part[-1]) + 1) % 10)
    equal("repeating", *((gold, form) for form in forms))
    near("repeating", *((gold, form) for form in (rf"0.{whole}\overline{{{other}}}", f"0.{whole}({other})",
         f"0.{whole}{part * 3}", f"0.{whole}{part * 6}", rf"0.0{whole}\overline{{{part}}}", rf"1.{whole}\overline{{{part}}}",
         f"0.{whole}9({part})", rf"0.{whole}{part}\dot{{{other[-1]}}}", rf"0.\overline{{{whole}{part}}}" if whole else f"0.{other}{part}")))
near("repeating", (r"\frac13", "0.3..."), (r"\frac{1}{7}", "0.1428..."), (r"\pi", "3.14159..."), (r"\sqrt2", r"1.4142\ldots"),
     (r"\frac{1}{6}", "0.16..."), (r"\frac{4}{33}", "0.12..."))
equal("repeating", ("1", "0.999..."), ("3", r"2.\overline{9}"), (r"\frac{5}{11}", r"0.\dot{4}\dot{5}"), (r"-\frac13", r"-0.\overline{3}"))

# --- bases --------------------------------------------------------------------------------------
for digits, base, word in (("2041", 5, "five"), ("1101", 2, "two"), ("777", 8, "eight"), ("3B", 12, "twelve"), ("2A", 16, "hexadecimal"), ("1.1", 2, "two")):
    forms = [rf"{digits}_{{{base}}}", rf"({digits})_{{{base}}}", rf"{digits}\ (\text{{base }}{base})", rf"\text{{{digits} base {base}}}",
             rf"{digits}_{{\text{{base }}{base}}}", rf"{digits} \text{{ in base }} {base}", rf"{digits}_{{\text{{{word}}}}}",
             f"{digits} (base {base})", f"{digits} base {base}", rf"\text{{{digits}}}_{{{base}}}", rf"{digits}_{{({base})}}",
             digits + "".join("₀₁₂₃₄₅₆₇₈₉"[int(d)] for d in str(base)), rf"{digits.lower()}_{{{base}}}", rf"\mathrm{{{digits}}}_{{{base}}}"]
    equal("base", *((forms[0], form) for form in forms[1:]), (forms[0], digits))
    near("base", *((rf"{digits}_{{{base + 1}}}", form) for form in forms), *((digits[:-1] + ("0" if digits[-1] != "0" else "1") + rf"_{{{base}}}", form) for form in forms))
equal("base", ("0x2A", "2A_{16}"), ("0b101", "101_2"), ("0o17", "17_8"), ("101_{10}", "101"))
near("base", ("101_2", "5"), ("2A_{16}", "42"), ("0x2A", "2B_{16}"), ("101_2", "101_3"), ("a_{12}", "a"), ("x_2", "x"))

# --- LaTeX words --------------------------------------------------------------------------------
for value in ("12", r"\frac{3}{7}", "x+1"):
    for form in (r"\huge {v}", r"\Huge{{{v}}}", r"\LARGE {v}", r"\scriptsize {v}", r"\tiny {v}", r"\footnotesize {v}", r"\pmb{{{v}}}",
                 r"\mathop{{{v}}}", r"\mathord{{{v}}}", r"\bold{{{v}}}", r"\textup{{${v}$}}", r"{{\bfseries {v}}}", r"{{\em {v}}}",
                 r"{v}\notag", r"{v}\nonumber", r"\colorbox{{yellow}}{{${v}$}}", r"\fcolorbox{{red}}{{white}}{{${v}$}}", r"\mathbf{{{v}}}",
                 r"\begin{{align*}}{v}\end{{align*}}", r"\begin{{align*}}y&={v}\end{{align*}}", r"\begin{{array}}{{c}}{v}\end{{array}}",
                 r"\begin{{aligned}} y &= {v} \end{{aligned}}", r"\begin{{equation*}}{v}\end{{equation*}}", r"\Rightarrow y = {v}",
                 r"\implies {v}", r"\therefore\ y={v}", r"\displaystyle {v}", r"\boldsymbol{{{v}}}", r"\qquad {v}", r"\mathrm{{{v}}}" if value == "12" else r"{v}\;"):
        equal("latex", (value, form.format(v=value)))
        near("latex", (value, form.format(v={"12": "21", r"\frac{3}{7}": r"\frac{7}{3}", "x+1": "x-1"}[value])))
equal("latex", ("1.2e-3", r"1.2\text{E-3}"), (r"1.2\times10^{-3}", r"1.2\text{e-}3"), (r"1.2\times10^{5}", r"1.2\mathrm{E}5"), ("0.0012", r"\num{1.2e-3}"),
      ("12", r"\num{12}"), ("12", r"\SI{12}{\cm}"), (r"45^\circ", r"\ang{45}"), ("30.25^\\circ", r"\ang{30;15}"),
      (r"x=1,y=2", r"\begin{cases}x=1\\y=2\end{cases}"), ("(1,2)", r"\begin{cases}x=1\\y=2\end{cases}"),
      (r"7", r"\begin{aligned}x&=3+4\\&=7\end{aligned}"))
near("latex", (r"1.2\times10^{-3}", r"1.2\text{E}3"), ("12", r"\num{13}"), (r"(1,2)", r"\begin{cases}x=2\\y=1\end{cases}"), (r"45^\circ", r"\ang{46}"),
     (r"8", r"\begin{aligned}x&=3+4\\&=7\end{aligned}"))

# --- combinatorics, cis, vectors ----------------------------------------------------------------
for n, k in ((10, 3), (7, 2), (52, 5), (6, 6)):
    c, p = str(comb(n, k)), str(perm(n, k))
    cs = (rf"C_{{{n}}}^{{{k}}}", rf"C_{{{n}}}^{k}", rf"C^{{{k}}}_{{{n}}}"[:0] or rf"\binom{{{n}}}{{{k}}}", rf"{{}}_{{{n}}}C_{{{k}}}", rf"{{}}^{{{n}}}C_{{{k}}}", rf"^{{{n}}}C_{{{k}}}",
          rf"{n} \choose {k}", rf"{{{n} \choose {k}}}", rf"C({n},{k})", rf"\mathrm{{C}}_{{{n}}}^{{{k}}}", f"{n}C{k}", rf"\dbinom{{{n}}}{{{k}}}")
    ps = (rf"A_{{{n}}}^{{{k}}}", rf"P_{{{n}}}^{{{k}}}", rf"{{}}_{{{n}}}P_{{{k}}}", rf"{{}}^{{{n}}}P_{{{k}}}", rf"P({n},{k})", f"{n}P{k}", rf"\frac{{{n}!}}{{{n - k}!}}", rf"\mathrm{{A}}_{{{n}}}^{{{k}}}")
    equal("counting", *((c, form) for form in cs), *((p, form) for form in ps))
    near("counting", *((str(comb(n, k) + 1), form) for form in cs), *((str(perm(n, k) - 1), form) for form in ps))
equal("counting", (r"\binom{n}{2}", "C_n^2"), (r"\binom{n}{k}", r"{}^nC_k"), (r"\binom{n}{k}", "{}_nC_k"), (r"\frac{n!}{(n-k)!}", "{}_nP_k"))
near("counting", (r"\binom{n}{2}", "C_n^3"), (r"\binom{n}{k}", "{}_nP_k"), ("120", "A_{10}^3"), ("720", "C_{10}^3"), (r"C_1^2", "2"))
equal("cis", (r"2e^{i\pi/3}", r"2\operatorname{cis}\frac{\pi}{3}"), (r"1+i\sqrt3", r"2\text{cis}60^\circ"), ("i", r"\operatorname{cis}90^\circ"),
      (r"\operatorname{cis}\left(\frac{\pi}{4}\right)", r"\frac{1+i}{\sqrt2}"), ("-1", r"\mathrm{cis}(\pi)"), (r"3\,\text{cis}\,120^\circ", r"3\left(\cos 120^\circ + i\sin 120^\circ\right)"))
near("cis", (r"2e^{i\pi/3}", r"2\operatorname{cis}\frac{\pi}{6}"), (r"1+i\sqrt3", r"2\text{cis}30^\circ"), ("1", r"\operatorname{cis}90^\circ"), (r"2e^{i\pi/3}", r"3\operatorname{cis}\frac{\pi}{3}"))
equal("vector", *((r"\langle 3,-4\rangle", form) for form in (r"3\mathbf{i}-4\mathbf{j}", r"3\hat{i}-4\hat{j}", r"3\vec{i}-4\vec{j}", r"3\hat{\imath}-4\hat{\jmath}",
      r"3\hat{\mathbf{i}} - 4\hat{\mathbf{j}}", "3i-4j", r"\begin{pmatrix}3\\-4\end{pmatrix}", r"\hat i\cdot 3-4\hat j")),
      ("(1,0,2)", r"\mathbf{i}+2\mathbf{k}"), (r"\mathbf{i}+2\mathbf{k}", r"\hat{i}+2\hat{k}"), (r"2\mathbf{i}+\mathbf{j}-\mathbf{k}", r"\begin{pmatrix}2\\1\\-1\end{pmatrix}"))
near("vector", *((r"\langle 3,-4\rangle", form) for form in (r"3\mathbf{i}+4\mathbf{j}", r"4\hat{i}-3\hat{j}", r"-4\hat{i}+3\hat{j}", r"3\vec{i}-4\vec{k}", "3-4i",
      r"3\mathbf{i}-4\mathbf{j}+\mathbf{k}", r"3\mathbf{i}")), ("(1,0,2)", r"\mathbf{i}+2\mathbf{j}"), ("(1,2)", r"\mathbf{i}+2\mathbf{k}"))

# --- ratios, choices, degrees, congruences ------------------------------------------------------
equal("ratio", ("3:4", r"3 \text{ to } 4"), ("3:4", "3 to 4"), ("3:4", r"6\text{ to }8"), ("2:3:5", "2 to 3 to 5"), (r"\frac34", "3 to 4"))
near("ratio", ("3:4", "4 to 3"), ("3:4", "3 to 5"), ("3:4", "3, 4"), ("2:3:5", "2 to 3"), ("34", "3 to 4"))
equal("choice", ("ACD", "A, C, D"), ("A,C,D", "ACD"), ("AC", "A and C"), ("ACD", "(A), (C), (D)"), ("BD", r"\text{B, D}"), ("ABD", r"\text{A}, \text{B}, \text{D}"),
      ("ACD", "D, A, C"), ("BC", "B & C"), ("AB", "A B"), ("ACD", r"\textbf{ACD}"), ("ABCD", "A, B, C, D"))
near("choice", ("ACD", "A, C"), ("ACD", "A, B, D"), ("ACD", "A, C, D, E"), ("AC", "A or C"), ("A", "ACD"), ("AC", "A"), ("BD", "B"), ("ABC", "ABD"), ("B", "A, B, C, D"), ("CAB", "A, B, C"))
equal("angle", (r"30^\circ 15'", r"30.25^\circ"), ("30°15′", r"30^\circ15'"), (r"30^\circ 15' 36''", "30.26°"), (r"12^\circ30'", r"12.5^\circ"), ("30°15'36\"", r"30.26^\circ"),
      (r"45^{\circ} 30^{\prime}", r"45.5^\circ"), ("30 degrees 15 minutes", r"30.25^\circ"), (r"53^{\circ}7^{\prime}48^{\prime\prime}", r"53.13^\circ"))
near("angle", (r"30^\circ 15'", r"30.15^\circ"), (r"30^\circ 15'", r"30^\circ 16'"), (r"30^\circ 15' 36''", r"30^\circ 15' 37''"), ("30°15'", r"15^\circ 30'"), (r"30^\circ15'", r"30^\circ"))
equal("congruence", (r"x\equiv3\pmod5", r"3\pmod 5"), (r"x\equiv3\pmod5", r"x \equiv 3 \mod 5"), (r"x\equiv3\pmod5", r"x\equiv 8\ (\text{mod } 5)"), (r"x\equiv3\pmod{5}", "x ≡ 3 (mod 5)"),
      (r"3\pmod5", r"13 \pmod{5}"))
near("congruence", (r"x\equiv3\pmod5", r"3\pmod 7"), (r"x\equiv3\pmod5", r"2\pmod 5"), (r"x\equiv3\pmod5", "3"), (r"x\equiv3\pmod5", r"y\equiv3\pmod5"), ("x ≡ 3 (mod 5)", "x ≡ 3 (mod 10)"))

# --- relations, intervals, sets -----------------------------------------------------------------
equal("region", (r"[0,\infty)", r"\mathbb{R}_{\ge0}"), (r"(0,\infty)", r"\mathbb{R}^+"), (r"(0,\infty)", r"\mathbb{R}_{>0}"), (r"(0,\infty)", r"\mathbb{R}_{+}"), (r"(-\infty,0)", r"\mathbb{R}^-"),
      (r"x \neq 0", r"\mathbb{R}\setminus\{0\}"), (r"(2,5)", r"\{x\in\mathbb{R} \mid 2<x<5\}"), (r"(2,5)", r"\{x : 2 < x < 5\}"), (r"[2,\infty)", r"\{x : x\ge 2\}"), (r"(-\infty,1)\cup(1,\infty)", r"\{x\in\mathbb{R} : x\ne 1\}"),
      (r"\mathbb{R}\setminus\{1,2\}", r"x\neq 1, x\neq 2"), (r"(-\infty,2)\cup(2,\infty)", r"x\in\mathbb{R}, x\ne2"), (r"(2,5)", r"2<x \text{ and } x<5"), (r"(2,5)", r"x \in ]2,5["), (r"[2,5]", r"5 \ge x\ge 2"),
      (r"[2,5]", r"\left\{x \,\middle|\, 2\le x\le 5\right\}"), (r"\mathbb{Z}^+", r"\{1,2,3,\ldots\}" if False else r"\mathbb{Z}_{>0}"), (r"(1,2),(3,4)", r"x=1,y=2 \text{ or } x=3,y=4"),
      ("(1,2),(3,4)", "x=1, y=2; x=3, y=4"), ("(1,2),(3,4)", r"(x,y)=(1,2) \text{ or } (x,y)=(3,4)"), ("(1,2),(3,4)", r"(x,y)\in\{(1,2),(3,4)\}"), ("(1,2),(3,4)", r"(x,y)=(3,4),(1,2)"),
      (r"x=2", r"\{2\}"), (r"\{2n : n\in\mathbb{Z}\}", r"\{x : x = 2k, k\in\mathbb{Z}\}"), (r"0\le x\le 1", r"0\leq y\leq 1" if False else r"1\ge x\ge0"), (r"x>3", r"x \in (3, +\infty)"))
near("region", (r"[0,\infty)", r"\mathbb{R}_{>0}"), (r"(0,\infty)", r"\mathbb{R}_{\ge 0}"), (r"(0,\infty)", r"\mathbb{R}^-"), (r"(0,\infty)", r"\mathbb{R}"), (r"(2,5)", r"\{x : 2 \le x < 5\}"), (r"(2,5)", r"\{x : 2<x<6\}"),
     (r"\mathbb{R}\setminus\{1,2\}", r"x\neq 1"), (r"\mathbb{R}\setminus\{1\}", r"\mathbb{R}\setminus\{2\}"), ("(1,2),(3,4)", r"x=1,y=4 \text{ or } x=3,y=2"), ("(1,2),(3,4)", "x=1, y=2"), ("(1,2),(3,4)", "x=1, y=2, x=3"),
     ("(1,2),(3,4)", r"x=1,y=3 \text{ or } x=2,y=4"), (r"\mathbb{Z}^+", r"\mathbb{Z}"), (r"\mathbb{Z}^+", r"\mathbb{R}^+"), (r"\mathbb{Z}^+", r"\mathbb{Z}_{\ge0}"), (r"\{2n : n\in\mathbb{Z}\}", r"\{x : x = 3k, k\in\mathbb{Z}\}"),
     ("(1,2),(3,4)", "x=2, y=1; x=4, y=3"), (r"x>3", r"\{x : x \ge 3\}"), (r"x\ne1", r"x=1"))

# --- whole completions --------------------------------------------------------------------------
for n in ("128", "7", "-3"):
    ends("unboxed", True, *((n, form.format(v=n)) for form in (
        "Thus, {v}", "Hence {v}.", "→ {v}", "⇒ {v}", "∴ {v}", "**{v}**", "__{v}__", "***{v}***", "Answer: __{v}__", "**Answer:** {v}", "The answer is {v}, as required.",
        "So the answer is **{v}**.", "The final answer must be {v}.", "The answer is therefore {v}.", "Ans: {v}", "ANS. {v}", "Answer → {v}", "The answer is <b>{v}</b>.", "> **{v}**", "Final answer: `{v}`",
        "The answer is {v} ✅", "The answer is {v} (see above).", "Therefore the count is **{v}**.", "So there are **{v}** of them.", "- **Answer**: {v}", "### Answer\n\n{v}", "**Final Answer**\n\n$${v}$$",
        "The answer equals {v}.", "So x = {v}.", "Therefore, $x = {v}$.", "In conclusion, the result is {v}.", "Result: {v}", "#### {v}", "The answer should be {v}!", "Answer = {v}", "*Answer*: {v}\n\nQED",
        "答案：{v}", "答案是{v}。", "所以答案为 {v}。", "因此，最终答案是 ${v}$。", "答えは{v}です。", "답: {v}", "정답은 {v}입니다.", "Ответ: {v}", "Ответ: **{v}**.", "Antwort: {v}", "Die Antwort ist {v}.", "La réponse est {v}.",
        "Réponse : {v}", "La respuesta es {v}.", "Respuesta: {v}", "A resposta é {v}.", "La risposta è {v}.", "Đáp án: {v}", "Odpowiedź: {v}", "Svar: {v}", "Cevap: {v}", "Antwoord: {v}", "Jawaban: {v}")))
    ends("unboxed", False, *((n, form.format(v=n, w=int(n) + 1)) for form in (
        "The answer is {v} or {w}.", "Either {v} or {w}.", "Answer: {v}, {w}", "It could be {v} or {w}", "**{w}**", "The answer is {w}.", "答案：{w}", "Ответ: {w}", "So it is $ {v} $ or $ {w} $.", "The answer is **{v}** or **{w}**.",
        "The answer is {v}. Or maybe {w}.", "Candidates: {v}, {w}", "{v}, {w}", "I am not sure; perhaps {v}, perhaps {w}.", "The answer is not {v}.", "Antwort: {v} oder {w}", "So there are **{v}** or **{w}** ways.", "Answer: between {v} and {w}")))
ends("boxes", True, ("(1,2)", r"So $x=\boxed{1}$ and $y=\boxed{2}$."), ("1,2", r"The roots are $\boxed{1}$ and $\boxed{2}$."), (r"\{1,2,3\}", r"$\boxed{3}$, $\boxed{1}$, $\boxed{2}$"),
     ("x=1,y=2", r"$y=\boxed{2}$, $x=\boxed{1}$"), ("(1,2)", r"$y = \boxed{2}$ and $x = \boxed{1}$"), ("7", r"First \boxed{5}, but no: \boxed{7}."), ("7", r"\boxed{7} \boxed{7}"), ("5, 8", r"(a) $\boxed{5}$ (b) $\boxed{8}$"),
     ("(3,4)", r"\boxed{(3,4)}"), ("2, 1", r"The maximum is \boxed{2} and the minimum is \boxed{1}."), ("1,2", r"\boxed{1} or \boxed{2}"), ("(2,-1)", r"$a=\boxed{2}$, $b=\boxed{-1}$"))
ends("boxes", False, ("1,2,3", r"$\boxed{1}$ and $\boxed{2}$"), ("(1,2)", r"$\boxed{2}$ and $\boxed{1}$"), ("(1,2)", r"$y=\boxed{1}$, $x=\boxed{2}$"), ("1,2", r"Maybe \boxed{1}. Wait, actually \boxed{2}"), ("5", r"\boxed{3} or \boxed{5}"),
     ("5", r"\boxed{5} or \boxed{3}"), ("1,2", r"I guess \boxed{1}." + "\n" * 3 + r"Let me check again. Therefore \boxed{2}."), ("7", r"\boxed{7}, then \boxed{5}"), ("1,2", r"\boxed{1}"), ("1", r"\boxed{1} and \boxed{2}"),
     ("1,2", r"$2x = \boxed{1}$ gives $\boxed{3}$"), ("12", r"$\boxed{1}\boxed{2}$"), (r"\{1,2\}", r"$\boxed{1}$, $\boxed{2}$, $\boxed{3}$"), ("1,2", r"\boxed{1}, not \boxed{2}"))
ends("solution", True, (r"We add: $3+4=7$. The answer is $\boxed{7}$.", r"\boxed{7}"), ("Step 1: 3 + 4 = 7.\n#### 7", r"\boxed{7}"), ("First we note that 3 and 4 are coprime. Hence the answer is 12.", r"\boxed{12}"),
     (r"Thus $x = \boxed{1}$ and $y=\boxed{2}$.", r"\boxed{(1,2)}"), ("The sum is 3+4.\nTherefore the total is 7.\n\nAnswer: 7", r"\boxed{7}"))
ends("solution", False, (r"We add: $3+4=7$. The answer is $\boxed{7}$.", r"\boxed{3}"), ("Step 1: 3 + 4 = 7.\n#### 7", r"\boxed{4}"), (r"Thus $x = \boxed{1}$ and $y=\boxed{2}$.", r"\boxed{2}"),
     ("First we note that 3 and 4 are coprime. Hence the answer is 12.", r"\boxed{3}"))


def write(name, rows):
    path = Path(__file__).resolve().parent.parent / "cases" / name
    unique = list({json.dumps(row, ensure_ascii=False): None for row in rows})
    path.write_text("\n".join(unique) + "\n", encoding="utf-8")
    print(f"{name}: {len(unique)}")


write("forms_equal.jsonl", EQUAL)
write("forms_near.jsonl", NEAR)
write("ends.jsonl", ENDS)
