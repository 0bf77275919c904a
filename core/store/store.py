"""The store: one value that carries the engines and one repository for each kind of thing."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from core.store.accounts import Accounts
from core.store.database import migrate, open_engines
from core.store.datasets import Datasets
from core.store.embeddings import Embeddings
from core.store.explanations import Explanations
from core.store.held_out import HeldOutRows
from core.store.jobs import Jobs
from core.store.labels import Labels
from core.store.mappings import Mappings
from core.store.people import People
from core.store.predictions import Predictions
from core.store.promotions import Promotions
from core.store.reports import Reports
from core.store.runs import Runs
from core.store.staging import Staging


@dataclass(frozen=True)
class Store:
    url: str
    engine: Engine
    full_engine: Engine
    read_engine: Engine
    bulk_engine: Engine
    datasets: Datasets
    staging: Staging
    accounts: Accounts
    mappings: Mappings
    people: People
    labels: Labels
    runs: Runs
    predictions: Predictions
    held_out: HeldOutRows
    promotions: Promotions
    embeddings: Embeddings
    explanations: Explanations
    reports: Reports
    jobs: Jobs

    def close(self) -> None:
        for engine in (self.engine, self.full_engine, self.read_engine, self.bulk_engine):
            engine.dispose()


def open_store(url: str, data_dir: Path) -> Store:
    """Migrate, then open. Raises StoreError when the database cannot be used."""
    migrate(url, data_dir)
    engines = open_engines(url)
    return Store(
        url=url,
        engine=engines.write,
        full_engine=engines.full,
        read_engine=engines.read,
        bulk_engine=engines.bulk,
        datasets=Datasets(engines),
        staging=Staging(engines),
        accounts=Accounts(engines),
        mappings=Mappings(engines),
        people=People(engines),
        labels=Labels(engines),
        runs=Runs(engines),
        predictions=Predictions(engines),
        held_out=HeldOutRows(engines),
        promotions=Promotions(engines),
        embeddings=Embeddings(engines),
        explanations=Explanations(engines),
        reports=Reports(engines),
        jobs=Jobs(engines),
    )
