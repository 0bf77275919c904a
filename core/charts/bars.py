"""What the bars of the words that mattered show; known without the library that draws them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One word or phrase as it is drawn."""

    word: str
    weight: float
    amount: str  # the weight as the unit says it
    shade: float  # -1 against .. 1 for; 0: too weak for a colour


@dataclass(frozen=True)
class Scale:
    """What the bars measure and which way they point."""

    unit: str
    label: str  # what a bar to the right speaks for
    against: str = ""  # the label that a bar to the left speaks for; "": it speaks against `label`
    signed: bool = True  # False: nothing can speak against the label
    factor: bool = False  # a weight w is a factor e^w

    def says(self, weight: float) -> str:
        if weight >= 0:
            return f"speaks for {self.label}"
        return f"speaks for {self.against}" if self.against else f"speaks against {self.label}"
