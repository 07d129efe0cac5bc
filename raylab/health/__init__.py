"""The checks of `raylab doctor`. A check is a pure function from facts to a `Finding`.

- `doctor`: gathers the facts and calls the checks.
- `access`: who else can use what runs here. `rays`: the Ray clusters on this machine.
- `machine`: disks, memory, clocks, GPUs. `versions`: installed packages.
- `study`: the folder of a study.
- `finding`: the result of a check.
"""
