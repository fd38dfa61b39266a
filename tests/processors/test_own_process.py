import subprocess
import sys

from tests.standins.processes import ROOT


def test_pyarrow_works_and_imports_no_pandas_which_others_may_still_import() -> None:
    program = (
        "import sys, processors.own_process, pyarrow as pa\n"
        "assert pa.array([1, None]).to_pylist() == [1, None] and pa.table({'a': ['x']}).to_pylist() == [{'a': 'x'}]\n"
        "assert 'pandas' not in sys.modules and pa.default_memory_pool().backend_name == 'system'\n"
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


def test_datatrove_comes_without_the_hub_s_client_and_knows_a_folder_of_the_hub_where_that_has_come() -> None:
    program = (
        "import sys, processors.own_process\n"
        "from datatrove.io import HfFileSystem, get_datafolder\n"
        "assert not isinstance(get_datafolder('.').fs, HfFileSystem)\n"
        "assert not {'huggingface_hub.hf_api', 'trio'} & set(sys.modules)\n"
        "import huggingface_hub\n"
        "assert huggingface_hub.HfFileSystem.__module__ == 'huggingface_hub.hf_file_system'\n"
        "assert isinstance(get_datafolder('hf://datasets/a/b').fs, HfFileSystem)\n"
        "assert not isinstance(get_datafolder('.').fs, HfFileSystem)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
