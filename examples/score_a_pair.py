"""Length ratio and script purity of a pair; then checks and scores as steps of any datatrove pipeline.

python examples/score_a_pair.py
"""

from datatrove.data import Document

from processors.checks.step import ConversationChecker
from processors.scoring import length_ratio, script_purity
from processors.scoring.step import ConversationScorer

SOURCE = "Water boils at 100 degrees at sea level."
TARGET = "يغلي الماء عند 100 درجة عند مستوى سطح البحر."


def main() -> None:
    print(f"LR {length_ratio(SOURCE, TARGET):.3f}, SCR {script_purity(TARGET):.3f}")
    # A document of a pipeline has the source's messages and a candidate; the steps write beside them.
    row = {
        "messages": [{"role": "assistant", "content": SOURCE}],
        "candidate": [{"role": "assistant", "content": TARGET}],
    }
    documents = iter([Document(text=SOURCE, id="one", metadata=row)])
    for step in (ConversationChecker(language="ar"), ConversationScorer(alpha=1.0)):
        documents = step.run(documents)
    for document in documents:
        print(document.id, document.metadata["checks"], document.metadata["scores"]["rank_score"])


if __name__ == "__main__":
    main()
