"""Writes test/onnx/python-models.json: models made by the reference implementation of ONNX.

    python test/onnx/python-models.py

Any version of onnx with opset 21 will do; the one used stands in the file. Values are chosen by hand below and repeated
in read.test.ts.
"""

import base64
import json
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def typed_fields() -> onnx.ModelProto:
    """Initialisers in the typed repeated fields (make_tensor's default), one of each type."""
    values = {
        "float32": (TensorProto.FLOAT, [0.5, -2.0]),
        "float64": (TensorProto.DOUBLE, [0.1, -1e300]),
        "int32": (TensorProto.INT32, [-1, 2147483647]),
        "int64": (TensorProto.INT64, [-9223372036854775808, 9007199254740993]),
        "uint8": (TensorProto.UINT8, [0, 255]),
        "uint32": (TensorProto.UINT32, [1, 4294967295]),
        "bool": (TensorProto.BOOL, [True, False]),
    }
    initializers = [helper.make_tensor(name, code, [2], data) for name, (code, data) in values.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])
    graph = helper.make_graph([helper.make_node("Add", ["x", "float32"], ["y"])], "typed", [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {"made by": "onnx", "größe": "2"})
    return model


def attributes() -> onnx.ModelProto:
    """One attribute of each kind, a subgraph that captures a name, an omitted input, raw data."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 2])
    condition = helper.make_tensor_value_info("condition", TensorProto.BOOL, [])
    branch = helper.make_tensor_value_info("branch", TensorProto.FLOAT, [2, 3])

    def body(op: str) -> onnx.GraphProto:
        return helper.make_graph([helper.make_node(op, ["x"], ["branch"])], op, [], [branch])

    raw = numpy_helper.from_array(numpy.array([[1, 2, 3]], dtype=numpy.float32))
    nodes = [
        helper.make_node("If", ["condition"], ["a"], then_branch=body("Abs"), else_branch=body("Neg")),
        helper.make_node("Constant", [], ["c"], value=raw),
        helper.make_node("Add", ["a", "c"], ["b"]),
        helper.make_node("Clip", ["b", "", "six"], ["clipped"]),
        helper.make_node("Elu", ["clipped"], ["elu"], alpha=0.25),
        helper.make_node("Gelu", ["elu"], ["gelu"], approximate="tanh"),
        helper.make_node("Softmax", ["gelu"], ["softmax"], axis=-1),
        helper.make_node("Transpose", ["softmax"], ["y"], perm=[1, 0]),
    ]
    six = numpy_helper.from_array(numpy.array(6, dtype=numpy.float32), "six")
    graph = helper.make_graph(nodes, "attributes", [x, condition], [y], [six])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def half() -> onnx.ModelProto:
    """An element type that has no array on the host."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT16, [2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT16, [2])
    graph = helper.make_graph([helper.make_node("Abs", ["x"], ["y"])], "half", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def contributed() -> onnx.ModelProto:
    """An operator outside the standard domain."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    node = helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft")
    graph = helper.make_graph([node], "contributed", [x], [y])
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def main() -> None:
    models = {build.__name__: build() for build in (typed_fields, attributes, half, contributed)}
    for model in models.values():
        onnx.checker.check_model(model)
    encoded = {name: base64.b64encode(model.SerializeToString()).decode() for name, model in models.items()}
    out = pathlib.Path(__file__).with_suffix(".json")
    out.write_text(json.dumps({"onnx": onnx.__version__, "models": encoded}, indent=2) + "\n")


if __name__ == "__main__":
    main()
