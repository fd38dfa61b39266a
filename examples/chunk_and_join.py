"""A message cut into parts and chunks, and put together again without losing a character.

python examples/chunk_and_join.py
"""

from processors.conversations import chunk, join_parts, load_tokenizer, split_parts
from processors.protected import protected_spans

MESSAGE = """<think>
The user wants the sum. It is 4.
</think>
The sum is $2 + 2 = 4$. In Python:

```python
print(2 + 2)
```

See https://docs.python.org for more.
"""


def main() -> None:
    parts = split_parts(MESSAGE)
    assert join_parts(parts) == MESSAGE
    tokenizer = load_tokenizer("approximate")
    for part in parts:
        chunks = chunk(part.text, tokenizer=tokenizer, max_tokens=24, window=8)
        assert "".join(each.text for each in chunks) == part.text
        print(part.type, [each.text for each in chunks])
        print("    kept as they are:", [part.text[span.start : span.end] for span in protected_spans(part.text)])


if __name__ == "__main__":
    main()
