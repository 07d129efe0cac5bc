"""The runner of pages: what it runs, compares and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_blocks import page_blocks
from page_output import differences, missing_words
from page_run import PageRun

PAGE = """\
<!-- starts from: ds -->

```yaml title="a.yaml"
key: 1
```

```bash
for i in 0 1; do raylab --version; done   # twice
cat a.yaml
```

```text title="Output"
key: 7
...
raylab, version 9.9.9
```

```python
value = 2
print(f"value {value}")
```

<!-- not run: needs a
  network -->
```bash
raylab no-such-verb
```

```python
print(value + 1)
```
"""


def test_blocks_are_read() -> None:
    blocks = page_blocks(PAGE)
    assert [block.language for block in blocks] == [
        *("yaml", "bash", "text", "python", "bash", "python"),
    ]
    assert (blocks[0].title, blocks[0].line) == ("a.yaml", 3)
    assert [block.reason for block in blocks if block.reason] == ["needs a network"]
    assert blocks[2].is_output


def test_a_page_runs_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    PageRun(tmp_path, "page.md").run(PAGE)
    assert (tmp_path / "a.yaml").read_text() == "key: 1\n"
    monkeypatch.setenv("RAYLAB_PAGES", "network,takes")
    with pytest.raises(pytest.fail.Exception, match="raylab no-such-verb\nends with 2"):
        PageRun(tmp_path, "page.md").run(PAGE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("key: 7", "other: 7", "not printed:\nother: 7"),
        ("raylab --version", "raylab --verzion", r"line 7: raylab --verzion\nends with 2"),
        ("cat a.yaml", "cat b.yaml", "line 7: cat: b.yaml"),
        ("value + 1", "valu + 1", "line 29: NameError"),
    ],
)
def test_what_does_not_work_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((pytest.fail.Exception, AssertionError), match=message):
        PageRun(tmp_path, "page.md").run(PAGE.replace(old, new))


def test_numbers_and_rules_of_tables_differ() -> None:
    printed = "┃ trial ┃ score ┃\n│ 0003  │ 0.91  │\nUse gru: R2 0.86 (0.8 to 0.9)\n"
    assert differences(shown="trial | score\n".replace("|", " "), printed=printed) == []
    assert (
        differences(shown="│ 0001 │   0.5 │\n...\nUse gru: R2 0.1 (0.8 to 1)", printed=printed)
        == []
    )
    assert differences(shown="Use mlp: R2 0.86 (0.8 to 0.9)", printed=printed) != []
    assert differences(shown="Use gru: R2 0.86 (0.8 to 0.9)\n│ 0001 │ 0.5 │", printed=printed) != []


def test_another_run_may_have_another_best_model() -> None:
    shown = "label metric interval\nspeed r2 0.9\nUse gru, it decodes running_speed best\n"
    printed = "label metric interval\nspeed r2 0.1\nUse mlp, it decodes running_speed best\n"
    assert missing_words(shown=shown, printed=printed) == []
    assert missing_words(shown=shown, printed="label metric\n") != []
