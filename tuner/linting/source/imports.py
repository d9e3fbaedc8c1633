"""What a file imports from beside it is read as well, once, for what its names stand for."""

from __future__ import annotations

import ast
from pathlib import Path

from tuner.linting.source.functions import Functions
from tuner.linting.source.modules import Beside, parse_module
from tuner.linting.source.values import Known, Module

_MODULES, _DEEP = 12, 3  # files beside that are read at most, and imports one after the other


class Imports(Functions):
    """Notes the packages of names, and reads files beside."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self._modules: dict[Path, Module] = {}
        self._folders = Beside()
        self._deep = 0

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._module.origins[name] = alias.name.partition(".")[0]
            module = self._beside(alias.name, 0)
            if module is not None and (alias.asname or "." not in alias.name):
                self._scopes[-1][name] = module

    def _import_from(self, node: ast.ImportFrom) -> None:
        origin = "." if node.level else (node.module or "").partition(".")[0]
        module = self._beside(node.module or "", node.level)
        for alias in node.names:
            name = alias.asname or alias.name
            self._module.origins[name] = origin
            inside = f"{node.module}.{alias.name}" if node.module else alias.name
            known: Known | None = module.names.get(alias.name) if module else None
            known = known or self._beside(inside, node.level)
            if known is not None:
                self._scopes[-1][name] = known

    def _beside(self, name: str, level: int) -> Module | None:
        """Read a file that lies beside this one, once; return what its names stand for."""
        if self._module.file is None:
            return None
        path = self._folders.find(name, level, Path(self._module.file))
        if path is None:
            return None
        if path not in self._modules and len(self._modules) < _MODULES and self._deep < _DEEP:
            self._modules[path] = module = Module(str(path))
            tree = parse_module(path)
            before = self._scopes, self._module, self._frame, self._around
            self._scopes, self._module, self._frame = [module.names], module, None
            self._around = []
            self._deep += 1
            if tree is not None:
                self.visit(tree)
            self._deep -= 1
            self._scopes, self._module, self._frame, self._around = before
        return self._modules.get(path)
