import ast
import json
import re
from pathlib import Path

import nbconvert
import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
PATHS = {path.stem: path for path in sorted([*FOLDER.glob("*.ipynb"), *FOLDER.glob("further/*.ipynb")])}
CELLS = {name: json.loads(path.read_text(encoding="utf-8"))["cells"] for name, path in PATHS.items()}
CODE = {name: [cell for cell in cells if cell["cell_type"] == "code"] for name, cells in CELLS.items()}
PROSE = {name: [cell for cell in cells if cell["cell_type"] == "markdown"] for name, cells in CELLS.items()}
STUDY = ["01_train", "02_activations", "03_ablation"]
FURTHER = ["04_luck", "05_noise", "06_your_series", "07_classifier"]

each_notebook = pytest.mark.parametrize("name", CELLS)


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_the_study_is_told_in_three_and_the_others_are_further():
    assert [name for name, path in PATHS.items() if path.parent == FOLDER] == STUDY
    assert {name for name, path in PATHS.items() if path.parent != FOLDER} == set(FURTHER)


@each_notebook
def test_committed_from_one_run_without_errors_and_warnings(name):
    # nbval passes a cell that was never run, since there is nothing to compare.
    assert [cell["execution_count"] for cell in CODE[name]] == list(range(1, len(CODE[name]) + 1))
    outputs = [output for cell in CODE[name] for output in cell["outputs"]]
    assert outputs
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    text = json.dumps(outputs)
    assert not re.search(r"Warning|Traceback|/(home|root|tmp|Users)/|[A-Z]:\\\\", text)


@each_notebook
def test_at_most_two_and_a_half_megabytes(name):
    assert PATHS[name].stat().st_size <= 2.5e6


@each_notebook
def test_one_cell_is_tagged_as_parameters_and_holds_upper_case_constants(name):
    (cell,) = [c for c in CODE[name] if "parameters" in tags(c)]
    for statement in ast.parse(source(cell)).body:
        assert isinstance(statement, ast.Assign)
        assert all(re.fullmatch(r"[A-Z_]+", target.id) for target in statement.targets)


@each_notebook
def test_cells_are_short_and_narrow(name):
    # The imports come first; they and the parameters may be longer.
    cells = [source(cell).splitlines() for cell in CODE[name][1:] if "parameters" not in tags(cell)]
    assert max(map(len, cells)) <= 12
    assert round(sum(map(len, cells)) / len(cells)) <= 5
    assert max(len(line) for cell in CODE[name] for line in source(cell).splitlines()) <= 88


@each_notebook
def test_cells_define_nothing_and_have_no_branches(name):
    banned = (
        ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.IfExp, ast.Match,
        ast.Try, ast.Raise, ast.Assert, ast.While,
    )  # fmt: skip
    for cell in CODE[name]:
        for node in ast.walk(ast.parse(source(cell))):  # magics are no Python, and fail here
            assert not isinstance(node, banned), source(cell)
            assert not (isinstance(node, ast.comprehension) and node.ifs), source(cell)


@each_notebook
def test_one_cell_at_most_is_not_compared(name):
    used = [tag for cell in CODE[name] for tag in tags(cell)]
    assert used.count("nbval-ignore-output") <= 1
    assert set(used) <= {"parameters", "nbval-ignore-output"}


@each_notebook
def test_every_code_cell_stands_below_prose(name):
    for before, cell in zip([None, *CELLS[name]], CELLS[name], strict=False):
        if cell["cell_type"] == "code" and cell is not CODE[name][0]:
            assert before["cell_type"] == "markdown", source(cell)
            assert source(before).strip()


@each_notebook
def test_links_lead_somewhere(name):
    prose = "\n".join(map(source, PROSE[name]))
    headings = {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", prose, re.M)}
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith("https://"):
            file = (PATHS[name].parent / target.partition("#")[0]).resolve()
            assert file.is_file(), target


@each_notebook
def test_the_top_says_what_will_be_seen_and_the_end_what_was_seen(name):
    top, end = source(PROSE[name][0]), source(PROSE[name][-1])
    assert "What you will see" in top
    assert "README.md#" in top
    findings = re.findall(r"^- .*", top, re.M)
    assert 3 <= len(findings) <= 5
    assert all("](#" in finding for finding in findings)
    assert re.search(r"what we saw", end, re.I)
    assert re.search(r"not show", end)


@each_notebook
def test_every_figure_that_is_saved_is_committed(name):
    saved = re.findall(r'save_figure\(.*?"(0\d_\w+)"\)', "\n".join(map(source, CODE[name])))
    assert saved
    for figure in saved:
        assert figure[:2] == name[:2]
        assert (ROOT / "figures" / f"{figure}.png").is_file(), figure


@each_notebook
def test_every_figure_has_an_alternative_text(name):
    drawn = [c for c in CODE[name] if any("image/png" in output.get("data", {}) for output in c["outputs"])]
    assert drawn
    for cell in CODE[name]:
        assert (cell in drawn) == ("alt" in cell["metadata"])
    texts = [cell["metadata"]["alt"] for cell in drawn]
    assert all(40 <= len(text) <= 300 for text in texts)
    assert len(set(texts)) == len(texts)


@each_notebook
def test_as_a_page_every_picture_is_there_and_can_be_read_out(name):
    exporter = nbconvert.HTMLExporter(template_name="classic", embed_images=True)
    page, _ = exporter.from_filename(str(PATHS[name]))
    pictures = re.findall(r"<img\s[^>]*>", page)
    assert len(pictures) >= 3
    for picture in pictures:
        # nbconvert embeds no file from outside of the notebooks' folder, so a page must stand beside `figures/`.
        assert re.search(r'src="(data:image/png;base64,|(\.\./)+figures/\w+\.png")', picture)
        assert len(re.search(r'alt="([^"]*)"', picture).group(1)) >= 40


@each_notebook
def test_the_notebooks_before_and_after_are_linked_at_the_top_and_at_the_end(name):
    order = STUDY + FURTHER
    place = order.index(name)
    for part in (source(PROSE[name][0]), source(PROSE[name][-1])):
        for other in (*order[place - 1 : place], *order[place + 1 : place + 2]):
            assert re.search(rf"\]\([./a-z]*{other}\.ipynb\)", part), other
