"""A package that nobody here wrote, as tests install one: a module and its entry points in a folder of its own."""

from pathlib import Path


def install(folder: Path, module: str, code: str, **points: str) -> str:
    """Write the package into `folder` and return what Python must have on its path to find it.

    `points` are entry points by kind: `calendar="rota"` is the plugin `rota`, which `module` has as `plugin`.
    """
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [f"[yingda.{kind}s]\n{name} = {module}:plugin\n" for kind, name in points.items()]
    (info / "entry_points.txt").write_text("".join(lines))
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    return str(folder)
