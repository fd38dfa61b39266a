import subprocess
import sys

from tests.standins.processes import ROOT


def test_pyarrow_works_and_imports_no_pandas_which_others_may_still_import() -> None:
    program = (
        "import sys, processors.own_process, pyarrow as pa\n"
        "assert pa.array([1, None]).to_pylist() == [1, None] and pa.table({'a': ['x']}).to_pylist() == [{'a': 'x'}]\n"
        "assert 'pandas' not in sys.modules\n"
        "import pandas\n"
        "assert pandas.Series([1]).tolist() == [1]"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_pandas_that_is_there_stays() -> None:
    program = (
        "import sys, pandas, processors.own_process, pyarrow as pa\n"
        "assert pa.table({'a': [1]}).to_pandas().a.tolist() == [1]"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
