"""Makes the model that `sample:` stands for: `python -m tests.make_sample [FILE]`.

A small detector with a mask head: int8 inside, float32 where the mask is made, one custom operator
at the end. The weights are noise from a fixed seed; the shape is what teaches: each of the usual
delegates takes a part of it and leaves another part, each for a reason of its own.
"""

from __future__ import annotations

import sys
from math import prod, sqrt
from pathlib import Path
from random import Random
from struct import pack
from typing import Any

from flatbuffers import flexbuffers

from tests.building import Description, model, operator, tensor

SAMPLE = Path(__file__).parent.parent / "analyzer" / "model" / "sample.tflite"

#: Scale and zero point of int8 tensors: signed numbers, the range of RELU6, the range of LOGISTIC.
SIGNED, CLIPPED, SHARE = (0.05, 0), (6 / 255, -128), (1 / 256, -128)

CLASSES = 4
#: Boxes per cell of a feature map.
ANCHORS = 3


class Network:
    """A network in the making; what adds an operator returns the name of its output."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.tensors: dict[str, Description] = {}
        self.operators: list[Description] = []

    def apply(
        self,
        name: str,
        inputs: list[str],
        outputs: Description | list[Description],
        options: Description | None = None,
        version: int = 1,
        **fields: Any,
    ) -> str:
        made = outputs if isinstance(outputs, list) else [outputs]
        results = [self.add(output) for output in made]
        self.operators.append(operator(name, inputs, results, options, version=version, **fields))
        return results[0]

    def add(self, made: Description) -> str:
        self.tensors[made["name"]] = made
        return str(made["name"])

    def shape(self, name: str) -> list[int]:
        return list(self.tensors[name]["shape"])

    def scale(self, name: str) -> float | None:
        """The scale of an int8 tensor; None for a float32 tensor."""
        quantization = self.tensors[name].get("quantization")
        return quantization["scale"][0] if quantization else None

    def like(self, source: str, name: str, shape: list[int]) -> Description:
        """A tensor of another shape whose numbers mean what those of `source` do."""
        return self.tensors[source] | {"name": name, "shape": shape}

    def integers(self, name: str, values: list[int], shape: list[int]) -> str:
        return self.add(tensor(name, shape, "INT32", data=pack(f"<{len(values)}i", *values)))

    def floats(self, name: str, shape: list[int], reach: float) -> str:
        values = [self.random.uniform(-reach, reach) for _ in range(prod(shape))]
        return self.add(tensor(name, shape, data=pack(f"<{len(values)}f", *values)))

    def weights(self, name: str, shape: list[int], axis: int, source: str) -> list[str]:
        """Weights that roughly keep the size of what passes through them and RELU6, and a small bias."""
        channels = shape[axis]
        reach = sqrt(5 * channels / prod(shape))
        scale = self.scale(source)
        names = [f"{name}/weights", f"{name}/bias"]
        if scale is None:
            return [self.floats(names[0], shape, reach), self.floats(names[1], [channels], 0.3)]
        scales = [reach / 127 * self.random.uniform(0.8, 1.2) for _ in range(channels)]
        weights = pack(f"{prod(shape)}b", *(self.random.randint(-127, 127) for _ in range(prod(shape))))
        steps = [each * scale for each in scales]
        bias = pack(f"<{channels}i", *(round(self.random.uniform(-0.3, 0.3) / step) for step in steps))
        return [
            self.add(tensor(names[0], shape, "INT8", data=weights, scale=scales, axis=axis)),
            self.add(tensor(names[1], [channels], "INT32", data=bias, scale=steps)),
        ]

    def conv(
        self,
        name: str,
        source: str,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        activation: str = "NONE",
    ) -> str:
        weights = self.weights(name, [channels, kernel, kernel, self.shape(source)[3]], 0, source)
        options = windows("SAME", stride) | {"fused_activation_function": activation}
        output = self.convolved(name, source, channels, kernel, options)
        return self.apply(
            "CONV_2D", [source, *weights], output, options, 1 if self.scale(source) is None else 3
        )

    def depthwise(self, name: str, source: str, stride: int = 1, padding: str = "SAME") -> str:
        channels = self.shape(source)[3]
        weights = self.weights(name, [1, 3, 3, channels], 3, source)
        options = windows(padding, stride) | {"fused_activation_function": "RELU6", "depth_multiplier": 1}
        output = self.convolved(name, source, channels, 3, options)
        return self.apply("DEPTHWISE_CONV_2D", [source, *weights], output, options, 3)

    def convolved(
        self, name: str, source: str, channels: int, kernel: int, options: Description
    ) -> Description:
        batch, *sides, _ = self.shape(source)
        lost = kernel - 1 if options["padding"] == "VALID" else 0
        height, width = (-(-(side - lost) // options["stride_h"]) for side in sides)
        shape = [batch, height, width, channels]
        if self.scale(source) is None:
            return tensor(name, shape)
        return int8(name, shape, CLIPPED if options["fused_activation_function"] == "RELU6" else SIGNED)

    def residual(self, name: str, source: str, inside: int) -> str:
        """An inverted bottleneck added to its own input."""
        shape = self.shape(source)
        wide = self.conv(f"{name}/expand", source, inside, activation="RELU6")
        narrow = self.conv(f"{name}/project", self.depthwise(f"{name}/depthwise", wide), shape[3])
        return self.apply("ADD", [source, narrow], int8(name, shape, SIGNED), {}, 2)

    def gated(self, name: str, source: str) -> str:
        """Every channel times a share computed from the means of all (squeeze and excite)."""
        shape = self.shape(source)
        axes = self.integers(f"{name}/axes", [1, 2], [2])
        mean = self.like(source, f"{name}/mean", [1, 1, 1, shape[3]])
        means = self.apply("MEAN", [source, axes], mean, {"keep_dims": True}, 2)
        squeezed = self.conv(f"{name}/squeeze", means, shape[3] // 4, activation="RELU6")
        excited = self.conv(f"{name}/excite", squeezed, shape[3])
        share = self.apply(
            "LOGISTIC", [excited], int8(f"{name}/share", [1, 1, 1, shape[3]], SHARE), version=2
        )
        return self.apply("MUL", [source, share], int8(name, shape, SIGNED), {}, 2)

    def dilated(self, name: str, source: str) -> str:
        """A depthwise convolution of rate 2 the old way: between a split into four batches and back."""
        _, height, width, channels = self.shape(source)
        block = self.integers(f"{name}/block", [2, 2], [2])
        pads = self.integers(f"{name}/pads", [2, 2, 2, 2], [2, 2])
        crops = self.integers(f"{name}/crops", [0, 0, 0, 0], [2, 2])
        split = self.like(source, f"{name}/split", [4, height // 2 + 2, width // 2 + 2, channels])
        batches = self.apply("SPACE_TO_BATCH_ND", [source, block, pads], split, version=2)
        inner = self.depthwise(f"{name}/depthwise", batches, padding="VALID")
        joined = self.like(inner, name, [1, height, width, channels])
        return self.apply("BATCH_TO_SPACE_ND", [inner, block, crops], joined, version=2)

    def resize(self, name: str, source: str, side: int, half_pixel_centers: bool = False) -> str:
        size = self.integers(f"{name}/size", [side, side], [2])
        output = self.like(source, name, [1, side, side, self.shape(source)[3]])
        options = {"align_corners": False, "half_pixel_centers": half_pixel_centers}
        return self.apply("RESIZE_BILINEAR", [source, size], output, options, 3 if half_pixel_centers else 1)

    def head(self, name: str, source: str, numbers: int) -> str:
        """So many numbers for each box of each cell, as a list over all boxes."""
        _, height, width, _ = self.shape(source)
        cells = self.conv(f"{name}/cells", source, ANCHORS * numbers)
        shape = [1, height * width * ANCHORS, numbers]
        wanted = self.integers(f"{name}/shape", shape, [3])
        return self.apply("RESHAPE", [cells, wanted], self.like(cells, name, shape), {"new_shape": shape})

    def join(self, name: str, sources: list[str], axis: int) -> str:
        shape = self.shape(sources[0])
        shape[axis] = sum(self.shape(source)[axis] for source in sources)
        return self.apply("CONCATENATION", sources, self.like(sources[0], name, shape), {"axis": axis}, 2)

    def dequantized(self, name: str, source: str) -> str:
        return self.apply("DEQUANTIZE", [source], tensor(name, self.shape(source)), version=2)


def int8(name: str, shape: list[int], quantization: tuple[float, int]) -> Description:
    scale, zero_point = quantization
    return tensor(name, shape, "INT8", scale=[scale], zero_point=[zero_point])


def windows(padding: str, stride: int) -> Description:
    return {
        "padding": padding,
        "stride_w": stride,
        "stride_h": stride,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    }


def backbone(net: Network, image: str) -> tuple[str, str]:
    """The features of an image at an eighth and at a sixteenth of its size."""
    pixels = net.apply("QUANTIZE", [image], int8("pixels", net.shape(image), (1 / 127, 0)))
    stem = net.depthwise("stem/depthwise", net.conv("stem", pixels, 8, 3, 2, "RELU6"))
    half = net.conv("half", stem, 16, activation="RELU6")
    pads = net.integers("half/pads", [0, 0, 0, 1, 0, 1, 0, 0], [4, 2])
    mirrored = net.like(half, "half/mirrored", [1, 49, 49, 16])
    padded = net.apply("MIRROR_PAD", [half, pads], mirrored, {"mode": "REFLECT"}, 2)
    quarter = net.conv("quarter", net.depthwise("quarter/depthwise", padded, 2, "VALID"), 24)
    wide = net.conv("eighth/expand", net.residual("quarter/residual", quarter, 48), 72)
    leaky = int8("eighth/leaky", net.shape(wide), SIGNED)
    leaked = net.apply("LEAKY_RELU", [wide], leaky, {"alpha": 0.1})
    eighth = net.gated("eighth", net.conv("eighth/project", net.depthwise("eighth/depthwise", leaked, 2), 32))
    linear = net.conv("sixteenth/linear", eighth, 64, 3, 2)
    sixteenth = net.apply("HARD_SWISH", [linear], int8("sixteenth", net.shape(linear), SIGNED))
    return eighth, sixteenth


def neck(net: Network, eighth: str, sixteenth: str) -> str:
    upsampled = net.resize("neck/upsampled", sixteenth, net.shape(eighth)[1], half_pixel_centers=True)
    return net.conv("neck", net.dilated("neck/dilated", net.join("neck/joined", [eighth, upsampled], 3)), 48)


def detections(net: Network, maps: list[str]) -> list[str]:
    """Boxes, classes, scores and their number."""
    boxes = net.join("boxes", [net.head(f"boxes/{each}", each, 4) for each in maps], 1)
    logits = net.join("logits", [net.head(f"logits/{each}", each, CLASSES + 1) for each in maps], 1)
    scores = net.apply("LOGISTIC", [logits], int8("scores", net.shape(logits), SHARE), version=2)
    count = net.shape(boxes)[1]
    anchors = net.add(tensor("anchors", [count, 4], data=grid(net, maps)))
    inputs = [net.dequantized("boxes/float", boxes), net.dequantized("scores/float", scores), anchors]
    shapes = {"detection_boxes": [1, 10, 4], "detection_classes": [1, 10], "detection_scores": [1, 10]}
    outputs = [tensor(name, shape) for name, shape in (shapes | {"num_detections": [1]}).items()]
    net.apply("TFLite_Detection_PostProcess", inputs, outputs, custom_options=post_processing())
    return [output["name"] for output in outputs]


def grid(net: Network, maps: list[str]) -> bytes:
    """For every box, the centre of its cell and a height and width that grow from anchor to anchor."""
    numbers: list[float] = []
    for side in (net.shape(each)[1] for each in maps):
        for cell in range(side * side):
            centre = [(cell // side + 0.5) / side, (cell % side + 0.5) / side]
            for anchor in range(ANCHORS):
                numbers += [*centre, (1 + anchor) / side, (1 + anchor) / side]
    return pack(f"<{len(numbers)}f", *numbers)


def post_processing() -> bytes:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Int("max_detections", 10)
        builder.Int("max_classes_per_detection", 1)
        builder.Int("num_classes", CLASSES)
        builder.Float("nms_score_threshold", 0.5)
        builder.Float("nms_iou_threshold", 0.5)
        for name, scale in {"y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}.items():
            builder.Float(name, scale)
    return bytes(builder.Finish())


def mask(net: Network, features: str) -> str:
    """The most likely class of every fourth pixel, computed in float32."""
    small = net.conv("mask/small", net.dequantized("mask/float", features), 16, 3, activation="RELU6")
    medium = net.conv("mask/medium", net.resize("mask/upsampled", small, 24), 8, 3, activation="RELU6")
    logits = net.conv("mask/logits", medium, CLASSES)
    shares = net.apply("SOFTMAX", [logits], tensor("mask/shares", net.shape(logits)), {"beta": 1.0})
    axis = net.integers("mask/axis", [3], [])
    chosen = tensor("mask/chosen", net.shape(logits)[:3], "INT32")
    best = net.apply("ARG_MAX", [shares, axis], chosen, {"output_type": "INT32"})
    small_numbers = tensor("mask", net.shape(best), "UINT8")
    types = {"in_data_type": "INT32", "out_data_type": "UINT8"}
    return net.apply("CAST", [best], small_numbers, types)


def sample() -> bytes:
    net = Network(seed=2024)
    image = net.add(tensor("image", [1, 96, 96, 3]))
    eighth, sixteenth = backbone(net, image)
    features = neck(net, eighth, sixteenth)
    outputs = [*detections(net, [features, sixteenth]), mask(net, features)]
    places = {name: place for place, name in enumerate(net.tensors)}
    signature = {
        "inputs": [{"name": image, "tensor_index": places[image]}],
        "outputs": [{"name": name, "tensor_index": places[name]} for name in outputs],
        "signature_key": "serving_default",
    }
    return model(
        list(net.tensors.values()),
        net.operators,
        inputs=[image],
        outputs=outputs,
        description="Delegate Analyzer's sample: a detector with a mask head",
        signature_defs=[signature],
    )


if __name__ == "__main__":
    Path(sys.argv[1] if sys.argv[1:] else SAMPLE).write_bytes(sample())
