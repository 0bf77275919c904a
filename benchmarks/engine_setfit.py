"""SetFit's own training, for `engine_training.py --few --setfit PYTHON`, in an interpreter that has setfit.

Arguments: folder of the encoder, steps. Standard input: JSON with texts, labels and asked. The last line of
standard output: JSON with the label of each text that was asked for, and processor seconds of the training.
"""

import json
import os
import sys
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", TOKENIZERS_PARALLELISM="false")
os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")

import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from setfit import SetFitModel, Trainer, TrainingArguments  # noqa: E402

PAIRS = 64  # in a step, as in the stage it is compared with


def main(folder: str, steps: int) -> None:
    torch.set_num_threads(1)
    given = json.load(sys.stdin)
    model = SetFitModel.from_pretrained(folder, device="cpu")
    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            place, batch_size=(PAIRS, 2), max_steps=steps, save_strategy="no", report_to="none", seed=0
        )
        rows = Dataset.from_dict({"text": given["texts"], "label": given["labels"]})
        trainer = Trainer(model, arguments, train_dataset=rows)
        started = time.process_time()
        trainer.train()
        seconds = time.process_time() - started
    said = [int(label) for label in model.predict(given["asked"])]
    print(json.dumps({"said": said, "cpu_seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
