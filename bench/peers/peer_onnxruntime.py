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


def make_onnx(weights, widths):
    """The net as an ONNX model, from inputs of 0 to 1."""
    nodes, values, x = [], [], "x"
    for i in range(len(widths) - 1):
        layer = f"dense_{i}" if i > 0 else "dense"
        parts = [f"{layer}/kernel", f"{layer}/bias"]
        values += [numpy_helper.from_array(weights[part], part) for part in parts]
        nodes.append(helper.make_node("Gemm", [x] + parts, [layer]))
        x = layer + "/output"
        activation = "Relu" if i + 2 < len(widths) else "Softmax"
        nodes.append(helper.make_node(activation, [layer], [x]))
    graph = helper.make_graph(
        nodes, "main_job",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", widths[0]])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["rows", widths[-1]])], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


class Peer:
    name = "ONNX Runtime"
    version = onnxruntime.__version__

    def __init__(self, options):
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = options.threads  # 0: as many as there are cores
        self.outputs = options.widths[-1]
        model = make_onnx(read_safetensors(options.model), options.widths)
        self.session = onnxruntime.InferenceSession(model, session, ["CPUExecutionProvider"])

    def prepare(self, x):
        """Binds the rows and an array for the predictions; nothing is copied at a call then."""
        x = numpy.ascontiguousarray(x)
        y = numpy.empty((len(x), self.outputs), numpy.float32)
        binding = self.session.io_binding()
        binding.bind_input("x", "cpu", 0, numpy.float32, x.shape, x.ctypes.data)
        binding.bind_output(self.session.get_outputs()[0].name, "cpu", 0, numpy.float32, y.shape,
                            y.ctypes.data)
        return binding, x, y

    def predict(self, bound):
        binding, _, y = bound
        self.session.run_with_iobinding(binding)
        return y
