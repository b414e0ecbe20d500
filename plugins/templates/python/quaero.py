"""What the author of a task family in Python imports: `Family` to derive from, and the words it
speaks in. The contract itself is `wit/family.wit`; `export` turns a `Family` into the component's
class `Play`.

A family is a pure function of its options and its arguments: it keeps nothing between calls, it
reads no clock, no file and no network (there are none), and what a model wrote is data: it ends in
a `Verdict` or a `Rejected`, never in an exception. An exception is a fault: counted, and worth
nothing to anybody.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Kind:
    """One kind of task. `references_from` names the kinds whose tasks a proposer is shown (its own
    where there are none), `references_exactly` how many (0 leaves it to the configuration)."""

    name: str
    summary: str
    references_from: list = field(default_factory=list)
    references_exactly: int = 0


@dataclass
class Task:
    """A task. `public` is all that a solver sees, `secret` what only the judge sees: two dicts of
    plain JSON data. Tasks with equal `key` are the same; by default that is the public half."""

    public: dict
    secret: dict
    key: str = ""
    format: bool = True
    metrics: dict = field(default_factory=dict)


@dataclass
class Rejected:
    """A proposal that is no task. `cause` is a short name, the same for the same mistake."""

    cause: str
    detail: str = ""


@dataclass
class Verdict:
    """What an answer is worth: a score from 0 to 1, and `ok`, `wrong`, `unparsable`, `timeout` or
    `crashed`. `format` says whether the completion kept the demanded form."""

    score: float
    status: str
    reason: str = ""
    format: bool = True


def right(format=True):
    """The answer is right."""
    return Verdict(1.0, "ok", "", format)


def wrong(reason="", format=True):
    """The answer could be read and is wrong."""
    return Verdict(0.0, "wrong", reason, format)


def unparsable(reason):
    """There is no answer to be read."""
    return Verdict(0.0, "unparsable", reason, False)


@dataclass
class Opening:
    """What opens an episode: for a solver the `public` half of a task, for a proposer `references`,
    a list of (public, secret). The same `seed` gives the same episode."""

    kind: str
    seed: int
    public: dict = None
    references: list = field(default_factory=list)


@dataclass
class Completion:
    """What a model wrote; `truncated` if it was cut at the length limit."""

    text: str
    truncated: bool = False

    def block(self, kind):
        """The text of the first fenced block, and whether there is nothing else, for a prompt that
        ended with the opening fence of a `kind` block. (None, False) where there is none whole."""
        text = self.text.replace("\r\n", "\n")
        if text.startswith("```" + kind + "\n"):
            text = text[len(kind) + 4 :]
        content, fence, rest = ("\n" + text).partition("\n```")
        if not fence and self.truncated:
            return None, False
        return content.strip(), bool(fence) and not rest.strip() and not self.truncated


class Family:
    """A task family. Fill in the names and the methods."""

    name = ""
    version = "0.1.0"
    license = "MIT OR Apache-2.0"
    summary = ""
    kinds = []
    # What it asks of the host: "interpreter" runs programs. Granted in the configuration alone.
    capabilities = []
    # Options and their defaults; `self.options` holds what is configured.
    options = {}

    def seeds(self, kind):
        """The tasks that a run starts from: a list of `Task`."""
        return []

    def ask_for_a_task(self, opening):
        """The proposer's prompt. A ValueError refuses to open the episode."""
        raise NotImplementedError

    def ask_for_an_answer(self, opening):
        """The solver's prompt."""
        raise NotImplementedError

    def judge_proposal(self, opening, completion):
        """A `Task` or `Rejected`."""
        raise NotImplementedError

    def judge_answer(self, opening, secret, completion):
        """A `Verdict`."""
        raise NotImplementedError

    def key(self, kind, public, secret):
        """What makes two tasks the same, and what must not leak from a held-out one."""
        return json.dumps(public, sort_keys=True)

    def configure(self, text):
        """Reads a JSON object over the defaults; a ValueError names the key that is wrong."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{self.name}: options are no JSON: {error}") from None
        if not isinstance(given, dict):
            raise ValueError(f"{self.name}: options are a JSON object, got {given!r}")
        self.options = dict(type(self).options)
        for key, value in given.items():
            if key not in self.options:
                known = ", ".join(sorted(self.options)) or "none"
                raise ValueError(f"{self.name}: unknown option `{key}`; known are: {known}")
            wanted = type(self.options[key])
            if type(value) is not wanted:
                name = wanted.__name__
                raise ValueError(f"{self.name}: option `{key}`: expected {name}, got {value!r}")
            self.options[key] = value


def only(module):
    """The one class derived from `Family` that `module` makes."""
    made = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Family) and value.__module__ == module.__name__
    ]
    if len(made) != 1:
        names = ", ".join(value.__name__ for value in made) or "none"
        raise TypeError(f"{module.__name__}.py must hold one class derived from Family; it holds {names}")
    return made[0]


def cases(folder):
    """The golden cases of `cases/accept` and `cases/reject` beside the file `folder`, read when the
    component is built: the host plays them whenever it loads the family."""
    files = sorted(Path(folder).parent.glob("cases/*/*.json"))
    named = [(f"{file.parent.name}/{file.stem}", file.read_text(encoding="utf-8")) for file in files]
    return [(name, json.loads(text)) for name, text in named]


def export(family, golden):
    """The component's class, which `componentize-py` looks for as `Play`."""
    from componentize_py_types import Err, Ok
    from wit_world.imports import vocabulary as words

    def opening(given):
        load = lambda half: json.loads(half) if half else None
        references = [(load(pair.public), load(pair.secret)) for pair in given.references]
        public = None if given.role is words.Role.PROPOSE else load(given.public)
        return Opening(given.kind, given.seed, public, references)

    def wire(half):
        return json.dumps(half, ensure_ascii=False, separators=(",", ":"))

    def proposed(self, kind, task):
        key = task.key or self.key(kind, task.public, task.secret)
        held_out = self.key(kind, task.public, task.secret)
        metrics = [words.Metric(name, float(value)) for name, value in task.metrics.items()]
        public, secret = wire(task.public), wire(task.secret)
        return words.Proposed(public, secret, key, held_out, task.format, metrics)

    def reply(self, episode):
        given, completion = episode.opening, Completion(episode.completion, episode.truncated)
        if given.kind not in [kind.name for kind in self.kinds]:
            return words.Reply_Fault(f"no kind {given.kind!r} in the family {self.name}")
        if given.role is words.Role.SOLVE:
            try:
                secret = json.loads(episode.secret)
            except ValueError:
                return words.Reply_Fault("the secret half of the task is no JSON")
            said = self.judge_answer(opening(given), secret, completion)
            status = words.Status[said.status.upper()]
            return words.Reply_Verdict(
                words.Verdict(said.score, status, said.reason, said.format)
            )
        said = self.judge_proposal(opening(given), completion)
        if isinstance(said, Rejected):
            return words.Reply_Rejected(words.Rejection(said.cause, said.detail))
        return words.Reply_Proposed(proposed(self, given.kind, said))

    def refusals(call):
        try:
            return Ok(call())
        except (ValueError, KeyError, TypeError) as error:
            return Err(f"{type(error).__name__}: {error}")

    def episode(kind, role, case):
        half = lambda name: wire(case[name]) if name in case else ""
        references = [
            words.Pair(wire(pair["public"]), wire(pair["secret"]))
            for pair in case.get("references", [])
        ]
        start = words.Opening(kind, role, case.get("seed", 0), half("public"), references)
        cut = case.get("truncated", False)
        return words.Episode(start, half("secret"), [], case["completion"], cut)

    def read(name, case):
        role = words.Role.PROPOSE if case["role"] == "propose" else words.Role.SOLVE
        return words.Golden(name, episode(case["kind"], role, case), case["expect"])

    class Play:
        """The interface `play` of `wit/family.wit`."""

        def __init__(self):
            self.family = family()
            self.are_defaults = True

        def configure(self, options):
            try:
                self.family.configure(options)
            except ValueError as error:
                raise Err(str(error)) from None
            self.are_defaults = self.family.options == type(self.family).options

        def describe(self):
            this = self.family
            kinds = [
                words.Kind(kind.name, kind.summary, kind.references_from, kind.references_exactly)
                for kind in this.kinds
            ]
            # Cases hold under the defaults.
            cases = [read(name, case) for name, case in golden] if self.are_defaults else []
            return words.Manifest(
                this.name,
                this.version,
                this.license,
                this.summary,
                kinds,
                this.capabilities,
                cases,
            )

        def seeds(self, kind):
            return [proposed(self.family, kind, task) for task in self.family.seeds(kind)]

        def holdout(self, kind, tasks):
            def key(pair):
                return self.family.key(kind, json.loads(pair.public), json.loads(pair.secret))

            return [refusals(lambda pair=pair: key(pair)) for pair in tasks]

        def open(self, openings):
            def prompt(given):
                this = self.family
                if given.kind not in [kind.name for kind in this.kinds]:
                    raise ValueError(f"no kind {given.kind!r} in the family {this.name}")
                propose = given.role is words.Role.PROPOSE
                ask = this.ask_for_a_task if propose else this.ask_for_an_answer
                return ask(opening(given))

            return [refusals(lambda given=given: prompt(given)) for given in openings]

        def step(self, episodes):
            return [reply(self.family, episode) for episode in episodes]

    return Play
