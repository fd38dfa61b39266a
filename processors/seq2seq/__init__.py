"""Translation models of their own kind (NLLB, M2M-100, MADLAD, Opus-MT), run in this process by transformers.

They translate sentences and take no instructions: a text is cut into sentences (`sentences.py`), these are translated
in batches by length (`batches.py`, `model.py`), and the text is put together again with all between them as it was
(`client.py`). `libretranslate.py` asks a server of such models. To add a family: an entry in `families.json`, and a
branch in `model.py` if its codes stand elsewhere.
"""

from typing import TYPE_CHECKING

from processors.later import handed_on
from processors.seq2seq.find import Seq2SeqModel, find_seq2seq
from processors.seq2seq.sentences import Sentence, sentences_of

if TYPE_CHECKING:
    from processors.seq2seq.client import Seq2SeqSettings, seq2seq_server

__all__ = ["Sentence", "Seq2SeqModel", "Seq2SeqSettings", "find_seq2seq", "sentences_of", "seq2seq_server"]

# What brings datatrove is imported when it is asked for.
__getattr__ = handed_on(__name__, {"client": ["Seq2SeqSettings", "seq2seq_server"]})
