"""What ``tuner init`` writes: for each template its files, as they lie beside this one.

Code is kept as ``.py-tpl``, for it is data here, which nothing imports before it is written.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
from pathlib import Path

from tuner.errors import StudyError
from tuner.reading import did_you_mean


def _own(name: str) -> dict[str, str]:
    """Return the files of a template over a training of one's own."""
    tasks = f"{name}/tasks.py-tpl"
    return {"study.toml": f"{name}/study.toml", "space.toml": "space.toml", "tasks.py": tasks}


# Where to in the project, the study first, and what is written there.
TEMPLATES: dict[str, dict[str, str]] = {
    "torch": _own("torch"),
    "gluon": _own("gluon"),
    "function": _own("function"),
    "chapter": {
        "studies/quickstart.toml": "study.toml",
        "search_spaces/chapter.toml": "search_space.toml",
    },
}
_SCHEMAS = {"tuner.study/1": "study", "tuner.search_space/1": "search_space"}


def default_template() -> str:
    """Return the template for what is installed; nothing is imported to find out."""
    if _is_installed("mxnet"):
        return "chapter"
    return "torch" if _is_installed("torch") else "function"


def template_files(template: str) -> dict[Path, bytes]:
    """Return the content of a template's files by where in the project they go, the study first.

    The chapter's study trains its LeNet in MXNet, or in PyTorch where MXNet is not installed.

    Args:
        template: One of :data:`TEMPLATES`.

    Raises:
        StudyError: If there is no such template.

    Example:
        >>> [str(path) for path in template_files("torch")]
        ['study.toml', 'space.toml', 'tasks.py']
    """
    if template not in TEMPLATES:
        hint = did_you_mean(template, TEMPLATES)
        raise StudyError(
            f"`template` must be {', '.join(TEMPLATES)}, but got {template!r}; {hint}."
        )
    folder = importlib.resources.files(__name__)
    return {
        Path(path): _written(path, (folder / source).read_text(encoding="utf-8")).encode()
        for path, source in TEMPLATES[template].items()
    }


def _written(path: str, content: str) -> str:
    """Return what is written: of definitions, a first line says where editors find the schema."""
    if not _is_installed("mxnet"):
        content = content.replace('"lenet_fashion_mnist"', '"lenet_fashion_mnist_torch"')
    for word, schema in _SCHEMAS.items():
        if f'"{word}"' in content:
            return f"#:schema {'../' * path.count('/')}schemas/{schema}.json\n{content}"
    return content


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
