import json
import re
from pathlib import Path

import nbconvert
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELLS = {path.stem: json.loads(path.read_text(encoding="utf-8"))["cells"] for path in NOTEBOOKS}
CODE = {name: [cell for cell in cells if cell["cell_type"] == "code"] for name, cells in CELLS.items()}


def source(cell):
    return "".join(cell["source"])


def test_there_are_three():
    assert list(CELLS) == ["01_train", "02_activations", "03_ablation"]


@pytest.mark.parametrize("name", CELLS)
def test_committed_from_one_run_without_errors_and_warnings(name):
    # nbval passes a cell that was never run, since there is nothing to compare.
    assert [cell["execution_count"] for cell in CODE[name]] == list(range(1, len(CODE[name]) + 1))
    outputs = [output for cell in CODE[name] for output in cell["outputs"]]
    assert outputs
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    text = json.dumps(outputs)
    assert not re.search(r"Warning|Traceback|/(home|root|tmp|Users)/|[A-Z]:\\\\", text)


@pytest.mark.parametrize("name", CELLS)
def test_one_cell_is_tagged_as_parameters_and_holds_upper_case_constants(name):
    (cell,) = [c for c in CODE[name] if "parameters" in c["metadata"].get("tags", [])]
    assert all(re.match(r"[A-Z_]+ = ", line) for line in source(cell).splitlines())


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_small_and_define_no_functions(name):
    for cell in CODE[name]:
        lines = source(cell).splitlines()
        assert len(lines) <= 20
        assert not [line for line in lines if line.startswith(("def ", "class ", "%", "!"))]


def test_two_cells_at_most_are_not_compared():
    tags = [tag for cells in CODE.values() for cell in cells for tag in cell["metadata"].get("tags", [])]
    assert tags.count("nbval-ignore-output") <= 2
    assert set(tags) <= {"parameters", "nbval-ignore-output"}


@pytest.mark.parametrize("name", CELLS)
def test_pictures_and_links_lead_somewhere(name):
    prose = "\n".join(source(cell) for cell in CELLS[name] if cell["cell_type"] == "markdown")
    headings = {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", prose, re.M)}
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", prose)
    assert all(len(text) > 40 for text, _ in pictures)
    for target in re.findall(r"\]\(([^)]+)\)", prose):
        if target.startswith("#"):
            assert target[1:] in headings
        else:
            assert (ROOT / "notebooks" / target.partition("#")[0]).is_file()


@pytest.mark.parametrize("name", CELLS)
def test_every_figure_that_is_saved_is_committed(name):
    saved = re.findall(r'save_figure\(.*?"(0\d_\w+)"\)', "\n".join(map(source, CODE[name])))
    assert saved
    for figure in saved:
        assert (ROOT / "figures" / f"{figure}.png").is_file(), figure


@pytest.mark.parametrize("name", CELLS)
def test_every_figure_has_an_alternative_text(name):
    drawn = [c for c in CODE[name] if any("image/png" in output.get("data", {}) for output in c["outputs"])]
    assert drawn
    for cell in CODE[name]:
        assert (cell in drawn) == ("alt" in cell["metadata"])
    texts = [cell["metadata"]["alt"] for cell in drawn]
    assert all(len(text) > 40 for text in texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", CELLS)
def test_as_a_page_every_picture_is_there_and_can_be_read_out(name):
    exporter = nbconvert.HTMLExporter(template_name="classic", embed_images=True)
    page, _ = exporter.from_filename(str(ROOT / "notebooks" / f"{name}.ipynb"))
    pictures = re.findall(r"<img\s[^>]*>", page)
    assert len(pictures) >= 7
    for picture in pictures:
        # nbconvert embeds no file from outside of the notebooks' folder, so a page must stand beside `figures/`.
        assert re.search(r'src="(data:image/png;base64,|\.\./figures/\w+\.png")', picture)
        assert len(re.search(r'alt="([^"]*)"', picture).group(1)) > 40


@pytest.mark.parametrize("name", CELLS)
def test_the_other_notebooks_are_linked_at_the_top_and_at_the_end(name):
    prose = [source(cell) for cell in CELLS[name] if cell["cell_type"] == "markdown"]
    others = {"01_train": ["02"], "02_activations": ["01", "03"], "03_ablation": ["02"]}[name]
    for part in (prose[0], prose[-1]):
        assert all(re.search(rf"\]\({other}_\w+\.ipynb\)", part) for other in others)
