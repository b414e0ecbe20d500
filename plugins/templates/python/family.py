"""The family `@NAME@`: a word is given, its mirror image is asked. Replace it by your own."""

from string import ascii_lowercase

from quaero import Family, Kind, Rejected, Task, right, unparsable, wrong

# What the seed model is asked with. It was primed on tasks about Python functions and knows their
# marks (<|solve-deduction|>, <|propose-deduction|>) and where an answer to them ends, so the task
# is put to it as one. For a pretrained model write what you want in words.
PROGRAM = "```python\ndef f(s):\n    return s[::-1]\n```\n"


def block(kind, word):
    return f"```{kind}\n'{word}'\n```\n"


class Mirror(Family):
    name = "@NAME@"
    summary = "Words and their mirror images"
    kinds = [Kind("mirror", "a word is given, its letters in reverse order are asked")]
    options = {"letters": ascii_lowercase, "len_max": 6}

    def is_word(self, text):
        fits = 2 <= len(text) <= self.options["len_max"]
        return fits and all(letter in self.options["letters"] for letter in text)

    def read(self, completion, kind):
        """The word of a completion (None where there is none) and whether it kept the format. It may
        stand in quotes, as the seed model has them."""
        word, format = completion.block(kind)
        if word and word[0] == word[-1] == "'":
            word = word[1:-1]
        return (word, format) if word and self.is_word(word) else (None, False)

    def task(self, word, format=True):
        """A task with all that belongs to it. Metrics say how hard it may be."""
        metrics = {"n_letters": len(word), "n_different": len(set(word))}
        return Task({"word": word}, {"mirror": word[::-1]}, format=format, metrics=metrics)

    def seeds(self, kind):
        """Words of two and three of the first letters that are not their own mirror image."""
        letters = self.options["letters"][:3]
        pairs = [a + b for a in letters for b in letters]
        words = pairs + [pair + c for pair in pairs for c in letters]
        return [self.task(word) for word in words if self.is_word(word) and word != word[::-1]]

    def ask_for_a_task(self, opening):
        words = [public["word"] for public, _ in opening.references]
        shown = "".join(PROGRAM + block("input", w) + block("output", w[::-1]) for w in words)
        return f"{shown}<|propose-deduction|>{PROGRAM}```input\n"

    def ask_for_an_answer(self, opening):
        asked = block("input", opening.public["word"])
        return f"<|solve-deduction|>{PROGRAM}{asked}```output\n"

    def judge_proposal(self, opening, completion):
        word, format = self.read(completion, "input")
        if word is None:
            return Rejected("parse", "no block with a word in it")
        if word == word[::-1]:
            return Rejected("trivial", "the word is its own mirror image")
        if any(public["word"] == word for public, _ in opening.references):
            return Rejected("copies_reference", "it is one of the references")
        return self.task(word, format)

    def judge_answer(self, opening, secret, completion):
        word, format = self.read(completion, "output")
        if word is None:
            return unparsable("no block with a word in it")
        if word != secret["mirror"]:
            return wrong("another word", format)
        return right(format)
