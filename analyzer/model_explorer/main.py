"""What Model Explorer loads: it lays the audit of each delegate over the graph that it draws."""

from __future__ import annotations

from typing import Any

from model_explorer.config_editor import TextInputConfigEditor
from model_explorer.node_data_builder import GraphNodeData, NodeDataResult
from model_explorer.node_data_provider import (
    GetConfigEditorsResult,
    NodeDataProvider,
    NodeDataProviderFilter,
    NodeDataProviderMetadata,
    NodeDataProviderResult,
)

from analyzer.errors import AnalyzerError
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report.ci.viewers import held_back, node_data
from analyzer.report.document import audit_document, convert
from analyzer.report.wording import labels
from analyzer.sources import find_one


class DelegateCompatibility(NodeDataProvider):  # type: ignore[misc]
    """Where each operator runs on the delegates that are asked for."""

    metadata = NodeDataProviderMetadata(
        id="delegate-analyzer",
        name="Delegate compatibility",
        description="Which operators a phone's accelerators take, and why not",
        icon="developer_board",
        filter=NodeDataProviderFilter(modelFileExts=["tflite"], adapterIds=["builtin_tflite_flatbuffer"]),
    )

    def get_config_editors(self, provider_id: str) -> GetConfigEditorsResult:
        """The delegates, as the command line takes them."""
        editor = TextInputConfigEditor(
            id="delegates",
            label="Delegates",
            description="Joined by commas, as on the command line. Empty: what apps ship to today.",
            defaultValue="",
        )
        return GetConfigEditorsResult(configEditors=[editor])

    def run(
        self, provider_id: str, model_path: str, graph_id: str, config_values: dict[str, Any], graph: Any
    ) -> NodeDataProviderResult:
        """One run a delegate, on the graph that is looked at."""
        asked = str(config_values.get("delegates") or "")
        delegates = tuple(part.strip() for part in asked.split(",") if part.strip())
        try:
            model = ModelAuditor(Task(delegates)).audit(find_one(model_path)).model
        except AnalyzerError as error:
            return NodeDataProviderResult(error=str(error))
        if model.error is not None:
            return NodeDataProviderResult(error=model.error.message)
        ((_, names),) = labels.named(convert.whole([model], audit_document.Policy()))
        holding = held_back(model)
        laid = [
            node_data(model, audit, name, holding).get(graph_id)
            for audit, name in zip(model.audits, names, strict=True)
            if not audit.legacy
        ]
        return NodeDataProviderResult(result=[_built(data) for data in laid if data is not None])


def _built(data: dict[str, Any]) -> GraphNodeData:
    results = {key: NodeDataResult(**result) for key, result in data["results"].items()}
    return GraphNodeData(results, name=data["name"], showExpandedSummaryOnGroupNode=True)
