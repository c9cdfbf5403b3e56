"""ONNX Runtime, which only predicts: with the weights of a model that libnn saved."""

import json

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def read_safetensors(path):
    """Name -> float32 array (https://github.com/huggingface/safetensors#format)."""
    with open(path, "rb") as file:
        content = file.read()
    end = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8:end]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            values = numpy.frombuffer(content[end + first:end + last], numpy.float32)
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def make_onnx(weights):
    """The net as an ONNX model, from inputs of 0 to 1."""
    nodes, values, x = [], [], "x"
    for layer, activation in (("dense", "Relu"), ("dense_1", "Relu"), ("dense_2", "Softmax")):
        parts = [f"{layer}/kernel", f"{layer}/bias"]
        values += [numpy_helper.from_array(weights[part], part) for part in parts]
        nodes.append(helper.make_node("Gemm", [x] + parts, [layer]))
        x = layer + "/output"
        nodes.append(helper.make_node(activation, [layer], [x]))
    graph = helper.make_graph(
        nodes, "main_job",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 784])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["rows", 10])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


class Peer:
    name = "ONNX Runtime"
    version = onnxruntime.__version__

    def __init__(self, options):
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = options.threads  # 0: as many as there are cores
        self.session = onnxruntime.InferenceSession(
            make_onnx(read_safetensors(options.model)), session, ["CPUExecutionProvider"])

    def prepare(self, x):
        return {"x": x}

    def predict(self, x):
        return self.session.run(None, x)[0]
