"""Every constant of the insights in one place; the appendix of a report prints them."""

from dataclasses import asdict, dataclass

SEVERAL = "several_labels"  # among the settings of insights whose comments may carry several themes


@dataclass(frozen=True)
class InsightSettings:
    """Defaults as measured for the counting rules; change one and the run's numbers change."""

    seed: int = 0
    range_level: float = 0.90  # of every range

    # counts
    bootstrap_draws: int = 60
    em_steps: int = 500  # of the point
    em_tolerance: float = 1e-6  # mean change of a share in one step
    draw_em_steps: int = 60  # of each bootstrap draw
    draw_em_tolerance: float = 1e-5
    adapt_from_accuracy: float = 0.70  # balanced accuracy from which EMQ is the point, else PCC
    probability_floor: float = 1e-9
    label_em_steps: int = 60  # several labels a comment: of the point and of each draw
    label_floor: float = 1e-4  # several labels a comment: probabilities and shares stay this far from 0 and 1
    unsure_below: float = 0.50  # largest probability of a row that fits no theme well

    # trends
    min_week_rows: int = 20  # median week below this: months
    min_day_rows: int = 20
    min_expected_rows: int = 5  # a period with fewer rows shows no share
    min_periods: int = 3
    min_mover_rows: int = 20  # rows in a third before its theme is said to rise or fall
    day_span_days: int = 9  # up to this span the periods are days
    min_span_days: int = 21  # below this span there is no weekly or monthly trend

    # segments
    shrink_rows: float = 20.0  # a: rows of the overall mix added to each segment value
    small_segment_rows: int = 20
    over_ratio: float = 1.3
    false_discovery_rate: float = 0.10
    max_segment_values: int = 12
    min_language_rows: int = 20

    # ratings
    min_rated_rows: int = 5
    rating_prior_rows: float = 2.0  # weight of the overall variance in a theme's variance

    # words
    quotes_per_theme: int = 5
    quote_probability: float = 0.60
    quote_relevance: float = 0.70  # lambda of maximal marginal relevance
    quote_pool: int = 200  # most probable rows a theme's quotes are picked from
    quote_min_words: int = 6
    quote_max_words: int = 40
    quote_length_penalty: float = 0.30  # taken off the relevance of shorter or longer rows
    words_per_theme: int = 5
    words_max_ngram: int = 3
    words_diversity: float = 0.30
    words_rows_per_theme: int = 2000  # evenly spaced rows that are read
    words_min_rows: int = 2  # a phrase must stand in this many rows

    def as_dict(self) -> dict[str, int | float]:
        """Scalars only, so that it survives JSON unchanged."""
        return asdict(self)
