"""What a conversation is made of: messages, typed parts, chunks that fit a translator, and the tokens they are.

To add a kind of part: its tag in `processors.conversations.parts`, and where it begins and ends in `Scanner`.
"""

from processors.conversations.chunking import Chunk, chunk, chunk_lines, chunk_many
from processors.conversations.parts import Part, join_parts, split_parts
from processors.conversations.tokenizers import load_tokenizer

__all__ = ["Chunk", "Part", "chunk", "chunk_lines", "chunk_many", "join_parts", "load_tokenizer", "split_parts"]
