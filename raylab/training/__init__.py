"""Training of a trial: the loop, its state on disk, and the processes that run it.

- `loop` trains any model family; `updates/` has its optimizer and schedule.
- `keeping` decides which validation's model is kept and when training stops early.
- `checkpoints`, `model_files` and `reports` are what a trial has on disk; `model` is a trained
  model as users hold it.
- `worker` runs a trial in one process, `launch` over several workers under Ray Train (with `gate`,
  `comm`, `groups` and `ray_private`), `chain` from its beginning to a step, `arrays` on arrays in
  memory.
- `candidates` is the file of what a trial's settings predicted on held-out samples.
- `measuring` measures what a trial costs.
"""
